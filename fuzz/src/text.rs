//! Text written by people: files of any kind, bytes as text, and policies.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::json;
use teeproof::{Evidence, Policy, inspect};
use teeproof_core::{Hex, Technology};
use teeproof_evidence::{self, InputClass, InputKind, Inputs, Part, Sniffed};
use teeproof_evidence::{self as input, bytes};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::bounds;
use crate::bundle;
use crate::collateral;
use crate::cost::bounded;
use crate::parts::{self, split};
use crate::quiet::{CountingVisitor, is_plain, says_something};

/// `sniff`, and `inspect` of what it found; also under some of the kinds that a person could say it is,
/// of which the input chooses.
pub fn sniff(input: &[u8]) -> bool {
    let choice = input.iter().fold(input.len(), |sum, byte| sum.wrapping_add(usize::from(*byte)));
    for kind in InputKind::NAMED.iter().skip(choice % 5).step_by(5) {
        sniff_as(input, Some(*kind));
    }
    sniff_as(input, None)
}

/// The same under one kind; taken is what has no flaw.
pub fn sniff_as(input: &[u8], kind: Option<InputKind>) -> bool {
    let sniffed = match bounded(&bounds::SNIFF, input.len(), || input::sniff(input, kind)) {
        Ok(sniffed) => sniffed,
        Err(error) => {
            assert!(says_something(&error) && !error.hint().is_empty());
            assert_ne!(error.class(), InputClass::WrongFiles, "{error}");
            return false;
        }
    };
    assert!(!sniffed.parts.is_empty() && says_something(&sniffed));
    assert!(kind.is_none_or(|kind| sniffed.kind == kind));
    // No encoding makes bytes out of nothing.
    let bytes = sniffed.parts.iter().map(|part| part.bytes().len()).sum::<usize>();
    assert!(bytes <= input.len());
    stable(&sniffed);
    let mut visitor = CountingVisitor::default();
    match bounded(&bounds::INSPECT, bytes, || inspect(&sniffed, &mut visitor)) {
        Ok(inspected) => {
            visitor.finish();
            inspected.flaw.is_none()
        }
        Err(error) => {
            assert!(says_something(&error));
            false
        }
    }
}

/// A part that was decoded is in the form that is kept of its kind: it is itself when it is read
/// again.
fn stable(sniffed: &Sniffed) {
    for part in &sniffed.parts {
        assert_eq!(Part::new(part.kind(), part.bytes()), part.error().map_or_else(|| Ok(part.clone()), Err));
    }
}

/// A certificate or list that was parsed once has the fields of one that is parsed again.
fn views(inputs: &Inputs) {
    for view in inputs.certificates() {
        let parsed = Certificate::parse(view.der());
        assert!(parsed.is_ok_and(|parsed| format!("{parsed:?}") == format!("{view:?}")));
    }
    let lists = inputs.parts().iter().filter(|part| part.kind() == InputKind::RevocationList);
    for (view, list) in inputs.revocation_lists().iter().zip(lists) {
        let parsed = RevocationList::parse(list.bytes());
        assert!(parsed.is_ok_and(|parsed| format!("{parsed:?}") == format!("{view:?}")));
    }
}

/// `Inputs`: one file and what it is evidence of; as a bundle it says the same.
pub fn inputs(input: &[u8]) -> bool {
    let mut inputs = Inputs::new();
    let Ok(summary) = bounded(&bounds::INPUTS, input.len(), || inputs.add(input, None)) else {
        return false;
    };
    assert_eq!(inputs.parts().iter().map(Part::kind).collect::<Vec<_>>(), summary.parts);
    views(&inputs);
    collateral::responses(&inputs);
    let evidence = bounded(&bounds::EVIDENCE, input.len(), || Evidence::from_inputs(&inputs));
    if let Err(error) = &evidence {
        assert_ne!(error.class(), InputClass::Malformed, "{error}");
        assert!(!error.hint().is_empty());
    }
    // The parts one by one, each under its own name, are the same evidence.
    let mut again = Inputs::new();
    for part in inputs.parts() {
        assert_eq!(again.add_part(part.clone()), Ok(()));
    }
    assert_eq!(again.parts(), inputs.parts());
    if inputs.redactions().is_empty() && !inputs.nonce_in_user_data() {
        assert_eq!(Evidence::from_inputs(&again), evidence);
    }
    bundle::made(&inputs);
    evidence.is_ok()
}

/// Evidence as JSON whose members are the bytes of the input: what stands in it is read back, byte
/// for byte, or refused for what it says, never for how it is written.
pub fn evidence_json(input: &[u8]) -> bool {
    let (mut report, mut vcek, mut message, mut signature) = (&[][..], &[][..], &[][..], &[][..]);
    for part in split(input) {
        match part {
            parts::Part::Evidence(bytes) => report = bytes,
            parts::Part::Certificate(bytes) => vcek = bytes,
            parts::Part::Message(bytes) => message = bytes,
            parts::Part::Signature(bytes) => signature = bytes,
            _ => {}
        }
    }
    let text = json!({
        "version": 1,
        "tpm_quote": {
            "signature": Hex(signature).to_string(),
            "message": Hex(message).to_string(),
            "pcrs": vec![Hex(&[7; 32]).to_string(); 24],
        },
        "hcl_report": Base64UrlUnpadded::encode_string(report),
        "vcek": Base64UrlUnpadded::encode_string(vcek),
    })
    .to_string();
    match bounded(&bounds::SNIFF, text.len(), || input::sniff(text.as_bytes(), Some(InputKind::EvidenceJson)))
    {
        Ok(sniffed) => {
            let of = |kind| sniffed.parts.iter().find(|part| part.kind() == kind).map(|part| part.bytes());
            assert_eq!(
                (of(InputKind::HclReport), of(InputKind::TpmSignature)),
                (Some(report), Some(signature))
            );
            assert!(of(InputKind::Certificate).is_some_and(|der| vcek.starts_with(der)));
            assert!(of(InputKind::TpmQuote).is_some_and(|quote| message.ends_with(quote)));
            inputs(text.as_bytes())
        }
        Err(error) => {
            assert!(says_something(&error));
            false
        }
    }
}

/// `hex` and `base64`: what is read is as long as it can be, and reads the same again.
pub fn text_bytes(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let (hex, base64) = bounded(&bounds::BYTES, input.len(), || (bytes::hex(text), bytes::base64(text)));
    if let Some(hex) = &hex {
        assert!(Hex(hex).to_string().eq_ignore_ascii_case(text));
    }
    if let Some(base64) = &base64 {
        let again = Base64UrlUnpadded::encode_string(base64);
        let plain = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        assert_eq!(again, plain);
    }
    hex.is_some() || base64.is_some()
}

/// `Policy::from_toml`.
pub fn policy(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let error = match bounded(&bounds::POLICY, text.len(), || Policy::from_toml("fuzz", &text)) {
        Ok(policy) => {
            assert!(Technology::ALL.iter().any(|technology| policy.accepts_technology(*technology)));
            return true;
        }
        Err(error) => error,
    };
    assert!(!error.problems.is_empty());
    let lines = text.split('\n').count();
    for problem in &error.problems {
        let line = usize::try_from(problem.line).unwrap_or(usize::MAX);
        assert!((1..=lines).contains(&line) && problem.column > 0, "{problem}");
        assert!(!problem.message.is_empty());
        assert!(is_plain(problem), "{problem:?}");
    }
    false
}
