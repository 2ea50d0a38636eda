//! `kms lint-policy`: findings for people and for programs, and exit codes.

use crate::support::*;

const IMAGE: &str = r#"{"Sid":"Enclave","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/enclave"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:ImageSha384":"$"}}}"#;
const ROOT: &str = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;

fn policy(statements: &[&str]) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","))
        .replace('$', &"ab".repeat(48))
}

#[test]
fn a_policy_that_pins_the_image_is_accepted() {
    let path = file("kms-good", "policy.json", policy(&[IMAGE]));
    let ran = teeproof(["kms", "lint-policy"]).args([&path]).exits(0);
    assert!(ran.stdout.contains("no findings in 1 statement"), "{ran:#?}");
    assert!(ran.stdout.contains("grants and IAM policies are not seen"), "{ran:#?}");
    let json = teeproof(["kms", "lint-policy", "--strict", "--format", "json"]).args([&path]).exits(0).json();
    assert_eq!((&json["statements"], &json["exit_code"]), (&1.into(), &0.into()));
    assert!(json["findings"].as_array().unwrap().is_empty());
    let piped = teeproof(["kms", "lint-policy", "-"]).stdin(policy(&[IMAGE]).as_bytes()).exits(0);
    assert!(piped.stdout.starts_with("standard input: no findings"), "{piped:#?}");
}

#[test]
fn findings_name_their_statement() {
    let path = file("kms-root", "policy.json", policy(&[IMAGE, ROOT]));
    let ran = teeproof(["kms", "lint-policy"]).args([&path]).exits(6);
    assert!(ran.stdout.contains("1 high, 0 medium, 0 low in 2 statements"), "{ran:#?}");
    assert!(ran.stdout.contains("high    #2: root-without-deny\n  lets in everyone whom"), "{ran:#?}");
    let quiet = teeproof(["kms", "lint-policy", "-q"]).args([&path]).exits(6);
    assert_eq!(quiet.stdout.lines().count(), 1);
    let verbose = teeproof(["kms", "lint-policy", "-v"]).args([&path]).exits(6);
    assert!(verbose.stdout.contains("the rule finds: An Allow"), "{verbose:#?}");
    let json = teeproof(["kms", "lint-policy", "--format", "json"]).args([&path]).exits(6).json();
    let finding = &json["findings"][0];
    assert_eq!(
        (&finding["rule"], &finding["severity"], &finding["statement"], &finding["sid"]),
        (&"root-without-deny".into(), &"high".into(), &2.into(), &serde_json::Value::Null)
    );
}

#[test]
fn what_lets_in_nobody_by_mistake_is_only_strictly_a_failure() {
    let short = IMAGE.replace('$', "abcd");
    let path = file("kms-low", "policy.json", policy(&[&short]));
    let ran = teeproof(["kms", "lint-policy"]).args([&path]).exits(0);
    assert!(
        ran.stdout.contains("1 low in 1 statement") && ran.stdout.contains("Enclave: value-form"),
        "{ran:#?}"
    );
    teeproof(["kms", "lint-policy", "--strict"]).args([&path]).exits(6);
}

#[test]
fn what_is_no_policy_is_malformed() {
    let twice = policy(&[ROOT]).replace(r#""Effect""#, r#""Effect":"Deny","Effect""#);
    for (name, text, said) in [
        ("twice", twice.as_str(), "\"Effect\" twice"),
        ("text", "key policy", "line 1, column 1"),
        ("deep", &"[".repeat(5_000), "at most 16 levels"),
        ("array", "[]", "expected an object, got an array"),
        ("empty", "", "the file is empty"),
        ("marked", "\u{feff}{}", "byte order mark (BOM)"),
        ("wide", "{\0}\0", "UTF-16"),
        // The limit of docs/kms.md, whatever the size.
        ("large", &" ".repeat((256 << 10) + 1), "expected at most 256 KiB"),
        ("huge", &" ".repeat((9 << 20) + 1), "expected at most 256 KiB"),
    ] {
        let path = file("kms-bad", name, text);
        let ran = teeproof(["kms", "lint-policy"]).args([&path]).exits(3);
        assert!(ran.stderr.contains(said) && ran.stderr.contains("hint: "), "{name}: {ran:#?}");
    }
    let long = " ".repeat((256 << 10) + 1);
    let piped = teeproof(["kms", "lint-policy", "-"]).stdin(long.as_bytes()).exits(3);
    assert!(piped.stderr.contains("expected at most 256 KiB"), "{piped:#?}");
    let full = policy(&[IMAGE]) + &" ".repeat(200 << 10);
    let path = file("kms-bad", "full", &full);
    teeproof(["kms", "lint-policy"]).args([&path]).exits(0);
    teeproof(["kms", "lint-policy", "no-such-file"]).exits(2);
    teeproof(["kms", "lint-policy"]).exits(2);
    // A Sid is foreign text.
    let sid = IMAGE.replace("Enclave", r"\u001b[31m").replace('$', "abcd");
    let path = file("kms-escape", "policy.json", policy(&[&sid]));
    let ran = teeproof(["kms", "lint-policy"]).args([&path]).exits(0);
    assert!(ran.stdout.contains(r"\u{1b}[31m: value-form"), "{ran:#?}");
}

/// A build without the operations says how to get them, and shows no example of them.
#[cfg(not(feature = "aws"))]
#[test]
fn operations_that_this_build_lacks() {
    for verb in ["decrypt", "generate-data-key", "generate-random"] {
        let says = format!("kms {verb}: this build lacks the feature aws");
        let ran = teeproof(["kms", verb, "wrapped", "--key", "x"]);
        ran.fails(2, &[&says, "cargo build --release -p teeproof-cli --features aws"]);
    }
    assert!(teeproof(["kms", "encrypt"]).exits(2).stderr.contains("unrecognized subcommand"));
    let help = teeproof(["kms", "--help"]).exits(0).stdout;
    assert!(!help.contains("kms decrypt") && help.contains("--features aws"), "{help}");
}
