//! Values of PCRs in conditions, and what they let in.

use super::action::matches_pattern;
use super::condition::{Comparison, Key, Test};
use super::pcr_set::PcrSet;
use super::rule::{self, KeyPolicyRule, Severity};

/// The digits of a SHA-384 PCR.
const DIGITS: usize = 96;
/// PCR 0, 1, 2 and 8 of enclaves in debug mode.
const ZERO: &str =
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
/// PCR 7 of every instance without secure boot, as in `teeproof_nitro::nitrotpm`, which has the source. The tests compare
/// both.
const PCR7_WITHOUT_SECURE_BOOT: &str =
    "98441c7f7625d10058c47683aec486ce311c633235eb555593a7ee791121e3578ae72d04ecef661f272d59058b77af35";
/// A PCR that firmware extended with the separator event alone, as in `teeproof_nitro::nitrotpm`.
const PCR_SEPARATOR_ONLY: &str =
    "518923b0f955d08da077c96aaba522b9decede61c599cea6c41889cfbea4ae4d50529d96fe4d1afdafb65e7f95bf23c4";

/// The kinds of values that a text operator compares with a PCR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// With a policy variable.
    Variable,
    /// With `*` or `?` under StringLike or StringNotLike.
    Pattern,
    /// Zero, in any number of digits.
    Zero,
    /// PCR 7 of a NitroTPM without secure boot.
    WithoutSecureBoot,
    /// Of a NitroTPM: all ones, or the separator event alone.
    Unmeasured,
    /// Any other digest.
    Digest,
    /// A digest in upper case, under an operator that compares the case.
    UpperCase,
    /// Not a digest.
    OtherForm,
}

impl ValueKind {
    /// None for operators that compare no text.
    pub(super) fn of(comparison: Comparison, key: &Key, value: &str) -> Option<Self> {
        let Comparison::Text { is_exact, is_pattern, .. } = comparison else { return None };
        let digits = digits(value);
        let is = |digest: &str| digits.eq_ignore_ascii_case(digest);
        let all = |digit: u8| digits.bytes().all(|byte| byte.eq_ignore_ascii_case(&digit));
        Some(match key {
            _ if value.contains("${") => Self::Variable,
            _ if is_pattern && value.contains(['*', '?']) => Self::Pattern,
            _ if !digits.is_empty() && all(b'0') => Self::Zero,
            _ if digits.len() != DIGITS || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Self::OtherForm
            }
            _ if is_exact && digits.bytes().any(|byte| byte.is_ascii_uppercase()) => Self::UpperCase,
            Key::NitroTpm(7) if is(PCR7_WITHOUT_SECURE_BOOT) => Self::WithoutSecureBoot,
            Key::NitroTpm(_) if is(PCR_SEPARATOR_ONLY) || all(b'f') => Self::Unmeasured,
            _ => Self::Digest,
        })
    }

    /// Whether every document with this value was measured alike; so is none, where no document has it.
    pub(super) const fn is_measured(self, key: &Key) -> bool {
        match self {
            Self::Digest | Self::UpperCase | Self::OtherForm => true,
            // Zero on a static command line.
            Self::Zero => matches!(key, Key::NitroTpm(12)),
            Self::Variable | Self::Pattern | Self::WithoutSecureBoot | Self::Unmeasured => false,
        }
    }

    /// Whether the value is that of every image without a signature, or of every instance without secure boot: such a
    /// condition names no certificate and no keys.
    pub(super) const fn names_no_signer(self, key: &Key) -> bool {
        matches!((self, key), (Self::Zero, Key::Enclave(8)) | (Self::WithoutSecureBoot, _))
    }
}

/// The KMS guide has examples with 0x before the digits.
fn digits(value: &str) -> &str {
    value.strip_prefix("0x").unwrap_or(value)
}

