//! PCRs that a statement requires, and tests that hold without theirs.

use super::*;

fn of(condition: &str) -> Vec<(&'static str, Severity)> {
    alone(&allow(r#""kms:Decrypt""#, condition))
}

/// Null with false on the same key requires it, and so does any positive operator.
#[test]
fn a_test_that_holds_without_its_key_pins_a_required_one() {
    for condition in [
        r#"{"ForAllValues:StringEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#,
        r#"{"StringEqualsIfExists":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#,
        r#"{"StringEqualsIfExists":{"@:ImageSha384":"$A"},"Null":{"@:PCR0":"false"}}"#,
        r#"{"StringEqualsIfExists":{"@:PCR0":"$A"},"StringLike":{"@:PCR0":"aa*"}}"#,
    ] {
        let found = of(condition);
        assert!(found.iter().all(|(rule, _)| *rule == "pattern-value"), "{condition}: {found:?}");
    }
    let without = [("any-document", Severity::High)];
    assert_eq!(of(r#"{"StringEqualsIfExists":{"@:PCR0":"$A"},"Null":{"@:PCR8":"false"}}"#), without);
    assert_eq!(of(r#"{"StringNotEquals":{"@:PCR0":"$A"},"Null":{"@:PCR0":"false"}}"#), without);
    assert_eq!(
        of(
            r#"{"StringEqualsIfExists":{"@:PCR0":"$A"},"Null":{"@:PCR0":["false","true"]},"StringEquals":{"@:PCR3":"$A"}}"#
        ),
        [("no-image-pcr", Severity::High)]
    );
    // The values are those of a pin.
    let zero = r#"{"StringEqualsIfExists":{"@:PCR0":"$0"},"Null":{"@:PCR0":"false"}}"#;
    assert_eq!(of(&zero.replace("$0", &"0".repeat(96))), [("zero-pcr", Severity::High)]);
}

/// Documents of enclaves and of NitroTPM: a statement that requires both lets in nobody, and tests of the other kind that
/// hold without their key have no effect.
#[test]
fn both_kinds_of_documents_in_one_statement() {
    let mixed = ("mixed-documents", Severity::Medium);
    assert_eq!(of(r#"{"StringEquals":{"@:PCR3":"$A","@:NitroTPMPCR0":"$A"}}"#), [mixed]);
    assert_eq!(of(r#"{"StringEquals":{"@:PCR3":"$A"},"Null":{"@:NitroTPMPCR0":"false"}}"#), [mixed]);
    for other in [
        r#""StringNotEquals":{"@:NitroTPMPCR4":"$A"}"#,
        r#""StringEqualsIfExists":{"@:NitroTPMPCR4":"$A"}"#,
        r#""ForAllValues:StringEquals":{"@:NitroTPMPCR4":"$A"}"#,
        r#""Null":{"@:NitroTPMPCR4":"true"}"#,
        r#""NumericEqualsIfExists":{"@:NitroTPMPCR4":1}"#,
    ] {
        let with = |condition: &str| {
            let found = of(&format!("{{{condition},{other}}}"));
            found.into_iter().filter(|(rule, _)| *rule != "value-form").collect::<Vec<_>>()
        };
        assert_eq!(
            with(r#""StringEqualsIgnoreCase":{"@:PCR3":"$A"}"#),
            [("no-image-pcr", Severity::High), mixed],
            "{other}"
        );
        assert_eq!(with(r#""StringEqualsIgnoreCase":{"@:PCR0":"$A"}"#), [mixed], "{other}");
    }
    let any =
        of(r#"{"StringLikeIfExists":{"@:NitroTPMPCR4":"$A"},"ForAnyValue:StringNotEquals":{"@:PCR0":"$A"}}"#);
    assert_eq!(any, [("any-document", Severity::High), mixed]);
    let instance = r#"{"StringEquals":{"@:NitroTPMPCR0":"$A"},"StringNotEquals":{"@:PCR0":"$A"}}"#;
    assert_eq!(of(instance), [("no-boot-pcr", Severity::Medium), mixed]);
    // Without a requirement, it is no document at all.
    let neither = r#"{"StringNotEquals":{"@:PCR3":"$A"},"StringEqualsIfExists":{"@:NitroTPMPCR4":"$A"}}"#;
    assert_eq!(of(neither), [("absent-document", Severity::High), ("absent-document", Severity::High)]);
}

/// An operator that compares no text is never true of a PCR that it requires, and always holds without one.
#[test]
fn operators_that_compare_no_text() {
    let form = ("value-form", Severity::Low);
    assert_eq!(of(r#"{"NumericEquals":{"@:PCR0":7}}"#), [form]);
    assert_eq!(of(r#"{"NumericEqualsIfExists":{"@:PCR0":7},"Null":{"@:PCR0":"false"}}"#), [form]);
    assert_eq!(of(r#"{"NumericEquals":{"@:PCR0":7},"StringEquals":{"@:PCR3":"$A"}}"#), [form]);
    assert_eq!(
        of(r#"{"NumericEqualsIfExists":{"@:PCR0":7},"Null":{"@:PCR3":"false"}}"#),
        [("any-document", Severity::High), form]
    );
}
