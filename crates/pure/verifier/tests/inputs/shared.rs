//! The suite `shared`: evidence of Azure's machines that is not in the repository.

use std::io::Write;
use std::path::PathBuf;

use serde_json::json;
use teeproof::Evidence;
use teeproof_evidence::{InputKind, Inputs, sniff};

use crate::support::{of_kind, testdata};
use crate::yaml::from_yaml;

/// The folder, or `None` after having said that the suite was not run.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TEEPROOF_SHARED_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Not by a macro: those are kept back for tests that pass.
        let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
        std::io::stdout().write_all(said).unwrap();
    }
    folder
}

pub(crate) fn need(name: &str) -> Option<Vec<u8>> {
    let path = folder()?.join(name);
    assert!(path.is_file(), "suite shared: {} is missing", path.display());
    Some(std::fs::read(path).unwrap())
}

#[test]
fn evidence_of_confidential_containers() {
    let (Some(snp), Some(tdx)) = (need("azure/trustee-az-snp-v1.json"), need("azure/trustee-az-tdx-v1.json"))
    else {
        return;
    };
    let mut inputs = Inputs::new();
    let sniffed = inputs.add(&snp, None).unwrap();
    assert_eq!(sniffed.to_string(), "evidence-json with 5 parts (JSON; az-snp evidence, version 1)");
    let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    assert_eq!(evidence.report.len(), 2600);
    assert!(evidence.quote.is_some() && evidence.pcrs.is_some() && !evidence.nonce_in_user_data);
    assert_eq!(inputs.certificates().len(), 1);

    let mut inputs = Inputs::new();
    inputs.add(&tdx, None).unwrap();
    let Evidence::AzureTdx(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    assert_eq!(evidence.report.len(), 2600);
    assert_eq!(evidence.td_quote.unwrap().bytes().len(), 5006);
}

#[test]
fn reports_quotes_and_logs() {
    for (name, kind) in [
        ("azure/trustee-hcl-report-snp.bin", InputKind::HclReport),
        ("azure/trustee-quote-snp.bin", InputKind::BincodeQuote),
        ("azure/trustee-snp-report.bin", InputKind::SnpReport),
        ("azure/eventlog-ubuntu-2404-gce-snp.bin", InputKind::EventLog),
        ("azure/thim-response.json", InputKind::Certificate),
        ("azure/trustee-hcl-vcek-chain.pem", InputKind::Certificate),
        ("azure/azure-vtpm-root-2023.pem", InputKind::Certificate),
    ] {
        let Some(bytes) = need(name) else { return };
        let sniffed = sniff(&bytes, None).unwrap();
        sniffed.check().unwrap();
        assert_eq!(sniffed.kind, kind, "{name}");
    }
    let Some(report) = need("azure/trustee-hcl-report-snp.bin") else { return };
    let mut inputs = Inputs::new();
    inputs.add(&report, None).unwrap();
    inputs.add(&need("azure/trustee-quote-snp.bin").unwrap(), None).unwrap();
    assert!(matches!(Evidence::from_inputs(&inputs), Ok(Evidence::AzureSnp(_))));
}

/// The published packages' own files.
#[test]
fn files_of_the_repository() {
    let quote = sniff(&testdata("azure/quote.bin"), None).unwrap();
    assert_eq!(quote.kind, InputKind::BincodeQuote);
    assert_eq!(of_kind(&quote, InputKind::TpmSignature)[0].len(), 256);
    assert!(of_kind(&quote, InputKind::TpmQuote)[0].windows(9).any(|window| window == b"challenge"));
    let certificates = sniff(&testdata("azure/certs.pem"), None).unwrap();
    assert_eq!((certificates.kind, certificates.parts.len()), (InputKind::Certificate, 3));
}

#[test]
fn evidence_of_attested_tls() {
    let Some(yaml) = need("azure/fb-az-tdx-1764662251.yaml") else { return };
    let mut value = from_yaml(std::str::from_utf8(&yaml).unwrap());
    let attestation = &mut value["tpm_attestation"];
    if attestation.get("ak_intermediate_certificates_pem").is_none() {
        attestation["ak_intermediate_certificates_pem"] = json!([]);
    }
    let mut inputs = Inputs::new();
    let sniffed = inputs.add(value.to_string().as_bytes(), None).unwrap();
    assert_eq!(sniffed.note, Some("attested-tls evidence"));
    let Evidence::AzureTdx(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
    assert_eq!(evidence.report.len(), 2600);
    assert!(evidence.quote.is_some() && evidence.pcrs.is_some());
    // 4096 bytes in their PEM, of which the certificate has 1009.
    assert_eq!(inputs.certificates()[0].der().len(), 1009);
}
