//! The CBOR and COSE libraries that evidence is made with, compared with the reader that it is verified
//! with: the measurements behind `docs/decisions/cbor.md`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![allow(clippy::disallowed_methods, reason = "tests read the vectors from files")]

use ciborium::Value;
use coset::{Algorithm, CborSerializable, CoseSign1, TaggedCborSerializable, iana};
use std::collections::BTreeMap;
use teeproof_mint::nitro::Enclave;
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits, Signers};
use teeproof_wire::{Error, ErrorKind, Reader, cbor};

/// What ciborium reads from the front of some bytes.
fn theirs(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).unwrap()
}

/// What our reader says of bytes that should be one item.
fn ours(bytes: &[u8]) -> Result<(), Error> {
    Reader::all(bytes, 0, "item", |reader| cbor::skip(reader, "item"))
}

fn real_documents() -> Vec<Vec<u8>> {
    let folder = format!("{}/../../../testdata/nitro", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|path| std::fs::read(path).unwrap()).collect()
}

#[test]
fn both_read_the_real_documents() {
    let documents = real_documents();
    assert_eq!(documents.len(), 9);
    for bytes in documents {
        let frame = Sign1::parse(&bytes).unwrap();
        let document = Document::parse(frame.payload(), 0, &Limits::USUAL).unwrap();
        let theirs = CoseSign1::from_slice(&bytes).unwrap();
        assert!(CoseSign1::from_tagged_slice(&bytes).is_err(), "real documents have no tag");
        assert_eq!(theirs.protected.header.alg, Some(Algorithm::Assigned(iana::Algorithm::ES384)));
        assert_eq!(theirs.payload.as_deref(), Some(frame.payload()));
        assert_eq!(theirs.signature, frame.signature());
        // The same bytes are signed.
        let signed = frame.signed(|parts| parts.concat());
        assert_eq!(theirs.tbs_data(b""), signed);
        // The same fields are read.
        let map = self::theirs(frame.payload()).into_map().unwrap();
        let field = |key: &str| &map.iter().find(|(found, _)| found.as_text() == Some(key)).unwrap().1;
        assert_eq!(field("module_id").as_text(), Some(document.module_id));
        assert_eq!(field("timestamp").as_integer(), Some(document.timestamp.into()));
        assert_eq!(field("nonce").as_bytes().map(Vec::as_slice), document.nonce);
        assert_eq!(field("pcrs").as_map().unwrap().len(), document.pcrs.iter().count());
    }
}

/// Everything that a document gives is a part of the input.
#[test]
fn our_reader_borrows_and_coset_copies() {
    let document = Enclave::new().nonce(b"a nonce").mint().unwrap().document;
    let inside = |part: &[u8]| document.as_ptr_range().contains(&part.as_ptr());
    let frame = Sign1::parse(&document).unwrap();
    let read = Document::parse(frame.payload(), 0, &Limits::USUAL).unwrap();
    let signers = Signers::find(frame.payload(), 0).unwrap();
    assert!(inside(frame.payload()) && inside(frame.signature()));
    assert!(inside(read.module_id.as_bytes()) && inside(read.nonce.unwrap()));
    assert!(read.pcrs.iter().all(|(_, value)| inside(value)));
    assert!(signers.cabundle.as_slice().iter().all(|der| inside(der)));
    // Of what is hashed, the payload is not copied either.
    frame.signed(|parts| assert!(parts.iter().any(|part| inside(part) && part.len() > 4000)));
    let copied = CoseSign1::from_slice(&document).unwrap();
    assert!(!inside(copied.payload.as_deref().unwrap()));
}

#[test]
fn ciborium_keeps_keys_that_are_there_twice() {
    let twice = b"\xa2\x65nonce\x41\x01\x65nonce\x41\x02";
    assert_eq!(theirs(twice).as_map().unwrap().len(), 2);
    // Into a map, the last one wins; whoever searches a list finds the first.
    let last: BTreeMap<String, Value> = ciborium::from_reader(&twice[..]).unwrap();
    assert_eq!(last["nonce"], Value::Bytes(vec![2]));
    let payload = Enclave::new().with_document(|document| document.repeat("nonce")).mint().unwrap().payload;
    let error = Document::parse(&payload, 0, &Limits::USUAL).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Duplicate);
}

