//! The format of bundles: a parsed bundle is encoded again byte for byte.

use ciborium::Value as Cbor;
use serde_json::Value;
use teeproof::Evidence;
use teeproof_core::Time;
use teeproof_evidence::bundle::{Bundle, BundleError, Collection, MAX_BYTES, MAX_OF_A_KIND, ReportAge};
use teeproof_evidence::{Encoding, InputKind, Inputs, sniff};
use teeproof_mint::snp::{Machine, Product};

use crate::support::{AT, SNP, azure, bundle, inputs, small, testdata};

#[test]
fn both_forms_say_the_same_and_are_stable() {
    let nitro = testdata("nitro/production-us-east-2-2024-12.cose");
    for bundle in [small(), azure(&SNP), bundle(&[(InputKind::NitroDocument, &nitro)])] {
        let (cbor, json) = (bundle.to_cbor(), bundle.to_json());
        for read in [Bundle::parse(&cbor), Bundle::parse(json.as_bytes()), Bundle::from_json(&json)] {
            let read = read.unwrap();
            assert_eq!(read, bundle);
            assert_eq!((read.to_cbor(), read.to_json()), (cbor.clone(), json.clone()));
        }
        // White space and the order of members say nothing in JSON.
        let value: Value = serde_json::from_str(&json).unwrap();
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            assert_eq!(Bundle::from_json(&text).unwrap().to_cbor(), cbor);
        }
    }
}

/// Another library writes the same bytes from what it reads, and finds keys in CBOR's order.
#[test]
fn the_cbor_is_deterministic() {
    for bundle in [small(), azure(&SNP)] {
        let cbor = bundle.to_cbor();
        let value: Cbor = ciborium::from_reader(&cbor[..]).unwrap();
        let mut again = Vec::new();
        ciborium::into_writer(&value, &mut again).unwrap();
        assert_eq!(again, cbor);
        let keys: Vec<Vec<u8>> = value
            .as_map()
            .unwrap()
            .iter()
            .map(|(key, _)| {
                let mut key_bytes = Vec::new();
                ciborium::into_writer(key, &mut key_bytes).unwrap();
                key_bytes
            })
            .collect();
        assert!(keys.is_sorted() && keys.len() == bundle.parts().len() + 2);
    }
}

/// The example of the documentation.
#[test]
fn the_documented_example() {
    let mut collection = Collection::at(AT);
    collection.tool = "example".to_owned();
    let inputs = inputs(&[(InputKind::HclReport, b"HCLA\x01"), (InputKind::TpmSignature, &[7; 3])]);
    let bundle = inputs.clone().into_bundle(collection).unwrap();
    let docs = include_str!("../../../../../docs/bundle.md").replace("\r\n", "\n");
    assert!(docs.contains(&bundle.to_json()), "{}", bundle.to_json());
    let hex = teeproof_core::Hex(&bundle.to_cbor()).to_string();
    let written: String = docs.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(written.contains(&hex), "{hex}");
}

#[test]
fn a_bundle_is_a_file_like_any_other() {
    let bundle = azure(&SNP);
    for (file, encoding) in [(bundle.to_cbor(), Encoding::Raw), (bundle.to_json().into(), Encoding::Json)] {
        let mut inputs = Inputs::new();
        let sniffed = inputs.add(&file, None).unwrap();
        assert_eq!((sniffed.kind, sniffed.encoding), (InputKind::Bundle, encoding));
        assert_eq!(inputs.collection().unwrap().report, Some(ReportAge::Fresh));
        assert_eq!(inputs.certificates().len(), 2 + SNP.ak_intermediates.len());
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        assert_eq!(evidence.report, SNP.hcl_report);
        assert_eq!(evidence.log, SNP.event_log.as_deref());
        // Again as a bundle: the same.
        let again = inputs.clone().into_bundle(inputs.collection().unwrap().clone()).unwrap();
        assert_eq!(again, bundle);
    }
    let sniffed = sniff(&bundle.to_cbor(), None).unwrap();
    let (parts, at) = (bundle.parts().len(), bundle.collected().at);
    assert_eq!(sniffed.to_string(), format!("bundle with {parts} parts (raw; collected {at})"));
}

/// What the version of an attester's evidence promised stays promised.
#[test]
fn the_nonce_in_user_data_is_kept() {
    for version in 0..=2 {
        let mut inputs = Inputs::new();
        inputs.add(SNP.coco_json(version).unwrap().as_bytes(), None).unwrap();
        let bundle = inputs.clone().into_bundle(Collection::at(AT)).unwrap();
        let mut inputs = Inputs::new();
        inputs.add(&bundle.to_cbor(), None).unwrap();
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(&inputs).unwrap() else { panic!() };
        assert_eq!(evidence.nonce_in_user_data, version == 2);
    }
}

