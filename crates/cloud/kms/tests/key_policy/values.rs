//! Values of PCRs that say nothing of the image, alone and next to others.

use teeproof_nitro::nitrotpm::{PCR_SEPARATOR_ONLY, PCR7_WITHOUT_SECURE_BOOT};

use super::*;

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn zero() -> String {
    "0".repeat(96)
}

/// The findings of an Allow of kms:Decrypt under an operator, by keys and values.
fn equals(operator: &str, values: &[(&str, &str)]) -> Vec<(&'static str, Severity)> {
    alone(&allow(r#""kms:Decrypt""#, &condition(operator, values)))
}

fn condition(operator: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<_> = values.iter().map(|(key, value)| format!(r#""@:{key}":"{value}""#)).collect();
    format!(r#"{{"{operator}":{{{}}}}}"#, values.join(","))
}

/// The findings of an Allow without conditions and of Deny statements, each of one PCR.
fn denies(values: &[(&str, &str)]) -> Vec<(&'static str, Severity, String)> {
    let condition = |value: &(&str, &str)| condition("StringNotEqualsIgnoreCase", &[*value]);
    let denies: Vec<_> = values.iter().map(|value| deny(SECRETS, &condition(value))).collect();
    let open = allow(r#""kms:Decrypt""#, "{}");
    let all: Vec<_> = [&*open].into_iter().chain(denies.iter().map(String::as_str)).collect();
    found(&policy(&all))
}

/// The copies of the lint are the constants of the verifier.
#[test]
fn values_of_nitrotpm_pcrs_that_are_not_measured_are_named() {
    let (off, zero) = (hex(&PCR7_WITHOUT_SECURE_BOOT), zero());
    let high = [("unmeasured-pcr", Severity::High)];
    assert_eq!(equals("StringEquals", &[("NitroTPMPCR7", &off)]), high);
    assert_eq!(equals("StringEqualsIgnoreCase", &[("NitroTPMPCR7", &off.to_uppercase())]), high);
    assert_eq!(equals("StringLike", &[("NitroTPMPCR7", &format!("0x{off}"))]), high);
    assert_eq!(denies(&[("NitroTPMPCR7", &off)]), [("unmeasured-pcr", Severity::High, "#2".to_owned())]);
    // Upper case is no value of a document then.
    assert_eq!(
        equals("StringEquals", &[("NitroTPMPCR7", &off.to_uppercase())]),
        [("value-form", Severity::Low)]
    );
    let list = format!(r#"{{"StringEquals":{{"@:NitroTPMPCR7":["{A}","{off}"]}}}}"#);
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, &list)), high);
    let pattern = format!("{}*", &off[..8]);
    assert_eq!(equals("StringLike", &[("NitroTPMPCR7", &pattern)]), [("pattern-value", Severity::High)]);
    assert_eq!(equals("StringLike", &[("NitroTPMPCR7", "ab*")]), [("pattern-value", Severity::Medium)]);

    for value in [hex(&PCR_SEPARATOR_ONLY), "f".repeat(96)] {
        let both = [("NitroTPMPCR4", value.as_str()), ("NitroTPMPCR12", zero.as_str())];
        assert_eq!(equals("StringEquals", &both), [("unmeasured-pcr", Severity::Medium)]);
        let deny = denies(&[("NitroTPMPCR4", &value)]);
        assert_eq!(deny, [("unmeasured-pcr", Severity::Medium, "#2".to_owned())]);
        // PCRs of enclaves are not extended by firmware.
        assert_eq!(equals("StringEquals", &[("PCR0", &value)]), []);
    }
    // Of another PCR, it is a digest like others.
    assert_eq!(equals("StringEquals", &[("NitroTPMPCR4", &off), ("NitroTPMPCR12", zero.as_str())]), []);
}

/// PCR 4 fixes the boot chain, with secure boot or without.
#[test]
fn an_instance_without_secure_boot_can_be_pinned_by_its_boot_chain() {
    let (off, zero) = (hex(&PCR7_WITHOUT_SECURE_BOOT), zero());
    let all = [("NitroTPMPCR4", A), ("NitroTPMPCR7", off.as_str()), ("NitroTPMPCR12", zero.as_str())];
    assert_eq!(equals("StringEquals", &all), []);
    // It does not replace PCR 12, as keys of secure boot do.
    let line = [("no-boot-pcr", Severity::Low)];
    assert_eq!(equals("StringEquals", &[("NitroTPMPCR4", A), ("NitroTPMPCR7", &off)]), line);
    assert_eq!(equals("StringEquals", &[("NitroTPMPCR4", A), ("NitroTPMPCR7", A)]), []);
    assert_eq!(
        equals("StringEquals", &[("NitroTPMPCR0", A), ("NitroTPMPCR7", &off)]),
        [("unmeasured-pcr", Severity::High), ("no-boot-pcr", Severity::Medium)]
    );
    assert_eq!(denies(&[("NitroTPMPCR4", A), ("NitroTPMPCR7", &off)]), []);
    // In one Deny, either exempts.
    let either = deny(
        SECRETS,
        &condition("StringNotEqualsIgnoreCase", &[("NitroTPMPCR4", A), ("NitroTPMPCR7", &off)]),
    );
    let open = allow(r#""kms:Decrypt""#, "{}");
    assert_eq!(found(&policy(&[&open, &either])), [("unmeasured-pcr", Severity::High, "#2".to_owned())]);
}

/// PCR 0, 1 and 2 of a debug enclave are zero, so that one with another value keeps it out.
#[test]
fn zero_lets_in_debug_enclaves_only_without_an_image() {
    let (zero, high) = (zero(), ("zero-pcr", Severity::High));
    for image in ["ImageSha384", "PCR0"] {
        // An image without a signature.
        assert_eq!(equals("StringEquals", &[(image, A), ("PCR8", &zero)]), []);
    }
    let all_values =
        format!(r#"{{"StringEquals":{{"@:PCR0":"{A}"}},"ForAllValues:StringEquals":{{"@:PCR8":"{zero}"}}}}"#);
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, &all_values)), [("for-all-values", Severity::Low)]);
    // Nobody signed it.
    assert_eq!(equals("StringEquals", &[("PCR1", A), ("PCR8", &zero)]), [("no-image-pcr", Severity::Medium)]);
    assert_eq!(equals("StringEquals", &[("PCR8", &zero)]), [high]);
    assert_eq!(
        equals("StringEquals", &[("PCR3", A), ("PCR8", &zero)]),
        [high, ("no-image-pcr", Severity::High)]
    );
    let zeroes = [("PCR0", zero.as_str()), ("PCR8", zero.as_str())];
    assert_eq!(equals("StringEquals", &zeroes), [high, high]);
    let both = format!(r#"{{"StringEquals":{{"@:PCR0":["{A}","{zero}"],"@:PCR8":"{zero}"}}}}"#);
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, &both)), [high, high]);
    let any = format!(r#"{{"StringLike":{{"@:PCR0":"*","@:PCR8":"{zero}"}}}}"#);
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, &any)), [high, ("pattern-value", Severity::High)]);
    // No enclave has PCR 1 of an image, and PCR 0 of none.
    assert_eq!(equals("StringEquals", &[("PCR0", &zero), ("PCR1", A)]), [("value-form", Severity::Low)]);
    // A required certificate, and no image without one.
    let signed = format!(r#"{{"StringEquals":{{"@:PCR8":"{A}"}},"StringNotEquals":{{"@:PCR8":"{zero}"}}}}"#);
    assert_eq!(alone(&allow(r#""kms:Decrypt""#, &signed)), [("no-image-pcr", Severity::Medium)]);
    // Deny statements.
    assert_eq!(denies(&[("PCR0", A), ("PCR8", &zero)]), []);
    assert_eq!(denies(&[("PCR0", &zero)]), [("zero-pcr", Severity::High, "#2".to_owned())]);
    let two = deny(SECRETS, &condition("StringNotEqualsIgnoreCase", &[("PCR0", A), ("PCR8", &zero)]));
    let open = allow(r#""kms:Decrypt""#, "{}");
    let of_two = found(&policy(&[&open, &two]));
    assert!(of_two.contains(&("zero-pcr", Severity::High, "#2".to_owned())), "{of_two:?}");
    // An Allow by a Deny of its own principals.
    let debug = allow(r#""kms:Decrypt""#, &condition("StringEquals", &[("PCR8", &zero)]));
    let kernel = deny(SECRETS, &condition("StringNotEquals", &[("PCR1", A)]));
    let of_debug = found(&policy(&[&debug, &kernel]));
    assert!(of_debug.iter().all(|(rule, ..)| *rule != "zero-pcr"), "{of_debug:?}");
    let others = deny(r#""kms:GenerateDataKey""#, &condition("StringNotEquals", &[("PCR1", A)]));
    let of_debug = found(&policy(&[&debug, &others]));
    assert!(of_debug.contains(&("zero-pcr", Severity::High, "#1".to_owned())), "{of_debug:?}");
}

/// The gravest value of a list is named, wherever it is.
#[test]
fn of_a_list_the_gravest_value_is_named() {
    let like = |values: &str| {
        alone(&allow(r#""kms:Decrypt""#, &format!(r#"{{"StringLike":{{"@:PCR0":{values}}}}}"#)))
    };
    for values in [r#"["ab*","*"]"#, r#"["*","ab*"]"#, r#"["ab*","*","cd*"]"#] {
        assert_eq!(like(values), [("pattern-value", Severity::High)], "{values}");
    }
    assert_eq!(like(r#"["ab*","cd*"]"#), [("pattern-value", Severity::Medium)]);
    // A pattern that zero matches.
    assert_eq!(like(r#"["ab*","0*"]"#), [("pattern-value", Severity::High)]);
    assert_eq!(like(r#""0x*""#), [("pattern-value", Severity::High)]);
}

/// A condition on another PCR than that of the image, which any value satisfies, is one without effect.
#[test]
fn values_next_to_a_fixed_image_are_at_most_medium() {
    let next_to_image = |value: &str| {
        let condition =
            format!(r#"{{"StringEquals":{{"@:PCR0":"$A"}},"StringLike":{{"@:PCR3":"{value}"}}}}"#);
        alone(&allow(r#""kms:Decrypt""#, &condition))
    };
    assert_eq!(next_to_image("*"), [("pattern-value", Severity::Medium)]);
    assert_eq!(next_to_image("${aws:PrincipalTag/role}"), [("variable-value", Severity::Medium)]);
    assert_eq!(
        equals("StringLike", &[("PCR3", "*")]),
        [("no-image-pcr", Severity::High), ("pattern-value", Severity::High)]
    );
}
