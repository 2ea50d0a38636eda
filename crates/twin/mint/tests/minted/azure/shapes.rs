//! The shapes of other programs, read back with another reader of JSON.

use base64ct::{Base64, Base64Url, Base64UrlUnpadded, Encoding};
use serde_json::Value;
use teeproof_mint::azure::{Evidence, Vm};
use teeproof_mint::snp::Product;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn names(value: &Value) -> Vec<&str> {
    let mut names: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn numbers(value: &Value) -> Vec<u8> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| u8::try_from(number.as_u64().unwrap()).unwrap()).collect()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    assert_eq!(text.len() % 2, 0);
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn base64url(value: &Value) -> Vec<u8> {
    Base64Url::decode_vec(value.as_str().unwrap()).unwrap()
}

fn der(pem: &Value) -> Vec<u8> {
    let text = pem.as_str().unwrap();
    let body = text.strip_prefix("-----BEGIN CERTIFICATE-----\n").unwrap();
    let body = body.strip_suffix("\n-----END CERTIFICATE-----\n").unwrap();
    assert!(body.lines().all(|line| line.len() <= 64));
    Base64::decode_vec(&body.replace('\n', "")).unwrap()
}

fn snp() -> Evidence {
    Vm::snp(Product::Genoa).nonce(b"challenge").evidence().unwrap()
}

fn tdx() -> Evidence {
    let mut vm = Vm::tdx();
    vm.td_quote = Some(vec![4, 0, 2, 0]);
    vm.evidence().unwrap()
}

fn assert_numbers(quote: &Value, evidence: &Evidence) {
    assert_eq!(names(quote), ["message", "pcrs", "signature"]);
    assert_eq!(numbers(&quote["signature"]), evidence.quote_signature);
    assert_eq!(numbers(&quote["message"]), evidence.quote_message);
    let pcrs: Vec<_> = quote["pcrs"].as_array().unwrap().iter().map(numbers).collect();
    assert_eq!(pcrs, evidence.pcrs);
}

fn assert_hex(quote: &Value, evidence: &Evidence) {
    assert_eq!(names(quote), ["message", "pcrs", "signature"]);
    assert_eq!(hex(&quote["signature"]), evidence.quote_signature);
    assert_eq!(hex(&quote["message"]), evidence.quote_message);
    let pcrs: Vec<_> = quote["pcrs"].as_array().unwrap().iter().map(hex).collect();
    assert_eq!(pcrs, evidence.pcrs);
}

#[test]
fn confidential_containers_version_0() {
    let evidence = snp();
    let value = json(&evidence.coco_json(0).unwrap());
    assert_eq!(names(&value), ["quote", "report", "vcek"]);
    assert_numbers(&value["quote"], &evidence);
    assert_eq!(numbers(&value["report"]), evidence.hcl_report);
    assert_eq!(der(&value["vcek"]), evidence.vek);
    let evidence = tdx();
    let value = json(&evidence.coco_json(0).unwrap());
    assert_eq!(names(&value), ["hcl_report", "td_quote", "tpm_quote"]);
    assert_numbers(&value["tpm_quote"], &evidence);
    assert_eq!(numbers(&value["hcl_report"]), evidence.hcl_report);
    assert_eq!(numbers(&value["td_quote"]), [4, 0, 2, 0]);
}

#[test]
fn confidential_containers_versions_1_and_2() {
    for version in 1..=2 {
        let evidence = snp();
        let value = json(&evidence.coco_json(version).unwrap());
        assert_eq!(names(&value), ["hcl_report", "tpm_quote", "vcek", "version"]);
        assert_eq!(value["version"], version);
        assert_hex(&value["tpm_quote"], &evidence);
        assert_eq!(value["hcl_report"].as_str().unwrap().len(), 3468);
        assert_eq!(base64url(&value["hcl_report"]), evidence.hcl_report);
        assert_eq!(base64url(&value["vcek"]), evidence.vek);
        let evidence = tdx();
        let value = json(&evidence.coco_json(version).unwrap());
        assert_eq!(names(&value), ["hcl_report", "td_quote", "tpm_quote", "version"]);
        assert_hex(&value["tpm_quote"], &evidence);
        assert_eq!(base64url(&value["td_quote"]), [4, 0, 2, 0]);
    }
}

#[test]
fn attestation_rs() {
    let evidence = snp();
    let value = json(&evidence.attestation_rs_json().unwrap());
    assert_eq!(names(&value), ["evidence", "platform"]);
    assert_eq!(value["platform"], "az-snp");
    let inner = &value["evidence"];
    assert_eq!(names(inner), ["hcl_report", "tpm_quote", "vcek", "version"]);
    assert_eq!(inner["version"], 1);
    let report = inner["hcl_report"].as_str().unwrap();
    assert_eq!(report.len(), 3467);
    assert_eq!(Base64UrlUnpadded::decode_vec(report).unwrap(), evidence.hcl_report);
    assert_hex(&inner["tpm_quote"], &evidence);
    assert_eq!(json(&tdx().attestation_rs_json().unwrap())["platform"], "az-tdx");
}

#[test]
fn azure_cvm_tooling() {
    let evidence = snp();
    assert_numbers(&json(&evidence.quote_json().unwrap()), &evidence);
    let bytes = evidence.quote_bincode();
    assert_eq!(bytes.len(), 1170);
    assert_eq!(bytes[..8], 256_u64.to_le_bytes());
    assert_eq!(bytes[8..264], evidence.quote_signature);
    assert_eq!(bytes[264..272], 122_u64.to_le_bytes());
    assert_eq!(bytes[272..394], evidence.quote_message);
    assert_eq!(bytes[394..402], 24_u64.to_le_bytes());
    assert_eq!(bytes[402..], evidence.pcr_concatenation());
}

#[test]
fn attested_tls() {
    let evidence = tdx();
    let value = json(&evidence.flashbots_json().unwrap());
    assert_eq!(names(&value), ["hcl_report_base64", "tdx_quote_base64", "tpm_attestation"]);
    assert_eq!(base64url(&value["tdx_quote_base64"]), [4, 0, 2, 0]);
    assert_eq!(base64url(&value["hcl_report_base64"]), evidence.hcl_report);
    let tpm = &value["tpm_attestation"];
    let members =
        ["ak_certificate_pem", "ak_intermediate_certificates_pem", "event_log", "instance_info", "quote"];
    assert_eq!(names(tpm), members);
    assert_eq!(der(&tpm["ak_certificate_pem"]), evidence.ak_certificate);
    assert_eq!(der(&tpm["ak_intermediate_certificates_pem"][0]), evidence.ak_intermediates[0]);
    assert_numbers(&tpm["quote"], &evidence);
    assert_eq!(tpm["event_log"], Value::Array(Vec::new()));
    assert!(tpm["instance_info"].is_null());
}

#[test]
fn registers_as_tpm2_tools_print_them() {
    let mut vm = Vm::snp(Product::Genoa);
    vm.pcrs[0] = [0xab; 32];
    let text = vm.evidence().unwrap().pcrs_yaml();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 25);
    assert_eq!(lines[0], "  sha256:");
    assert_eq!(lines[1], format!("    0 : 0x{}", "AB".repeat(32)));
    assert_eq!(lines[11], format!("    10: 0x{}", "00".repeat(32)));
    assert_eq!(lines[18], format!("    17: 0x{}", "FF".repeat(32)));
}
