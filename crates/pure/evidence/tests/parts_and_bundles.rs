//! Properties of files: a part is the same alone and in any file around it, and a bundle is read as it was written.

#![allow(clippy::unwrap_used, reason = "a test")]

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use teeproof_core::{Hex, Time};
use teeproof_evidence::bundle::{Bundle, Collection, MAX_OF_A_KIND, ReportAge};
use teeproof_evidence::bytes::to_base64url;
use teeproof_evidence::{InputKind, Inputs, Part, Sha256Pcrs, sniff};

const REPORT: &[u8] = include_bytes!("../../../../testdata/snp/milan-report.bin");
const ENVELOPE: &[u8] = include_bytes!("../../../../testdata/azure/hcl-report-snp.bin");
const DOCUMENT: &[u8] = include_bytes!("../../../../testdata/nitro/production-eu-central-1-2025-01.cose");
const QUOTE: &[u8] = include_bytes!("../../../../testdata/tpm/quote-0-1.msg");
const SIGNATURE: &[u8] = include_bytes!("../../../../testdata/tpm/quote-0-1.sig");
const VCEK: &[u8] = include_bytes!("../../../../testdata/snp/milan-vcek.der");
const OTHER_VCEK: &[u8] = include_bytes!("../../../../testdata/snp/turin-vcek.der");

/// A file of any kind, as it is or with one byte altered.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let whole =
        proptest::sample::select(vec![REPORT, ENVELOPE, DOCUMENT, QUOTE, SIGNATURE, VCEK, OTHER_VCEK]);
    (whole, any::<prop::sample::Index>(), any::<u8>(), any::<bool>()).prop_map(|(whole, at, byte, alter)| {
        let mut bytes = whole.to_vec();
        if alter && let Some(place) = bytes.get_mut(at.index(whole.len())) {
            *place = byte;
        }
        bytes
    })
}

fn pcrs() -> impl Strategy<Value = Sha256Pcrs> {
    let values = btree_map(0_u8..24, any::<[u8; 32]>(), 1..24);
    values.prop_filter_map("at least one PCR", Sha256Pcrs::from_numbered)
}

proptest! {
    /// What `sniff` finds in a file is what its kind and bytes make alone, well formed or not.
    #[test]
    fn a_part_is_the_same_in_a_file_and_alone(file in file()) {
        if let Ok(sniffed) = sniff(&file, None) {
            for part in &sniffed.parts {
                let alone = Part::new(part.kind(), part.bytes());
                prop_assert_eq!(alone, part.error().map_or_else(|| Ok(part.clone()), Err));
            }
            prop_assert_eq!(sniffed.check().is_ok(), sniffed.parts.iter().all(|part| part.error().is_none()));
        }
    }

    /// Encodings around a file change neither its kind nor its parts.
    #[test]
    fn an_encoding_changes_no_part(file in file()) {
        let plain = sniff(&file, None);
        for text in [Hex(&file).to_string(), to_base64url(&file), format!("\"{}\"", to_base64url(&file))] {
            let decoded = sniff(text.as_bytes(), None);
            match (&plain, decoded) {
                (Ok(plain), Ok(decoded)) => prop_assert_eq!((plain.kind, &plain.parts), (decoded.kind, &decoded.parts)),
                (plain, decoded) => prop_assert_eq!(plain.is_ok(), decoded.is_ok()),
            }
        }
    }

    /// PCR values are the same in the form of bundles and as text.
    #[test]
    fn pcr_values_are_read_back(pcrs in pcrs()) {
        for file in [pcrs.encoded().to_vec(), pcrs.to_text().into_bytes()] {
            let sniffed = sniff(&file, Some(InputKind::PcrValues)).unwrap();
            prop_assert_eq!(sniffed.parts, [Part::from(pcrs.clone())]);
        }
    }

    /// A bundle in either form is read as what was written, part by part, and its parts are the same as files.
    /// The event log begins as every log does, with PCR 0 in four bytes: other bytes could be the beginning of JSON.
    #[test]
    fn a_bundle_is_read_back(
        pcrs in pcrs(),
        log in vec(any::<u8>(), 1..300).prop_map(|events| [[0; 4].as_slice(), &events].concat()),
        certificates in vec(proptest::sample::select(vec![VCEK, OTHER_VCEK]), 0..=MAX_OF_A_KIND),
        at in -60_000_000_000_i64..250_000_000_000,
        age in proptest::sample::select(vec![None, Some(ReportAge::Fresh), Some(ReportAge::Boot)]),
        nonce_in_user_data: bool,
    ) {
        let mut inputs = Inputs::new();
        for (kind, bytes) in [
            (InputKind::HclReport, ENVELOPE),
            (InputKind::TpmQuote, QUOTE),
            (InputKind::TpmSignature, SIGNATURE),
            (InputKind::EventLog, &log),
        ] {
            inputs.add_part(Part::new(kind, bytes).unwrap()).unwrap();
        }
        inputs.add_part(Part::from(pcrs)).unwrap();
        for der in &certificates {
            inputs.add_part(Part::new(InputKind::Certificate, *der).unwrap()).unwrap();
        }
        let mut collection = Collection::at(Time(at));
        collection.report = age;
        collection.nonce_in_user_data = nonce_in_user_data;
        let bundle = inputs.into_bundle(collection.clone()).unwrap();
        for form in [bundle.to_cbor(), bundle.to_json().into_bytes()] {
            let again = Bundle::parse(&form).unwrap();
            prop_assert_eq!(&again, &bundle);
            prop_assert_eq!(again.collected(), &collection);
            prop_assert_eq!(sniff(&form, None).unwrap().parts, bundle.parts());
        }
        for ((_, part), (_, file)) in bundle.named().zip(bundle.export()) {
            let alone = sniff(&file, Some(part.kind())).unwrap();
            prop_assert_eq!(&alone.parts, std::slice::from_ref(part));
        }
    }
}
