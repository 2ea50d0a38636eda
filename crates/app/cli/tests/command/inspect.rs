//! `inspect` tells fields, and never that they were believed.

use std::path::Path;

use serde_json::Value;
use teeproof_mint::tdx::TdxMachine;

use crate::shared::folder;
use crate::support::*;

fn inspect(file: &str) -> Run {
    teeproof(["inspect"]).file(file)
}

#[test]
fn nothing_is_ever_called_verified() {
    for file in [REPORT, VCEK, OTHER_VCEK, PRODUCTION, DEBUG, TAMPERED] {
        for format in ["human", "json"] {
            let ran = inspect(file).args(["--format", format]).exits(0);
            let all = format!("{}{}", ran.stdout, ran.stderr).to_lowercase();
            assert!(!all.contains("verif"), "{file}");
            assert!(all.contains("not checked"), "{file}");
        }
    }
}

#[test]
fn a_report_is_reported_by_the_specifications_names() {
    inspect(REPORT).exits(0).shows(&[
        "ATTESTATION_REPORT",
        "050..090  REPORT_DATA",
        "7a1e5c266c0108dbc9bb94fa926951320940915d0aafb424",
        "Milan: bootloader 3, tee 0, snp 8, microcode 115",
        "SIGNATURE",
    ]);
    let json = inspect(REPORT).args(["--format", "json"]).exits(0).json();
    assert_eq!(json["schema"], "teeproof/inspection/2");
    assert_eq!(json["kind"], "snp-report");
    assert_eq!(json["encoding"], "raw");
    assert_eq!(json["status"], "not checked");
    assert_eq!(json["flaw"], Value::Null);
    let report = &json["structures"][0];
    assert_eq!(report["name"], "ATTESTATION_REPORT");
    let fields = report["fields"].as_array().unwrap();
    let data = fields.iter().find(|field| field["name"] == "REPORT_DATA").unwrap();
    assert_eq!(data["offset"], 0x50);
    assert_eq!(data["length"], 64);
    assert_eq!(data["value"], hex(&bytes(REPORT)[0x50..0x90]));
}

#[test]
fn times_are_shown_as_people_read_them() {
    inspect(VCEK).exits(0).shows(&["notBefore", "2023-04-03T19:23:43Z", "2030-04-03T19:23:43Z"]);
    inspect(PRODUCTION).exits(0).shows(&["2024-12-31T02:55:54Z", "2049-10-28T14:28:05Z"]);
    let json = inspect(VCEK).args(["--format", "json"]).exits(0).json();
    let fields = json["structures"][0]["fields"].as_array().unwrap().clone();
    let after = fields.iter().find(|field| field["name"] == "notAfter").unwrap();
    assert_eq!(after["time"], "2030-04-03T19:23:43Z");
}

#[test]
fn a_flaw_is_reported_with_the_fields() {
    let mut report = bytes(REPORT);
    report[0x4c] = 1;
    let path = file("flaw", "report.bin", report);
    teeproof(["inspect"]).args([&path]).exits(0).shows(&["flaw: ", "0x4c", "REPORT_DATA"]);
    let json = teeproof(["inspect", "--format", "json"]).args([&path]).exits(0).json();
    assert_eq!(json["flaw"]["offset"], 0x4c);
}

#[test]
fn what_has_no_fields_is_malformed() {
    let path = file("cut", "report.bin", &bytes(REPORT)[..600]);
    teeproof(["inspect"]).args([&path]).fails(3, &["report.bin", "read as snp-report"]);
    inspect(REPORT).args(["--as", "certificate"]).fails(3, &["read as certificate"]);
}

#[test]
fn lines_fit_a_page() {
    for file in [REPORT, VCEK, PRODUCTION] {
        let ran = inspect(file).exits(0);
        // The first line has the path of the file.
        for line in ran.stdout.lines().skip(1) {
            assert!(line.chars().count() <= 100, "{line}");
        }
    }
}

#[test]
fn hex_and_base64_are_reported() {
    let document = bytes(PRODUCTION);
    for (content, encoding) in [(hex(&document), "hex"), (base64(&document), "base64")] {
        teeproof(["inspect", "-"])
            .stdin(content.as_bytes())
            .exits(0)
            .shows(&[&format!("standard input: nitro-document ({encoding}), not checked")]);
    }
}

/// Offset and length of each field of a group and of the groups in it, in order.
fn places(group: &Value) -> Vec<(u64, u64)> {
    let fields = group["fields"].as_array().unwrap().iter();
    let place = |field: &Value| (field["offset"].as_u64().unwrap(), field["length"].as_u64().unwrap());
    fields.flat_map(|node| if node["fields"].is_array() { places(node) } else { vec![place(node)] }).collect()
}

/// A page with every field of a TD quote, and JSON whose fields are the whole file.
fn describes_a_td_quote(path: &Path) -> Value {
    let ran = teeproof(["inspect"]).args([path]).exits(0).shows(&[
        "TD quote",
        "Quote Header",
        "000..002  VERSION",
        "TDATTRIBUTES",
        "XFAM",
        "REPORTDATA",
        "Quote Signature Data",
        "QE Report",
        "ATTRIBUTES.FLAGS",
        "MRENCLAVE",
        "QE Authentication Data",
        "rest of the buffer",
    ]);
    for line in ran.stdout.lines().skip(1) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    // Offsets of four digits move no column.
    let chain = ran.stdout.lines().filter(|line| line.contains("(PCK certificate chain, PEM)"));
    let columns: Vec<_> = chain.filter_map(|line| line.find("Certification Data")).collect();
    assert!(matches!(columns.as_slice(), [one, other] if one == other), "{columns:?}");
    let json = teeproof(["inspect", "--format", "json"]).args([path]).exits(0).json();
    let quote = &json["structures"][0];
    assert_eq!(quote["name"], "TD quote");
    let end = places(quote).iter().fold(0, |at, (offset, length)| {
        assert_eq!(at, *offset, "{}", path.display());
        offset + length
    });
    assert_eq!(end, std::fs::metadata(path).unwrap().len());
    json
}

#[test]
fn a_td_quote_is_described_field_by_field() {
    let minted = TdxMachine::new().mint().unwrap();
    let path = file("inspect-td-quote", "quote.bin", &minted.quote);
    let json = describes_a_td_quote(&path);
    assert_eq!(json["kind"], "td-quote");
    assert_eq!(json["structures"].as_array().unwrap().len(), 4, "the quote and three certificates");
    teeproof(["inspect"]).args([&path]).exits(0).shows(&["SGX Extensions", "FMSPC", "SGX TCB Comp16 SVN"]);
    for (name, document, shown) in [
        ("tcb-info.json", &minted.tcb_info, ["tcbInfo", "tcbEvaluationDataNumber", "tdxModuleIdentities[0]"]),
        ("qe-identity.json", &minted.qe_identity, ["enclaveIdentity", "TD_QE", "tcbLevels[0]"]),
    ] {
        let path = file("inspect-collateral", name, document);
        teeproof(["inspect"]).args([&path]).exits(0).shows(&shown);
    }
}

#[test]
fn shared_td_quotes_are_described_field_by_field() {
    let Some(folder) = folder() else { return };
    let files = std::fs::read_dir(folder.join("real/tdq")).unwrap();
    let described = files.map(|file| describes_a_td_quote(&file.unwrap().path()));
    assert_eq!(described.filter(|json| json["kind"] == "td-quote").count(), 17);
}
