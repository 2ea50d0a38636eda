//! JSON formats of other attesters: parsed to the same bytes as separate files.

use base64ct::{Base64, Base64Url, Encoding as _};
use serde_json::{Value, json};
use teeproof::Evidence;
use teeproof_evidence::{Encoding, InputClass, InputError, InputKind, Inputs, JsonProblem, JsonShape, sniff};
use teeproof_mint::azure;

use crate::support::{SNP, TDX, kinds_of, nonce_in_user_data_of, of_kind};

fn read(text: &str, minted: &azure::Evidence) -> (String, bool, Vec<Vec<u8>>) {
    let mut inputs = Inputs::new();
    let sniffed = inputs.add(text.as_bytes(), None).unwrap();
    assert_eq!((sniffed.kind, sniffed.encoding), (InputKind::EvidenceJson, Encoding::Json));
    let nonce = nonce_in_user_data_of(&Evidence::from_inputs(&inputs).unwrap(), minted);
    let certificates = inputs.certificates().iter().map(|one| one.der().to_vec()).collect();
    (sniffed.to_string(), nonce, certificates)
}

#[test]
fn every_version_of_confidential_containers() {
    for version in 0..=2 {
        let (shown, nonce, certificates) = read(&SNP.coco_json(version).unwrap(), &SNP);
        assert_eq!(shown, format!("evidence-json with 5 parts (JSON; az-snp evidence, version {version})"));
        assert_eq!(nonce, version == 2);
        assert_eq!(certificates, std::slice::from_ref(&SNP.vek));
        let (shown, nonce, certificates) = read(&TDX.coco_json(version).unwrap(), &TDX);
        assert_eq!(shown, format!("evidence-json with 5 parts (JSON; az-tdx evidence, version {version})"));
        assert_eq!((nonce, certificates.len()), (version == 2, 0));
    }
}

#[test]
fn attestation_rs_and_padded_or_not() {
    for minted in [&*SNP, &*TDX] {
        let unpadded = minted.attestation_rs_json().unwrap();
        assert!(!read(&unpadded, minted).1);
        // The same without its envelope: seen in the field.
        let value: Value = serde_json::from_str(&unpadded).unwrap();
        assert!(!read(&value["evidence"].to_string(), minted).1);
        assert!(!read(&minted.coco_json(1).unwrap(), minted).1);
    }
}

#[test]
fn attested_tls() {
    let (shown, nonce, certificates) = read(&TDX.flashbots_json().unwrap(), &TDX);
    assert_eq!(shown, "evidence-json with 7 parts (JSON; attested-tls evidence)");
    assert!(!nonce);
    assert_eq!(certificates, [std::slice::from_ref(&TDX.ak_certificate), &TDX.ak_intermediates].concat());
}

/// A certificate read from its NV index has 4096 bytes, also inside of PEM.
#[test]
fn a_padded_certificate_is_cut_at_its_own_end() {
    let padded = TDX.ak_certificate_nv();
    assert_eq!(padded.len(), 4096);
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        Base64::encode_string(&padded)
    );
    let mut value: Value = serde_json::from_str(&TDX.flashbots_json().unwrap()).unwrap();
    value["tpm_attestation"]["ak_certificate_pem"] = json!(pem);
    assert_eq!(read(&value.to_string(), &TDX).2[0], TDX.ak_certificate);
    for file in [&padded[..], pem.as_bytes(), Base64::encode_string(&padded).as_bytes()] {
        let sniffed = sniff(file, None).unwrap();
        sniffed.check().unwrap();
        assert_eq!(of_kind(&sniffed, InputKind::Certificate), [&TDX.ak_certificate[..]]);
    }
    // An index of which the rest was never written.
    let end = TDX.ak_certificate.len();
    let unwritten = [&padded[..end], &[0xff; 100]].concat();
    assert_eq!(of_kind(&sniff(&unwritten, None).unwrap(), InputKind::Certificate), [&TDX.ak_certificate[..]]);
    // Anything else stays, and is refused.
    for at in [TDX.ak_certificate.len(), 4095] {
        let mut altered = padded.clone();
        altered[at] = 1;
        assert!(matches!(
            sniff(&altered, None).unwrap().check(),
            Err(InputError::Wire(InputKind::Certificate, _)
                | InputError::Trailing { kind: InputKind::Certificate, .. })
        ));
    }
}

