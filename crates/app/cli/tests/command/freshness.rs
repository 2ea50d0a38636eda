//! Nonces: demanded, waived, and never forgotten.

use crate::support::*;

#[test]
fn neither_is_a_usage_error_that_names_both() {
    verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT]).fails(2, &["--nonce", "--no-nonce"]);
}

#[test]
fn both_is_a_usage_error() {
    let ran = verify(PRODUCTION, &[&["--nonce", NONCE, "--no-nonce"]]).exits(2);
    assert!(ran.stderr.contains("--no-nonce"), "{ran:#?}");
}

#[test]
fn the_right_nonce_is_accepted_in_every_form() {
    let bytes = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
    let nonce = [&bytes[..], &bytes[..], &bytes[..4]].concat();
    let path = file("nonce", "nonce.bin", &nonce);
    let run = |text: &str| verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &["--nonce", text]]);
    for text in [NONCE, "b64:ASNFZ4mrze8BI0VniavN7wEjRWc=", "b64:ASNFZ4mrze8BI0VniavN7wEjRWc"] {
        run(text).exits(0).shows(&["✔ nitro.nonce"]);
    }
    run(&format!("@{}", path.display())).exits(0);
    run("-").stdin(&nonce).exits(0);
}

#[test]
fn another_nonce_is_refused() {
    for nonce in ["hex:00", "utf8:0123456789abcdef", "hex:0123456789abcdef0123456789abcdef0123456700"] {
        let nonce = ["--nonce", nonce];
        verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &nonce]).exits(5).shows(&["✘ nitro.nonce"]);
        verify(REPORT, &[&GENUINE, &nonce]).file(VCEK).exits(5).shows(&["✘ snp.nonce"]);
    }
}

#[test]
fn a_document_without_a_nonce_answers_nothing() {
    verify(DEBUG, &[&GENUINE, &AT_DOCUMENT, &["--nonce", NONCE]]).exits(5);
}

#[test]
fn a_bare_value_is_not_guessed_at() {
    for bare in ["00ff", "AP8=", "secret", "base64:AP8="] {
        verify(PRODUCTION, &[&["--nonce", bare]]).fails(2, &["--nonce", "hex:…", "b64:…", "utf8:…", "@file"]);
    }
    verify(PRODUCTION, &[&["--nonce", "hex:0"]]).fails(2, &["not hexadecimal"]);
    verify(PRODUCTION, &[&["--nonce", "b64:?"]]).fails(2, &["not base64"]);
}

#[test]
fn an_empty_nonce_is_a_usage_error() {
    for empty in ["hex:", "b64:", "utf8:", "-"] {
        verify(PRODUCTION, &[&["--nonce", empty]]).fails(2, &["the nonce is empty"]);
    }
}

#[test]
fn standard_input_is_read_once() {
    teeproof(["verify", "-", "--nonce", "-"])
        .stdin(b"sixteen or more bytes")
        .fails(2, &["standard input was named twice"]);
}

#[test]
fn a_policy_that_demands_an_age_is_not_satisfied_by_an_archive() {
    let policy = file(
        "max-age",
        "policy.toml",
        "version = 1\n[nitro]\nmax-age = { at-most = 300 }\nunlisted = { waived = \"a test\" }\n",
    );
    let run = |at: &str| verify(PRODUCTION, &[&["--no-nonce", "--at", at, "--policy"]]).args([&policy]);
    run("document").exits(11).shows(&["REFUSED", "exit 11", "✘ nitro.max-age", "policy line 3"]);
    run("2024-12-31T02:56:00Z").exits(0);
    run("2024-12-31T03:56:00Z").exits(6).shows(&["✘ nitro.max-age"]);
}
