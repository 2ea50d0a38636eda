//! A real SNP report, with and without its endorsements.

use crate::support::*;

const AT: [&str; 2] = ["--at", "2026-01-01T00:00:00Z"];
const NO_NONCE: [&str; 1] = ["--no-nonce"];

#[test]
fn a_report_with_its_vcek_is_accepted_by_both_tables() {
    for crypto in ["aws-lc", "rustcrypto"] {
        let crypto_flag = ["--crypto", crypto];
        let ran = verify(REPORT, &[&GENUINE, &NO_NONCE, &AT, &crypto_flag])
            .file(VCEK)
            .args(["--format", "json"])
            .exits(0);
        assert_eq!(ran.json()["crypto"], crypto);
    }
}

#[test]
fn a_report_is_accepted_now() {
    let ran = verify(REPORT, &[&GENUINE, &NO_NONCE]).file(VCEK).exits(0);
    assert_eq!(ran.first_line(), "ACCEPTED  snp  policy builtin:genuine  exit 0");
    ran.shows(&["no revocation list was given"]);
}

#[test]
fn without_its_vcek_it_is_incomplete() {
    verify(REPORT, &[&GENUINE, &NO_NONCE, &AT]).exits(7).shows(&[
        "✘ snp.chain",
        "missing among the endorsements",
        "hint:",
    ]);
}

#[test]
fn another_vcek_is_refused() {
    // Nothing is forged: the right one is missing.
    let ran = verify(REPORT, &[&GENUINE, &NO_NONCE, &AT]).file(OTHER_VCEK).exits(7);
    ran.shows(&["✘ snp.vek.chip", "no VCEK for chip", "because CPUID"]);
}

#[test]
fn endorsements_are_taken_from_files_and_folders_in_any_encoding() {
    let (vcek, other) = (bytes(VCEK), bytes(OTHER_VCEK));
    let mut both = pem("CERTIFICATE", &other);
    both.push_str(&pem("CERTIFICATE", &vcek));
    for (name, content) in [
        ("pem", both.into_bytes()),
        ("der", vcek.clone()),
        ("base64", base64(&vcek).into_bytes()),
        ("hex", hex(&vcek).into_bytes()),
    ] {
        let path = file(&format!("endorsements-{name}"), "vcek", content);
        let run = || verify(REPORT, &[&GENUINE, &NO_NONCE, &AT]).args(["--endorsements"]);
        run().args([&path]).exits(0);
        run().args([path.parent().unwrap()]).exits(0);
    }
}

#[test]
fn a_folder_of_endorsements_holds_no_evidence() {
    let folder = folder("folder-with-evidence");
    std::fs::write(folder.join("a.der"), bytes(VCEK)).unwrap();
    std::fs::write(folder.join("b.bin"), bytes(REPORT)).unwrap();
    verify(REPORT, &[&GENUINE, &NO_NONCE, &AT])
        .args(["--endorsements"])
        .args([&folder])
        .fails(2, &["b.bin", "found an SNP report"]);
}

#[test]
fn reports_are_read_from_hex_base64_and_standard_input() {
    let report = bytes(REPORT);
    for content in [report.clone(), hex(&report).into_bytes(), base64(&report).into_bytes()] {
        teeproof(["verify", "-", "--no-nonce"]).args(GENUINE).file(VCEK).stdin(&content).exits(0);
    }
}

#[test]
fn a_report_has_no_time_of_its_own() {
    verify(REPORT, &[&GENUINE, &NO_NONCE, &AT_DOCUMENT])
        .file(VCEK)
        .fails(2, &["milan-report.bin", "carries no time", "--at now"]);
}

#[test]
fn a_reserved_byte_is_malformed() {
    let mut report = bytes(REPORT);
    report[0x4c] = 1;
    let path = file("reserved", "report.bin", report);
    teeproof(["verify", "--no-nonce"])
        .args(GENUINE)
        .args([&path])
        .file(VCEK)
        .exits(3)
        .shows(&["✘ snp.format"]);
}