#[test]
fn parts_go_out_as_files_that_are_told_again() {
    let bundle = azure(&SNP);
    let mut inputs = Inputs::new();
    let mut names = Vec::new();
    for (name, bytes) in bundle.export() {
        inputs.add(&bytes, None).unwrap();
        names.push(name);
    }
    assert_eq!(
        names,
        [
            "event-log.bin",
            "tpm-quote.bin",
            "hcl-report.bin",
            "pcr-values.txt",
            "certificate-0.der",
            "certificate-1.der",
            "certificate-2.der",
            "tpm-signature.bin"
        ]
    );
    assert_eq!(inputs.clone().into_bundle(bundle.collected().clone()).unwrap(), bundle);
}

#[test]
fn certificates_stay_in_order_beyond_ten() {
    let ders: Vec<Vec<u8>> = (0..12).map(|_| SNP.vek.clone()).collect();
    let machine = Machine::vcek(Product::Milan).mint().unwrap();
    let mut files = vec![(InputKind::SnpReport, &machine.report[..]), (InputKind::TpmSignature, &[1; 256])];
    files.extend(ders.iter().map(|der| (InputKind::Certificate, &der[..])));
    files.insert(5, (InputKind::Certificate, &SNP.ak_certificate));
    let bundle = bundle(&files);
    let read = Bundle::parse(&bundle.to_cbor()).unwrap();
    assert_eq!(read, bundle);
    assert_eq!(Bundle::parse(bundle.to_json().as_bytes()).unwrap(), bundle);
    let certificates: Vec<_> = read
        .parts()
        .iter()
        .filter(|part| part.kind() == InputKind::Certificate)
        .map(|part| part.bytes())
        .collect();
    assert_eq!(certificates.len(), 13);
    assert_eq!(certificates.iter().position(|der| **der == SNP.ak_certificate), Some(3));
}

#[test]
fn bounds() {
    let of = |files: &[(InputKind, &[u8])]| inputs(files).into_bundle(Collection::at(AT));
    assert_eq!(of(&[]), Err(BundleError::NoEvidence));
    assert_eq!(of(&[(InputKind::Certificate, &SNP.vek)]), Err(BundleError::NoEvidence));
    let mut files = vec![(InputKind::HclReport, &b"HCLA\x01"[..])];
    files.extend(vec![(InputKind::Certificate, &SNP.vek[..]); MAX_OF_A_KIND]);
    assert!(of(&files).is_ok());
    files.push((InputKind::Certificate, &SNP.vek));
    assert_eq!(of(&files), Err(BundleError::TooMany(InputKind::Certificate)));
    let log = vec![0; 4 * 1024 * 1024];
    let full = of(&[(InputKind::EventLog, &log), (InputKind::HclReport, b"HCLA\x01")]).unwrap();
    assert_eq!(Bundle::parse(&full.to_cbor()).unwrap(), full);
    assert_eq!(Bundle::parse(full.to_json().as_bytes()).unwrap(), full);
    let mut long = full.to_cbor();
    long.resize(MAX_BYTES + 1, 0);
    assert_eq!(Bundle::parse(&long), Err(BundleError::TooLarge { limit: MAX_BYTES }));
}

#[test]
fn times_and_tools() {
    let of = |change: &dyn Fn(&mut Collection)| {
        let mut collection = Collection::at(AT);
        change(&mut collection);
        inputs(&[(InputKind::HclReport, b"HCLA\x01")]).into_bundle(collection)
    };
    for seconds in [-62_167_219_200, 0, 951_782_399, 253_402_300_799] {
        let bundle = of(&|collection| collection.at = Time(seconds)).unwrap();
        assert_eq!(Bundle::parse(&bundle.to_cbor()).unwrap().collected().at, Time(seconds));
    }
    for seconds in [i64::MIN, -62_167_219_201, 253_402_300_800, i64::MAX] {
        assert_eq!(of(&|collection| collection.at = Time(seconds)), Err(BundleError::Time));
    }
    for tool in ["", "a \"quoted\" \\ tool", &"x".repeat(64)] {
        let bundle = of(&|collection| collection.tool = tool.to_owned()).unwrap();
        assert_eq!(Bundle::parse(bundle.to_json().as_bytes()).unwrap().collected().tool, tool);
    }
    for tool in ["\n", "\u{e9}", &"x".repeat(65)] {
        assert_eq!(of(&|collection| collection.tool = tool.to_owned()), Err(BundleError::Tool));
    }
    for report in [None, Some(ReportAge::Fresh), Some(ReportAge::Boot)] {
        let bundle = of(&|collection| collection.report = report).unwrap();
        assert_eq!(Bundle::parse(&bundle.to_cbor()).unwrap().collected().report, report);
    }
}
