//! Bundles of minted evidence.

use std::path::Path;
use std::sync::LazyLock;

use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, Collection, ReportAge};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_mint::azure::{self, Vm};
use teeproof_mint::snp::Product;

/// 2026-01-15T12:00:00Z.
pub(crate) const AT: Time = Time(1_768_478_400);

pub(crate) static SNP: LazyLock<azure::Evidence> =
    LazyLock::new(|| Vm::snp(Product::Milan).nonce(b"challenge").evidence().unwrap());

pub(crate) fn testdata(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../testdata").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn inputs(files: &[(InputKind, &[u8])]) -> Inputs {
    let mut inputs = Inputs::new();
    for (kind, bytes) in files {
        inputs.add(bytes, Some(*kind)).unwrap();
    }
    inputs
}

pub(crate) fn bundle(files: &[(InputKind, &[u8])]) -> Bundle {
    inputs(files).into_bundle(Collection::at(AT)).unwrap()
}

/// Everything that a machine on Azure gives.
pub(crate) fn azure(evidence: &azure::Evidence) -> Bundle {
    let values = evidence.pcrs_yaml();
    let log = evidence.event_log.as_deref().unwrap();
    let mut files = vec![
        (InputKind::HclReport, &evidence.hcl_report[..]),
        (InputKind::TpmQuote, &evidence.quote_message),
        (InputKind::TpmSignature, &evidence.quote_signature),
        (InputKind::PcrValues, values.as_bytes()),
        (InputKind::EventLog, log),
        (InputKind::Certificate, &evidence.vek),
        (InputKind::Certificate, &evidence.ak_certificate),
    ];
    files.extend(evidence.ak_intermediates.iter().map(|der| (InputKind::Certificate, &der[..])));
    let mut collection = Collection::at(AT);
    collection.report = Some(ReportAge::Fresh);
    inputs(&files).into_bundle(collection).unwrap()
}

/// A bundle of few bytes.
pub(crate) fn small() -> Bundle {
    bundle(&[
        (InputKind::HclReport, b"HCLA\x01"),
        (InputKind::TpmSignature, &[7; 24]),
        (InputKind::PcrValues, &[3; 33]),
    ])
}

/// Where these bytes stand in others.
pub(crate) fn stands_in(needle: &[u8], bytes: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
