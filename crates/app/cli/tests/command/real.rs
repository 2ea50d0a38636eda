//! Azure evidence of real machines that a library ships for its own tests: a report without its
//! VCEK, a quote under another key, a TDREPORT. None of it can be accepted, and it is said why.

use crate::support::*;

const SNP: &str = "azure/hcl-report-snp.bin";
const TDX: &str = "azure/hcl-report-tdx.bin";
const QUOTE: &str = "azure/quote.bin";
const CERTIFICATES: &str = "azure/certs.pem";
/// The nonce of [`QUOTE`].
const NONCE: [&str; 2] = ["--nonce", "utf8:challenge"];

#[test]
fn certificates_of_another_machine_do_not_endorse_the_report() {
    let ran = verify(SNP, &[&GENUINE, &["--no-nonce"]]).file(CERTIFICATES).exits(7);
    assert!(ran.first_line().starts_with("REFUSED  azure-snp"), "{ran:#?}");
    ran.shows(&[
        "✔ hcl.format",
        "✔ snp.chain",
        "✔ snp.vek.type",
        "✘ snp.vek.chip",
        "no VCEK for chip",
        "https://kdsintf.amd.com/vcek/v1/Milan/",
        "– hcl.binding",
        "not checked: an earlier check failed",
    ]);
    let json = verify(SNP, &[&GENUINE, &["--no-nonce", "--format", "json"]]).file(CERTIFICATES).exits(7);
    let json = json.json();
    let checks = json["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["outcome"] == "fail").unwrap();
    for (member, begins) in [
        ("expected", "3a5d5b1d059d193e02d8533f1b005833"),
        ("actual", "da8a5695b5aeafdb8ed2edc6c29be497"),
        ("because", "no VCEK for chip 3a5d5b1d059d193e02d8533f1b005833"),
        ("hint", "Fetch the VCEK from https://kdsintf.amd.com/vcek/v1/Milan/3a5d5b1d"),
    ] {
        let value = &failed[member];
        let text = value["exactly"].as_str().or_else(|| value.as_str()).unwrap();
        assert!(text.starts_with(begins), "{failed:#}");
    }
    verify(SNP, &[&GENUINE, &["--no-nonce"]]).exits(7).shows(&["✔ hcl.format", "✘ snp.chain"]);
}

#[test]
fn the_quote_is_not_accepted_with_either_report() {
    verify(SNP, &[&GENUINE, &NONCE])
        .file(QUOTE)
        .file(CERTIFICATES)
        .exits(7)
        .shows(&["✘ snp.vek.chip", "– quote.signature"]);
    verify(TDX, &[&GENUINE, &NONCE]).file(QUOTE).exits(7).shows(&["✔ hcl.td-report", "✘ hcl.td-quote"]);
    verify(QUOTE, &[&GENUINE, &NONCE]).fails(2, &["without an HCL report", "NV index 0x01400001"]);
}

#[test]
fn a_tdreport_alone_is_no_evidence() {
    verify(TDX, &[&GENUINE, &["--no-nonce"]]).exits(7).shows(&[
        "REFUSED  azure-tdx",
        "✔ hcl.format",
        "✔ hcl.td-report",
        "✘ hcl.td-quote",
        "the TD quote is missing",
        "– hcl.binding",
    ]);
    // Both hashes in the TDREPORT are recomputed: one bit of MRTD.
    let mut report = bytes(TDX);
    report[32 + 512 + 16] ^= 1;
    let path = file("real-td-report", "report.bin", report);
    teeproof(["verify", "--no-nonce"])
        .args(GENUINE)
        .args([path])
        .exits(4)
        .shows(&["✘ hcl.td-report", "TEE_INFO_HASH"]);
}

#[test]
fn every_file_can_be_inspected() {
    for (file, kind, shows) in [
        (SNP, "hcl-report (raw)", &["ATTESTATION_REPORT", "HCLAkPub", "vmUniqueId", "current-time"][..]),
        (TDX, "hcl-report (raw)", &["TDREPORT_STRUCT", "HCLAkPub", "HCLEkPub", "user-data"]),
        (QUOTE, "bincode-quote (raw; kinvolk's Quote)", &["TPMS_ATTEST", "6368616c6c656e6765", "PCR23"]),
        (CERTIFICATES, "certificate", &["SEV-VCEK", "ARK-Milan", "SEV-Milan"]),
    ] {
        let ran = teeproof(["inspect"]).file(file).exits(0).shows(shows);
        assert!(ran.first_line().contains(kind), "{ran:#?}");
        assert!(ran.first_line().ends_with("not checked"), "{ran:#?}");
        assert!(!ran.stdout.contains("flaw:"), "{ran:#?}");
    }
    // Claims without their report are no evidence, and nor is a key, which is described.
    teeproof(["inspect"]).file("azure/var-data.bin").fails(3, &["no known JSON format has these members"]);
    let key = teeproof(["inspect"]).file("azure/akpub.pem").exits(0).shows(&["rsaEncryption", "010001"]);
    assert!(key.first_line().contains("public-key (PEM)"), "{key:#?}");
    teeproof(["verify", "--no-nonce"]).file("azure/akpub.pem").fails(2, &["a public key is not evidence"]);
}
