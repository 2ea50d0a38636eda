//! Real Nitro documents, and the same with a bit turned.

use crate::support::*;

const NO_NONCE: [&str; 1] = ["--no-nonce"];

#[test]
fn a_production_document_is_accepted_at_its_time() {
    let ran = verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT]).exits(0);
    assert_eq!(
        ran.first_line(),
        "ACCEPTED  nitro  policy builtin:genuine  exit 0  archived (at its own time, 2024-12-31T02:55:54Z)"
    );
    let ran = ran.shows(&["✔ nitro.signature", "builtin:genuine accepts any software"]);
    assert!(!ran.stdout.contains("NON-PRODUCTION"), "{ran:#?}");
    assert!(ran.stderr.contains("nitro-document (raw)"), "{ran:#?}");
}

#[test]
fn a_given_time_is_not_the_documents_own() {
    let at = ["--at", "2024-12-31T02:56:00Z"];
    let ran = verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &at]).exits(0);
    assert_eq!(ran.first_line(), "ACCEPTED  nitro  policy builtin:genuine  exit 0");
}

#[test]
fn a_debug_document_is_refused_by_policy() {
    verify(DEBUG, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT]).exits(6).shows(&[
        "REFUSED  nitro  policy builtin:genuine  exit 6",
        "✘ nitro.debug",
        "debug mode: expected no, found yes",
        "hint: Start the enclave without debug mode",
    ]);
}

#[test]
fn an_old_document_is_stale_now() {
    verify(PRODUCTION, &[&GENUINE, &NO_NONCE]).exits(7).shows(&[
        "✘ nitro.validity",
        "– nitro.nonce",
        "not checked: an earlier check failed",
    ]);
}

#[test]
fn without_a_policy_there_are_facts() {
    verify(PRODUCTION, &[&NO_NONCE, &AT_DOCUMENT]).exits(10).shows(&[
        "GENUINE, NOT APPRAISED  nitro  policy none  exit 10",
        "Claims:",
        "i-0fe9a96ed626c76df-enc01940b0d332c6b53",
        "No policy was given",
    ]);
}

#[test]
fn the_tampered_document_is_not_authentic() {
    verify(TAMPERED, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT]).exits(4).shows(&["✘ nitro.signature"]);
}

#[test]
fn one_turned_bit_is_not_authentic() {
    let document = bytes(PRODUCTION);
    // The first byte of PCR0, and the first of the user data.
    for (name, start) in [("pcr", &[0x6a, 0x6b, 0x27, 0xf0]), ("user-data", &[0x12, 0x20, 0x7e, 0x90])] {
        let mut turned = document.clone();
        turned[position(&document, start)] ^= 0x10;
        let path = file(&format!("turned-{name}"), "document.cose", turned);
        for crypto in ["aws-lc", "rustcrypto"] {
            teeproof(["verify", "--no-nonce", "--at", "document", "--crypto", crypto])
                .args(GENUINE)
                .args([&path])
                .exits(4)
                .shows(&["✘ nitro.signature"]);
        }
    }
}

/// A note on what was accepted is of no use where nothing was.
#[test]
fn a_refused_document_gets_no_note_on_the_policy() {
    let other = ["--nonce", "hex:0123456789abcdef"];
    let ran = verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &other]).exits(5);
    assert!(!ran.stdout.contains("accepts any software"), "{ran:#?}");
    let ran = verify(PRODUCTION, &[&["--each"], &GENUINE, &AT_DOCUMENT, &other]);
    assert!(!ran.exits(5).stdout.contains("accepts any software"));
}

#[test]
fn half_a_document_is_malformed() {
    let document = bytes(PRODUCTION);
    let path = file("half", "document.cose", &document[..document.len() / 2]);
    teeproof(["verify", "--no-nonce", "--at", "document"])
        .args([&path])
        .fails(3, &["Nitro document: cut off after 2277 bytes", "the file was cut"]);
}

#[test]
fn a_technology_that_is_not_accepted_is_refused() {
    verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT, &["--accept", "snp"]])
        .exits(6)
        .shows(&["✘ policy.technology"]);
    verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT, &["--accept", "nitro"]]).exits(0);
}

#[test]
fn a_clock_that_is_behind_is_forgiven_as_far_as_was_said() {
    let run = |at: &str, skew: &str| {
        let flags = ["--no-nonce", "--at", at, "--skew", skew];
        verify(PRODUCTION, &[&GENUINE, &flags]).run()
    };
    // A minute before the document was made: its leaf is not valid yet, and it is of the future.
    assert_eq!(run("2024-12-31T02:54:54Z", "300").exit, 0);
    assert_ne!(run("2024-12-31T02:54:54Z", "0").exit, 0);
    assert_eq!(run("2024-12-31T02:55:54Z", "0").exit, 0);
}

/// `user_data` of a document is the policy's business; the flag is about Azure's claims.
#[test]
fn user_data_of_azure_is_refused_for_a_document() {
    verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT, &["--user-data", "utf8:x"]])
        .fails(2, &["evidence of nitro has no user-data of Azure", "leave --user-data out"]);
}

/// A CRL that is missing is to be given: it cannot be left out where it is required.
#[test]
fn a_missing_crl_is_named() {
    let ran =
        verify(PRODUCTION, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT, &["--require-revocation-lists"]]).exits(7);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("hint: Give the issuer's CRL (--endorsements FILE)."), "{text}");
    assert!(!text.contains("leave it out"), "{text}");
}