/// What is wrong with a value that is let in. `guard`: PCRs of which such documents must have measured values by other
/// conditions.
pub(super) fn of_value(
    test: &Test,
    value: &str,
    guard: PcrSet,
) -> Option<(&'static KeyPolicyRule, Severity, String)> {
    let key = &test.key_name;
    let no_document =
        |why: &str| (rule::VALUE_FORM, Severity::Low, format!("lets in nobody by a value of {key}: {why}"));
    // Where other conditions fix the image, a condition on another PCR has no effect.
    let high = if guard.fixes_an_image() { Severity::Medium } else { Severity::High };
    Some(match ValueKind::of(test.operator.comparison, &test.key, value)? {
        ValueKind::Variable => {
            let text = format!(
                "lets in any image that the variable names: it has the value of {key} from the request"
            );
            (rule::VARIABLE_VALUE, high, text)
        }
        ValueKind::Pattern => return Some(of_pattern(test, digits(value), guard, high)),
        ValueKind::Zero => return of_zero(test, guard),
        // The boot chain is fixed by PCR 4 then.
        ValueKind::WithoutSecureBoot if guard.has_nitro_tpms(4) => return None,
        ValueKind::WithoutSecureBoot => {
            let text = format!(
                "lets in every instance without secure boot, whatever it runs: all have this value of {key}"
            );
            (rule::UNMEASURED_PCR, Severity::High, text)
        }
        ValueKind::Unmeasured => {
            let text = format!("lets in whatever is not measured into the PCR of {key}");
            (rule::UNMEASURED_PCR, Severity::Medium, text)
        }
        ValueKind::Digest => return None,
        ValueKind::UpperCase => no_document("documents are compared in lower case"),
        ValueKind::OtherForm => no_document("a PCR has 96 hexadecimal digits"),
    })
}

fn of_pattern(
    test: &Test,
    pattern: &str,
    guard: PcrSet,
    high: Severity,
) -> (&'static KeyPolicyRule, Severity, String) {
    let key = &test.key_name;
    let is_any = pattern.bytes().all(|byte| matches!(byte, b'*' | b'?'))
        && (pattern.contains('*') || pattern.len() == DIGITS);
    let (severity, who) = match test.key {
        _ if is_any => (high, "any value"),
        Key::Enclave(0..=2 | 8) if !guard.keeps_out_debug() && matches_pattern(pattern, ZERO) => {
            (Severity::High, "every value that matches the pattern, that of debug enclaves included,")
        }
        Key::NitroTpm(7)
            if !guard.has_nitro_tpms(4) && matches_pattern(pattern, PCR7_WITHOUT_SECURE_BOOT) =>
        {
            (Severity::High, "every value that matches the pattern, that without secure boot included,")
        }
        _ => (Severity::Medium, "every value that matches the pattern"),
    };
    (rule::PATTERN_VALUE, severity, format!("lets in {who} of {key}"))
}

fn of_zero(test: &Test, guard: PcrSet) -> Option<(&'static KeyPolicyRule, Severity, String)> {
    let key = &test.key_name;
    Some(match test.key {
        // An image without a signature.
        Key::Enclave(8) if guard.keeps_out_debug() => return None,
        Key::Enclave(0..=2) if guard.keeps_out_debug() => {
            let text = format!(
                "lets in nobody by a value of {key}: it is zero in debug mode, where PCR 0, 1 and 2 all are"
            );
            (rule::VALUE_FORM, Severity::Low, text)
        }
        Key::Enclave(0..=2 | 8) => {
            let text = format!("lets in debug enclaves, whose {key} is zero");
            (rule::ZERO_PCR, Severity::High, text)
        }
        Key::Enclave(3) => {
            let text = "lets in enclaves of every instance without a role, in debug mode or not".to_owned();
            (rule::ZERO_PCR, Severity::Medium, text)
        }
        Key::Enclave(4) => {
            let text = format!("lets in nobody by a value of {key}: every instance has an id");
            (rule::VALUE_FORM, Severity::Low, text)
        }
        // Zero on a static command line, as AWS advises.
        Key::NitroTpm(12) => return None,
        _ => {
            let text = format!("lets in whatever never extends the PCR of {key}");
            (rule::ZERO_PCR, Severity::Medium, text)
        }
    })
}
