//! Nonces: demanded, waived, and never forgotten.

use teeproof_mint::nitro::Enclave;
use teeproof_mint::snp::{Machine as Host, Product};

use crate::machine::{AT, CHALLENGE, Machine, genoa, put};
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
    verify(PRODUCTION, &[&["--nonce", "hex:0"]]).fails(2, &["expected hexadecimal digits"]);
    verify(PRODUCTION, &[&["--nonce", "b64:?"]]).fails(2, &["expected base64"]);
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
        .fails(2, &["standard input: expected once"]);
}

#[test]
fn a_policy_that_demands_an_age_is_not_satisfied_by_an_archive() {
    let policy = file(
        "max-age",
        "policy.toml",
        "version = 1\n[nitro]\nmax-age = { at-most = 300 }\nunlisted = { waived = \"a test\" }\n",
    );
    let run = |at: &str| verify(PRODUCTION, &[&["--no-nonce", "--at", at, "--policy"]]).args([&policy]);
    run("document").exits(11).shows(&[
        "REFUSED",
        "exit 11",
        "✘ nitro.max-age",
        "found no age",
        "policy line 3",
    ]);
    run("2024-12-31T02:56:00Z").exits(0);
    run("2024-12-31T03:56:00Z").exits(6).shows(&["✘ nitro.max-age"]);
}

/// A few digits stand in every document, in its certificates and its identifiers.
#[test]
fn a_short_nonce_is_not_reported_as_text() {
    for (nonce, is_in_the_document) in [("hex:00", "00"), ("hex:0fe9a96ed626", "0fe9a96ed626")] {
        position(&bytes(PRODUCTION), is_in_the_document.as_bytes());
        let ran = verify(PRODUCTION, &[&GENUINE, &AT_DOCUMENT, &["--nonce", nonce]]).exits(5);
        assert!(!ran.stdout.contains("as text"), "{ran:#?}");
    }
}

/// A nonce that was handed in as its hexadecimal digits is reported as such, whatever the technology.
#[test]
fn a_nonce_that_was_written_as_text_is_reported() {
    let folder = folder("freshness-text");
    let printed = |run: Run, check: &str| {
        let ran = run.exits(5).shows(&[&format!("✘ {check} "), "carries the nonce as text"]);
        // Lines may break between the option and its value.
        let words: Vec<_> = ran.stdout.split_whitespace().collect();
        assert!(words.join(" ").contains("--nonce utf8:"), "{ran:#?}");
    };
    let digits = hex(&CHALLENGE);
    let nonce = ["--nonce".to_string(), format!("hex:{digits}")];
    for text in [digits.clone(), digits.to_uppercase()] {
        let minted = Enclave::new().nonce(text.as_bytes()).mint().unwrap();
        let document = put(&folder, "document.cose", &minted.document);
        let root = put(&folder, "root.der", minted.root());
        let run =
            || teeproof(["verify"]).args(GENUINE).args(AT).args([&document]).args(["--anchor"]).args([&root]);
        printed(run().args(&nonce), "nitro.nonce");
        run().args(["--nonce", &format!("utf8:{text}")]).exits(0);

        let minted =
            Host::vcek(Product::Genoa).report_data(text.as_bytes().try_into().unwrap()).mint().unwrap();
        let files =
            [("report.bin", &minted.report), ("vek.der", &minted.vek), ("ask.der", &minted.intermediate)];
        let files = files.map(|(name, bytes)| put(&folder, name, bytes));
        let ark = put(&folder, "ark.der", &minted.ark);
        let run = teeproof(["verify"]).args(GENUINE).args(AT).args(files).args(["--anchor"]).args([&ark]);
        printed(run.args(&nonce), "snp.nonce");

        // In user-data, where there is no quote.
        let machine = Machine::new("freshness-text-user-data", &genoa().user_data(text.as_bytes()));
        let files = [vec![machine.report()], machine.endorsements()].concat();
        printed(machine.verify().args(&nonce).args(files), "hcl.user-data");
    }
    // In base64, too.
    let text = base64(&CHALLENGE);
    let minted = Enclave::new().nonce(text.as_bytes()).mint().unwrap();
    let document = put(&folder, "base64.cose", &minted.document);
    let root = put(&folder, "base64-root.der", minted.root());
    let run = teeproof(["verify"]).args(GENUINE).args(AT).args([&document]).args(["--anchor"]).args([&root]);
    printed(run.args(&nonce), "nitro.nonce");
    let machine =
        Machine::new("freshness-base64", &genoa().nonce(text.as_bytes()).user_data(text.as_bytes()));
    printed(machine.verify().args(&nonce).args(machine.files()), "quote.nonce");
    // A TPM takes 50 bytes.
    let short = hex(&CHALLENGE[..20]);
    let machine = Machine::new("freshness-text-quote", &genoa().nonce(short.as_bytes()));
    printed(machine.verify().args(["--nonce", &format!("hex:{short}")]).args(machine.files()), "quote.nonce");
    // Another nonce gets no such hint.
    let ran = machine.verify().args(["--nonce", "hex:00112233"]).args(machine.files()).exits(5);
    assert!(!ran.stdout.contains("as text"), "{ran:#?}");
    let json = machine.verify().args(["--nonce", &format!("hex:{short}")]).args(machine.files());
    let json = json.args(["--format", "json"]).exits(5).json();
    let checks = json["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["outcome"] == "fail").unwrap();
    assert!(failed["hint"].as_str().unwrap().contains("carries the nonce as text"), "{failed}");
}

/// Whatever is too long is the same mistake, and no file is read to its end for it.
#[test]
fn a_nonce_that_is_too_long_is_a_usage_error() {
    let folder = folder("long-nonce");
    for (name, bytes) in [("long", 2000), ("huge", 40 << 20)] {
        std::fs::File::create(folder.join(name)).unwrap().set_len(bytes).unwrap();
    }
    let hex = format!("hex:{}", "07".repeat(2000));
    for (nonce, got) in [("@long", "more"), ("@huge", "more"), ("@/dev/zero", "more"), (&hex, "2000")] {
        let says = format!("--nonce: expected at most 1024 bytes, got {got}");
        verify(PRODUCTION, &[&["--nonce", nonce]]).in_folder(&folder).fails(2, &[&says, "give a hash of it"]);
    }
}
