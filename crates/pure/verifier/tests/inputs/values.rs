//! Errors about members of JSON name the member, its value, and the values that its format has.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};
use teeproof_evidence::{InputError, InputKind, InputWarning, JsonShape, sniff};
use teeproof_mint::nitro::Enclave;

use crate::support::{SNP, TDX, testdata};

fn error(value: &Value) -> String {
    let error = sniff(value.to_string().as_bytes(), None).unwrap_err();
    assert!(!error.hint().contains("with every member once"), "{}", error.hint());
    error.to_string()
}

#[test]
fn a_version_or_platform_that_is_not_supported_is_named() {
    const KNOWN: &str = "supported: the numbers 1 and 2, and no `version` at all for version 0";
    for (minted, name) in [(&SNP, "az-snp"), (&TDX, "az-tdx")] {
        let mut value: Value = serde_json::from_str(&minted.coco_json(2).unwrap()).unwrap();
        for (version, shown) in [(json!(3), "3"), (json!("2"), "\"2\""), (json!(null), "null")] {
            value["version"] = version;
            assert_eq!(error(&value), format!("read as {name} evidence: `version` is {shown}; {KNOWN}"));
        }
        value["version"] = json!("\u{1b}[2J\u{e9}".repeat(20));
        let said = error(&value);
        assert!(said.is_ascii() || said.contains('\u{2026}'), "{said}");
        assert!(!said.contains('\u{1b}') && !said.contains('\u{e9}') && said.len() < 200, "{said}");
    }
    let mut value: Value = serde_json::from_str(&SNP.attestation_rs_json().unwrap()).unwrap();
    value["platform"] = json!("AZ-SNP");
    assert_eq!(
        error(&value),
        r#"read as attestation-rs evidence: `platform` is "AZ-SNP"; supported: "az-snp", "az-tdx", "snp" and "tdx""#
    );
}

#[test]
fn a_member_that_thim_does_not_have_is_named() {
    let pem = |der: &[u8]| {
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", Base64::encode_string(der))
    };
    let mut answer = json!({
        "vcekCert": pem(&SNP.vek),
        "tcbm": "DB18000000000004",
        "certificateChain": pem(&SNP.intermediate),
        "cacheControl": "86400",
    });
    assert_eq!(sniff(answer.to_string().as_bytes(), None).unwrap().warnings, []);
    answer["extra"] = json!({"vcekCert": 1});
    let sniffed = sniff(answer.to_string().as_bytes(), None).unwrap();
    assert_eq!(sniffed.parts.len(), 2);
    let member = "`extra`".to_owned();
    assert_eq!(sniffed.warnings, [InputWarning::UnknownMember { shape: JsonShape::Thim, member }]);
}

#[test]
fn members_that_hold_documents_are_known_and_listed() {
    let document = Enclave::new().mint().unwrap().document;
    for member in ["attestationDocument", "AttestationDocument"] {
        let text = json!({ member: Base64::encode_string(&document) }).to_string();
        let sniffed = sniff(text.as_bytes(), None).unwrap();
        assert_eq!((sniffed.kind, sniffed.parts[0].bytes()), (InputKind::NitroDocument, document.as_slice()));
    }
    let error = sniff(b"{\"attestation_report_document\": \"AA\"}", None).unwrap_err();
    assert_eq!(error, InputError::UnknownJson { closest: None });
    assert_eq!(error.to_string(), "no known JSON format has these members");
    for member in ["document", "attestation_doc", "attestationDocument", "PlAttests"] {
        assert!(error.hint().contains(member), "{}", error.hint());
    }
}

/// Sentences use words with their article, and no names of kinds.
#[test]
fn kinds_in_sentences_are_words() {
    for (error, words) in [
        (InputError::NotEvidence(InputKind::PublicKey), "a public key is not evidence"),
        (InputError::WithoutReport(InputKind::EventLog), "an event log without an HCL report"),
        (InputError::WithoutQuote(InputKind::PcrValues), "PCR values without a TPM quote"),
        (
            InputError::NotOfKind { said: InputKind::NitroDocument, found: InputKind::SnpReport },
            "expected a Nitro document, found an SNP report",
        ),
        (InputError::TooDeep, "nested in more than four encodings"),
    ] {
        assert_eq!(error.to_string(), words);
    }
    for kind in InputKind::NAMED {
        let words = kind.with_article();
        assert!(!words.contains(kind.as_str()) || !kind.as_str().contains('-'), "{words}");
    }
    let report = testdata("snp/milan-report.bin");
    let error = sniff(&json!({"vcekCert": Base64::encode_string(&report)}).to_string().into_bytes(), None);
    assert!(error.is_err());
}