#[test]
fn a_quote_alone() {
    let kinds = vec![InputKind::TpmQuote, InputKind::TpmSignature, InputKind::PcrValues];
    let json = SNP.quote_json().unwrap();
    assert_eq!(kinds_of(json.as_bytes()), (InputKind::EvidenceJson, kinds.clone()));
    assert_eq!(kinds_of(&SNP.quote_bincode()), (InputKind::BincodeQuote, kinds));
    for quote in [json.as_bytes(), &SNP.quote_bincode()] {
        let mut inputs = Inputs::new();
        inputs.add(quote, None).unwrap();
        assert_eq!(Evidence::from_inputs(&inputs), Err(InputError::WithoutReport(InputKind::TpmQuote)));
        inputs.add(&SNP.hcl_report, None).unwrap();
        assert!(!nonce_in_user_data_of(&Evidence::from_inputs(&inputs).unwrap(), &SNP));
    }
}

/// The version is what makes the nonce stand in the user-data: it cannot be left out or lowered.
#[test]
fn no_shape_passes_as_an_older_one() {
    for minted in [&*SNP, &*TDX] {
        let without = |version: u8| {
            let mut value: Value = serde_json::from_str(&minted.coco_json(version).unwrap()).unwrap();
            value.as_object_mut().unwrap().remove("version").unwrap();
            value.to_string()
        };
        for version in [1, 2] {
            let error = sniff(without(version).as_bytes(), None).unwrap_err();
            let InputError::Evidence { problem: JsonProblem::VersionMissing, shape, .. } = error else {
                panic!("{error:?}")
            };
            assert!(matches!(shape, JsonShape::AzSnp(0) | JsonShape::AzTdx(0)));
            assert!(error.to_string().contains("there is no version, which makes it version 0"));
            assert_eq!(error.class(), InputClass::Malformed);
        }
        // Arrays of numbers are version 0, and no version says so.
        let mut value: Value = serde_json::from_str(&minted.coco_json(0).unwrap()).unwrap();
        value["version"] = json!(1);
        assert!(matches!(sniff(value.to_string().as_bytes(), None), Err(InputError::Evidence { .. })));
    }
}

#[test]
fn a_version_is_a_known_number() {
    let mut value: Value = serde_json::from_str(&SNP.coco_json(2).unwrap()).unwrap();
    let others =
        [json!(0), json!(3), json!(u64::MAX), json!(-1), json!(1.0), json!("1"), json!(null), json!([1])];
    for version in others {
        value["version"] = version.clone();
        match sniff(value.to_string().as_bytes(), None) {
            Err(InputError::Value { member: "version", found, .. }) => {
                assert_eq!(found.to_string(), version.to_string());
            }
            other => panic!("{version}: {other:?}"),
        }
    }
    let mut value: Value = serde_json::from_str(&SNP.attestation_rs_json().unwrap()).unwrap();
    value["evidence"]["version"] = json!(2);
    assert!(matches!(
        sniff(value.to_string().as_bytes(), None),
        Err(InputError::Value { member: "evidence.version", .. })
    ));
    value["platform"] = json!("gcp-snp");
    assert!(matches!(
        sniff(value.to_string().as_bytes(), None),
        Err(InputError::Value { member: "platform", .. })
    ));
}

/// The standard alphabet has characters that base64url has not.
#[test]
fn only_base64url_is_read_where_it_is_said() {
    let mut value: Value = serde_json::from_str(&SNP.coco_json(1).unwrap()).unwrap();
    let standard = Base64::encode_string(&SNP.hcl_report);
    assert_ne!(standard, Base64Url::encode_string(&SNP.hcl_report));
    value["hcl_report"] = json!(standard);
    assert!(matches!(
        sniff(value.to_string().as_bytes(), None),
        Err(InputError::Evidence { problem: JsonProblem::Base64, .. })
    ));
}