#[test]
fn ciborium_does_not_look_for_the_end() {
    for more in [&[0x00][..], &[0xff], b"anything"] {
        let bytes = [&[0x41, 0x07], more].concat();
        assert_eq!(theirs(&bytes), Value::Bytes(vec![7]));
        assert_eq!(ours(&bytes).unwrap_err().kind, ErrorKind::Trailing);
    }
}

#[test]
fn ciborium_reads_longer_forms_alike() {
    for (bytes, value) in [
        (&[0x18, 0x07][..], Value::from(7)),
        (&[0x1b, 0, 0, 0, 0, 0, 0, 0, 7], Value::from(7)),
        (&[0x58, 0x01, 0x07], Value::Bytes(vec![7])),
        (&[0x98, 0x00], Value::Array(vec![])),
        (&[0xb9, 0x00, 0x00], Value::Map(vec![])),
        // In chunks: two pieces cannot be borrowed as one.
        (&[0x5f, 0x41, 0x07, 0x41, 0x08, 0xff], Value::Bytes(vec![7, 8])),
        (b"\x7f\x61a\x61b\xff", Value::from("ab")),
    ] {
        assert_eq!(theirs(bytes), value);
        assert_eq!(ours(bytes).unwrap_err().kind, ErrorKind::Value, "{bytes:02x?}");
    }
}

#[test]
fn ciborium_reads_types_that_no_document_has() {
    for bytes in [&[0xf7][..], &[0xf5], &[0xf9, 0x3c, 0x00], &[0xd8, 0x18, 0x41, 0x07]] {
        theirs(bytes);
        assert_eq!(ours(bytes).unwrap_err().kind, ErrorKind::Value, "{bytes:02x?}");
    }
}

/// ciborium recurses and has a bound; our reader steps over in a loop and needs none.
#[test]
fn deep_nesting() {
    let deep = |levels: usize| [&vec![0x81; levels][..], &[0x00]].concat();
    ours(&deep(1_000_000)).unwrap();
    assert!(ciborium::from_reader::<Value, _>(&deep(200)[..]).is_ok());
    assert!(ciborium::from_reader::<Value, _>(&deep(1000)[..]).is_err());
}

/// coset keeps the protected header's bytes, refuses what follows after the frame, and leaves the
/// profile to its caller: which algorithm, which form, what is not signed.
#[test]
fn what_coset_leaves_to_its_caller() {
    let minted = |protected: &[u8]| {
        Enclave::new().with_cose(|cose| cose.protected = protected.to_vec()).mint().unwrap().document
    };
    let es384 = Some(Algorithm::Assigned(iana::Algorithm::ES384));
    for (protected, alg) in [
        // A longer integer, an indefinite map: the same meaning, other bytes.
        (&b"\xa1\x01\x39\x00\x22"[..], es384.clone()),
        (b"\xbf\x01\x38\x22\xff", es384),
        // Another algorithm, a text, nothing at all.
        (b"\xa1\x01\x26", Some(Algorithm::Assigned(iana::Algorithm::ES256))),
        (b"\xa1\x01\x65ES384", Some(Algorithm::Text("ES384".to_owned()))),
        (b"", None),
    ] {
        let document = minted(protected);
        assert_eq!(CoseSign1::from_slice(&document).unwrap().protected.header.alg, alg);
        assert_eq!(Sign1::parse(&document).unwrap_err().kind, ErrorKind::Unsupported);
    }
    let mut document = Enclave::new().mint().unwrap().document;
    document.push(0);
    assert!(CoseSign1::from_slice(&document).is_err(), "coset looks for the end");
    assert_eq!(Sign1::parse(&document).unwrap_err().kind, ErrorKind::Trailing);
    let unsigned = Enclave::new()
        .with_cose(|cose| cose.unprotected = Value::Map(vec![(4.into(), Value::Bytes(vec![1]))]))
        .mint()
        .unwrap()
        .document;
    assert_eq!(CoseSign1::from_slice(&unsigned).unwrap().unprotected.key_id, [1]);
    assert_eq!(Sign1::parse(&unsigned).unwrap_err().kind, ErrorKind::Value);
    let short = Enclave::new().with_cose(|cose| cose.signature = Some(vec![1; 95])).mint().unwrap().document;
    assert_eq!(CoseSign1::from_slice(&short).unwrap().signature.len(), 95);
    assert_eq!(Sign1::parse(&short).unwrap_err().kind, ErrorKind::Value);
}
