//! Exit codes: meaning, advice, and order of gravity.

use serde::Serialize;
use teeproof::AttestationResult;
use teeproof_core::{Check, Class};

/// An exit code.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Exit {
    /// The code.
    pub(crate) code: u8,
    /// What it means.
    pub(crate) meaning: &'static str,
    /// What to do.
    pub(crate) advice: &'static str,
}

/// The exit codes, the gravest first. A run over many files ends with the gravest of theirs, whatever the
/// order of the files.
///
/// First a failure of the program, which says nothing about the evidence; then forged evidence, evidence for
/// another nonce, malformed input, mistakes of usage, refusals by the policy, and missing endorsements.
pub(crate) const GRAVITY: [u8; 12] = [1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0];

/// The order in words, for help and `explain`.
pub(crate) const GRAVITY_TEXT: &str = "1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0";

/// The graver of two exit codes. An unknown one is as grave as an internal error.
pub(crate) fn gravest(left: u8, right: u8) -> u8 {
    let rank = |exit: u8| GRAVITY.iter().position(|one| *one == exit);
    if rank(right) < rank(left) { right } else { left }
}

/// The exit code of a class of failure. An unknown class is an internal error.
pub(crate) const fn of_class(class: Class) -> u8 {
    match class {
        Class::Malformed | Class::Unsupported => 3,
        Class::NotAuthentic => 4,
        Class::NotBound => 5,
        Class::Refused => 6,
        Class::Incomplete => 7,
        Class::Unappraised => 10,
        Class::NotShownFresh => 11,
        _ => 1,
    }
}

/// The exit code of a result.
pub(crate) fn of_result(result: &AttestationResult<'_>) -> u8 {
    result.class().map_or(0, of_class)
}

/// The exit codes of a failure of this check; empty if it only warns.
pub(crate) fn of_check(check: &Check) -> Vec<u8> {
    let mut codes: Vec<_> = check.classes.iter().map(|class| of_class(*class)).collect();
    codes.dedup();
    codes
}

const fn exit(code: u8, meaning: &'static str, advice: &'static str) -> Exit {
    Exit { code, meaning, advice }
}

/// Every exit code.
pub(crate) const EXITS: &[Exit] = &[
    exit(
        0,
        "accepted: authentic, and every rule of the policy holds",
        "Rely on the evidence for the rules of the policy and no more: read its waivers.",
    ),
    exit(
        1,
        "internal error: the program or its output failed",
        "Try again, and report a bug if it fails again. Nothing is known about the evidence.",
    ),
    exit(
        2,
        "usage: the command line or the set of files is wrong",
        "Change what the error names. Nothing was verified.",
    ),
    exit(
        3,
        "malformed or unsupported input",
        "Check that the file is complete and of the expected kind: teeproof inspect shows its fields.",
    ),
    exit(
        4,
        "not authentic: a signature or a certificate chain is invalid",
        "Do not rely on the evidence. It was altered, or the certificate is not that of the signer, or the root is not pinned.",
    ),
    exit(
        5,
        "not fresh or not bound: authentic, but not for this nonce, or of parts that do not belong together",
        "Request new evidence with a new nonce, and check the clock. If parts do not belong together, find out who combined them.",
    ),
    exit(
        6,
        "refused by the policy: authentic, but a rule of the policy does not hold",
        "Compare what the failed checks expected and found. Change the machine, or the policy if it is out of date.",
    ),
    exit(
        7,
        "an endorsement is missing, stale or revoked",
        "Fetch the certificate, revocation list or collateral that the failed check names: teeproof fetch FILE, or --fetch. Verify an archived Nitro document with --at document.",
    ),
    exit(
        8,
        "a network or cloud service failed",
        "The error names the URL: check the network and the overrides of services (--kds-url, --pcs-url), and try again; or give the endorsement as a file with --endorsements. teeproof collect reports what it cannot fetch, leaves it out and does not fail.",
    ),
    exit(
        9,
        "a device is missing, may not be used, or refused a command",
        "Run teeproof doctor; the error names the device and the reason.",
    ),
    exit(
        10,
        "genuine, but not appraised: no policy was given",
        "Give a policy with --policy. The claims are printed, and none was compared with a rule.",
    ),
    exit(
        11,
        "genuine at the given time, but not shown to be fresh, which the policy requires",
        "Verify it with --at now, or request new evidence.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_exit_codes_has_its_gravest_in_both_orders() {
        let order = [1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0];
        for (at, graver) in order.into_iter().enumerate() {
            for (below, other) in order.into_iter().enumerate() {
                let expected = if at < below { graver } else { other };
                assert_eq!(gravest(graver, other), expected, "{graver} and {other}");
                assert_eq!(gravest(other, graver), expected, "{other} and {graver}");
            }
        }
    }

    #[test]
    fn the_order_has_every_exit_code_once_and_is_written_down() {
        let mut sorted = GRAVITY;
        sorted.sort_unstable();
        let codes: Vec<_> = EXITS.iter().map(|exit| exit.code).collect();
        assert_eq!(sorted.as_slice(), codes);
        let text: Vec<_> = GRAVITY.iter().map(u8::to_string).collect();
        assert_eq!(text.join(", "), GRAVITY_TEXT);
    }

    /// docs/checks.md names classes, and says once which exit code each has.
    #[test]
    fn every_class_has_an_exit_code_of_its_own_page() {
        let codes: Vec<_> =
            Class::ALL.iter().map(|class| format!("{} {}", class.as_str(), of_class(*class))).collect();
        assert!(Class::ALL.iter().all(|class| of_class(*class) > 1), "{codes:?}");
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/checks.md");
        let page = std::fs::read_to_string(path).unwrap_or_default();
        for code in codes {
            assert!(page.contains(&code), "docs/checks.md does not say: {code}");
        }
    }
}
