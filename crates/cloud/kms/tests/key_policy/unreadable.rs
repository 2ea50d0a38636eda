//! Files that are no text, or no whole one: what their errors say.

use super::*;

fn said(file: &[u8]) -> (String, &'static str) {
    let error = lint_key_policy(file).unwrap_err();
    (error.to_string(), error.hint())
}

#[test]
fn an_empty_file_is_said_to_be_empty() {
    for file in [&b""[..], b"\n", b" \r\n\t"] {
        assert_eq!(lint_key_policy(file), Err(KeyPolicyError::Empty));
        let (text, hint) = said(file);
        assert_eq!(text, "key policy: the file is empty");
        assert!(hint.contains("aws kms get-key-policy"), "{hint}");
    }
    let (text, _) = said(br#"{"Policy":" "}"#);
    assert_eq!(text, "key policy: Policy: expected a key policy, got an empty string");
}

/// What editors and shells write in front of a text, and instead of UTF-8.
#[test]
fn byte_order_marks_and_utf_16_are_named() {
    let whole = policy(&[ROOT]);
    let marked = format!("\u{feff}{whole}");
    let (text, hint) = said(marked.as_bytes());
    assert!(text.contains("byte order mark (BOM)") && hint.contains("-Encoding ascii"), "{text} {hint}");
    let wrapped = serde_json::json!({ "Policy": marked }).to_string();
    assert!(said(wrapped.as_bytes()).0.contains("Policy: expected JSON, got a byte order mark"));
    let units =
        |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
    for file in [
        units(&marked, u16::to_le_bytes),
        units(&marked, u16::to_be_bytes),
        units(&whole, u16::to_le_bytes),
        units(&whole, u16::to_be_bytes),
    ] {
        assert_eq!(lint_key_policy(&file), Err(KeyPolicyError::Utf16));
        let (text, hint) = said(&file);
        assert!(text.contains("UTF-16, expected UTF-8") && hint.contains("PowerShell"), "{text} {hint}");
    }
    // A single byte, and other encodings.
    assert_eq!(lint_key_policy(&[0xff]), Err(KeyPolicyError::NotText));
    assert_eq!(lint_key_policy(b"{\"Id\":\"\xe9\"}"), Err(KeyPolicyError::NotText));
    assert!(matches!(lint_key_policy(&[0]), Err(KeyPolicyError::Json { .. })));
}

#[test]
fn a_text_that_ends_early_says_so() {
    for (text, within) in [
        (r#"{"Version":"#, "a value"),
        ("{\n", "an object"),
        (r#"{"Statement":["#, "a list"),
        (r#"{"Version":"2012-10"#, "a string"),
    ] {
        let error = lint_key_policy(text.as_bytes()).unwrap_err();
        let KeyPolicyError::Json { line, column, what } = &error else { panic!("{error:?}") };
        assert_eq!(what, &format!("the text ends within {within}"), "{text}");
        assert!(*line > 0 && *column > 0, "{error}");
    }
}

/// Limits are said as docs/kms.md says them.
#[test]
fn a_policy_that_is_too_large_names_the_limit_of_the_page() {
    let page = include_str!("../../../../../docs/kms.md");
    assert!(page.contains("a policy of 32 KiB, as KMS has it; a file of 256 KiB"));
    assert_eq!((MAX_KEY_POLICY, MAX_KEY_POLICY_FILE), (32 << 10, 256 << 10));
    let (text, _) = said(&vec![b' '; MAX_KEY_POLICY_FILE + 1]);
    assert_eq!(text, "key policy: expected at most 256 KiB, got 262145 bytes");
    let long = ROOT.replace("Root", &"x".repeat(MAX_KEY_POLICY));
    let (text, _) = said(policy(&[&long]).as_bytes());
    assert!(text.starts_with("key policy: expected at most 32 KiB, got "), "{text}");
}
