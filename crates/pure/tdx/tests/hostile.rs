//! Hostile input: arbitrary and damaged bytes give an error or a value, and never a panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use proptest::prelude::*;
use teeproof_core::{Freshness, Time};
use teeproof_tdx::{Collateral, CollateralKind, Error, SignedJson, TdxEvidence, TdxVerification, verify};

/// A quote of version 4 with this PEM; its other fields are `byte`.
fn quote(byte: u8, pem: &[u8]) -> Vec<u8> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    let vendor = *b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07";
    let header = [&[4, 0, 2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0][..], &vendor, &[byte; 20]].concat();
    let inner = [&[byte; 448][..], &[2, 0, byte, byte, 5, 0], &size(pem), pem].concat();
    let data = [&[byte; 128][..], &[6, 0], &size(&inner), &inner].concat();
    [&header[..], &[byte; 584], &size(&data), &data].concat()
}

fn error_of(bytes: &[u8], documents: &[SignedJson<'_>]) -> Error {
    let evidence = match TdxEvidence::parse(bytes) {
        Ok(evidence) => evidence,
        Err(error) => return error,
    };
    let verification =
        TdxVerification::new(Freshness::Waived("a test"), Time(0), &teeproof_rustcrypto::TABLE);
    let collateral = Collateral { documents, certificates: &[] };
    verify(&evidence, &collateral, &verification, &mut ()).map(|_| ()).unwrap_err()
}

fn shown(error: &Error) {
    let text = error.to_string();
    assert!(!text.is_empty());
    assert!(error.check().classes.contains(&error.class()), "{}: {:?}", error.check().id, error.class());
}

/// A certificate of the pinned root in PEM.
fn root() -> String {
    teeproof_mint::x509::pem(teeproof_tdx::INTEL_ROOT)
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        shown(&error_of(&bytes, &[]));
        shown(&error_of(&quote(0, &bytes), &[]));
    }

    #[test]
    fn damaged_pem(at in 0_usize..1000, byte in any::<u8>(), cut in 0_usize..1000) {
        let mut pem = root().into_bytes();
        let length = pem.len();
        pem[at % length] = byte;
        shown(&error_of(&quote(byte, &pem), &[]));
        shown(&error_of(&quote(byte, &pem[..cut % length]), &[]));
    }

    #[test]
    fn damaged_quotes(at in 0_usize..2000, byte in any::<u8>(), cut in 0_usize..2000) {
        let mut bytes = quote(7, root().as_bytes());
        let length = bytes.len();
        bytes[at % length] = byte;
        shown(&error_of(&bytes, &[]));
        shown(&error_of(&bytes[..cut % length], &[]));
    }

    #[test]
    fn arbitrary_documents(text in ".{0,400}", signature in "[0-9a-fA-F]{128}") {
        prop_assert!(SignedJson::parse(&text).is_err());
        let document = SignedJson::from_parts(CollateralKind::TcbInfo, &text, &signature).unwrap();
        shown(&error_of(&quote(1, root().as_bytes()), &[document]));
        let response = format!("{{\"tcbInfo\":{{\"a\":[1, 2]}},\"signature\":\"{signature}\"}}");
        prop_assert_eq!(SignedJson::parse(&response).unwrap().body(), "{\"a\":[1, 2]}");
    }
}
