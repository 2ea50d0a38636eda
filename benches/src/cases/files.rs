//! Files as evidence arrives in them: content recognised, encoding undone, parts made. Nothing is verified.

use std::hint::black_box;

use teeproof_core::Hex;
use teeproof_evidence::{InputKind, Sniffed, bytes::to_base64url, sniff};

use super::leak;
use crate::{Azure, Case, Nitro, Snp};

pub(super) fn cases() -> Vec<Case> {
    let json = leak(azure_json());
    let base64 = leak(to_base64url(Nitro::PRODUCTION.document));
    vec![
        Case::new("files", "azure-json", || parts_of(json.as_bytes())),
        Case::new("files", "azure-bundle", || parts_of(Azure::BUNDLE)),
        Case::new("files", "nitro-base64", || parts_of(base64.as_bytes())),
        Case::new("files", "nitro-document", || parts_of(Nitro::PRODUCTION.document)),
        Case::new("files", "snp-report", || parts_of(Snp::MILAN.report)),
    ]
}

fn parts_of(file: &[u8]) -> Sniffed {
    let sniffed = sniff(black_box(file), None).expect("a file of a known kind");
    sniffed.check().expect("parts of their kinds");
    sniffed
}

/// The evidence of the recorded bundle, as the Confidential Containers attester writes it (version 1).
fn azure_json() -> String {
    let bundle = parts_of(Azure::BUNDLE);
    let of = |kind| {
        let part = bundle.parts.iter().find(|part| part.kind() == kind);
        part.expect("a part of this kind").bytes()
    };
    let pcrs: Vec<_> =
        of(InputKind::PcrValues).as_chunks::<33>().0.iter().map(|[_, value @ ..]| value).collect();
    assert_eq!(pcrs.len(), 24, "the format has every PCR");
    let pcrs: Vec<_> = pcrs.into_iter().map(|value| format!("\"{}\"", Hex(value))).collect();
    format!(
        r#"{{"version":1,"tpm_quote":{{"signature":"{}","message":"{}","pcrs":[{}]}},"hcl_report":"{}","vcek":"{}"}}"#,
        Hex(of(InputKind::TpmSignature)),
        Hex(of(InputKind::TpmQuote)),
        pcrs.join(","),
        to_base64url(of(InputKind::HclReport)),
        to_base64url(of(InputKind::Certificate)),
    )
}
