//! Values of PCRs in conditions, and what they let in.

use super::condition::{Comparison, Key, Test};
use super::rule::{self, KeyPolicyRule, Severity};

/// What is wrong with a value that is let in.
pub(super) fn of_value(test: &Test, value: &str) -> Option<(&'static KeyPolicyRule, Severity, String)> {
    let Comparison::Text { is_exact, is_pattern, .. } = test.operator.comparison else { return None };
    let key = &test.key_name;
    if value.contains("${") {
        let text =
            format!("lets in any image that the variable names: it has the value of {key} from the request");
        return Some((rule::VARIABLE_VALUE, Severity::High, text));
    }
    // The KMS guide has examples with 0x before the digits.
    let digits = value.strip_prefix("0x").unwrap_or(value);
    if is_pattern && value.contains(['*', '?']) {
        let is_any = value.contains('*') && value.bytes().all(|byte| matches!(byte, b'*' | b'?'))
            || value == "?".repeat(96);
        let severity = if is_any { Severity::High } else { Severity::Medium };
        let who = if is_any { "any value" } else { "every value that matches the pattern" };
        return Some((rule::PATTERN_VALUE, severity, format!("lets in {who} of {key}")));
    }
    if !digits.is_empty() && digits.bytes().all(|byte| byte == b'0') {
        return match test.key {
            Key::Enclave(0..=2 | 8) => {
                let text = format!("lets in debug enclaves, whose {key} is zero");
                Some((rule::ZERO_PCR, Severity::High, text))
            }
            Key::Enclave(3) => {
                let text =
                    "lets in enclaves of every instance without a role, in debug mode or not".to_owned();
                Some((rule::ZERO_PCR, Severity::Medium, text))
            }
            Key::Enclave(4) => {
                let text = format!("lets in nobody by a value of {key}: every instance has an id");
                Some((rule::VALUE_FORM, Severity::Low, text))
            }
            // Zero on a static command line, as AWS advises.
            Key::NitroTpm(12) => None,
            _ => {
                let text = format!("lets in whatever never extends the PCR of {key}");
                Some((rule::ZERO_PCR, Severity::Medium, text))
            }
        };
    }
    let is_hash = digits.len() == 96 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_heeded = is_exact && digits.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_hash && !is_heeded {
        return None;
    }
    let why =
        if is_hash { "documents are compared in lower case" } else { "a PCR has 96 hexadecimal digits" };
    Some((rule::VALUE_FORM, Severity::Low, format!("lets in nobody by a value of {key}: {why}")))
}
