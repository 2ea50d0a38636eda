//! The frame: COSE_Sign1 under ES384, and its signature.

use teeproof_mint::nitro::Enclave;
use teeproof_mint::{Key, Kind as KeyKind, SignatureHalf, Value};
use teeproof_wire::ErrorKind;

use crate::support::{Bag, Expected, SIGNATURE, refused, replace};

const FRAME: &str = "COSE_Sign1";
const PROTECTED: &str = "COSE_Sign1: protected header";
const UNPROTECTED: &str = "COSE_Sign1: unprotected header";
const SIGNATURE_FIELD: &str = "COSE_Sign1: signature";

#[test]
fn an_untouched_enclave_is_accepted() {
    let seen = Bag::of(&Enclave::new()).verify().unwrap();
    assert_eq!(seen.module_id, "i-0123456789abcdef0-enc0123456789abcdef");
    assert_eq!(seen.pcrs, (0..16).collect::<Vec<_>>());
    assert!(!seen.debug && !seen.production);
    assert_eq!(seen.age, Some(0));
}

#[test]
fn a_tag_before_the_frame() {
    refused(
        |enclave| enclave.with_cose(|cose| cose.tagged = true),
        Expected::Format(ErrorKind::Value, FRAME),
    );
}

#[test]
fn other_algorithms_and_headers() {
    for protected in [
        // ES256, ES512, EdDSA, PS384, HMAC 256/256.
        &[0xa1, 0x01, 0x26][..],
        &[0xa1, 0x01, 0x38, 0x23],
        &[0xa1, 0x01, 0x27],
        &[0xa1, 0x01, 0x38, 0x25],
        &[0xa1, 0x01, 0x05],
        // The text "ES384"; nothing; an empty map; ES384 twice, with content type, with crit.
        b"\xa1\x01\x65ES384",
        &[],
        &[0xa0],
        &[0xa2, 0x01, 0x38, 0x22, 0x01, 0x38, 0x22],
        &[0xa2, 0x01, 0x38, 0x22, 0x03, 0x00],
        &[0xa2, 0x01, 0x38, 0x22, 0x02, 0x81, 0x01],
        // ES384 in longer words: an indefinite map, a longer integer, a longer key.
        &[0xbf, 0x01, 0x38, 0x22, 0xff],
        &[0xa1, 0x01, 0x39, 0x00, 0x22],
        &[0xa1, 0x18, 0x01, 0x38, 0x22],
    ] {
        refused(
            |enclave| enclave.with_cose(|cose| cose.protected = protected.to_vec()),
            Expected::Format(ErrorKind::Unsupported, PROTECTED),
        );
    }
}

#[test]
fn anything_in_the_header_that_is_not_signed() {
    let map = |entries: &[(Value, Value)]| Value::Map(entries.to_vec());
    for value in [
        map(&[(1.into(), (-35).into())]),
        map(&[(4.into(), Value::Bytes(vec![1]))]),
        map(&[("x".into(), Value::Null)]),
        Value::Array(vec![]),
        Value::Bytes(vec![]),
        Value::Null,
    ] {
        refused(
            |enclave| enclave.with_cose(|cose| cose.unprotected = value),
            Expected::Format(ErrorKind::Value, UNPROTECTED),
        );
    }
}

/// The frame's own bytes, changed after signing: none of these changes what was signed.
#[test]
fn the_frame_in_other_words() {
    let good = Bag::of(&Enclave::new());
    good.verify().unwrap();
    let splice = |range: std::ops::Range<usize>, new: &[u8], expected| {
        let mut bag = good.clone();
        bag.document.splice(range, new.iter().copied());
        bag.refused(expected);
    };
    let frame = |what| Expected::Format(ErrorKind::Value, what);
    splice(0..0, &[0xd2], frame(FRAME));
    splice(0..1, &[0x83], frame(FRAME));
    splice(0..1, &[0x85], frame(FRAME));
    splice(0..1, &[0x98, 0x04], frame(FRAME));
    splice(0..1, &[0x9f], frame(FRAME));
    splice(0..1, &[0xa4], frame(FRAME));
    splice(1..2, &[0x58, 0x04], frame(PROTECTED));
    splice(1..2, &[0x64], frame(PROTECTED));
    splice(6..7, &[0xbf, 0xff], frame(UNPROTECTED));
    splice(6..7, &[0xb8, 0x00], frame(UNPROTECTED));
    let length = good.document[8..10].to_vec();
    splice(7..10, &[&[0x5a, 0, 0], &length[..]].concat(), frame("COSE_Sign1: payload"));
    splice(7..8, &[0x79], frame("COSE_Sign1: payload"));
    splice(7..8, &[0x5f], frame("COSE_Sign1: payload"));
    let end = good.document.len();
    splice(end - 98..end - 96, &[0x59, 0, 96], frame(SIGNATURE_FIELD));
    splice(end - 98..end - 97, &[0x78], frame(SIGNATURE_FIELD));
    for more in [&[0x00][..], &[0xf6], &[0xff], &[0; 96]] {
        splice(end..end, more, Expected::Format(ErrorKind::Trailing, FRAME));
    }
    let mut twice = good.clone();
    twice.document.extend_from_within(..);
    twice.refused(Expected::Format(ErrorKind::Trailing, FRAME));
}

#[test]
fn every_shorter_document() {
    let good = Bag::of(&Enclave::new());
    for length in 0..good.document.len() {
        let mut bag = good.clone();
        bag.document.truncate(length);
        let what = match length {
            0 => FRAME,
            1..6 => PROTECTED,
            6 => UNPROTECTED,
            _ if length < good.document.len() - 98 => "COSE_Sign1: payload",
            _ => SIGNATURE_FIELD,
        };
        bag.refused(Expected::Format(ErrorKind::Truncated, what));
    }
    println!("{} lengths refused", good.document.len());
}

#[test]
fn documents_larger_than_any_real_one() {
    // A document of this many bytes, most of them a public key.
    let of = |total: usize| {
        let key = |length: usize| {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            [&[0x59, high, low][..], &vec![7; length]].concat()
        };
        let mut bag = Bag::edited(&Enclave::new().public_key(&[7; 1000]), |payload| {
            let more = total - 108 - payload.len();
            replace(payload, &key(1000), &key(1000 + more));
        });
        bag.limits.field_bytes = 16_384;
        assert_eq!(bag.document.len(), total);
        bag
    };
    of(16_384).verify().unwrap();
    of(16_385).refused(Expected::Format(ErrorKind::TooLarge, FRAME));
    of(40_000).refused(Expected::Format(ErrorKind::TooLarge, FRAME));
}

#[test]
fn signatures_of_other_lengths() {
    for length in [0, 1, 48, 95, 97, 104, 192] {
        refused(
            |enclave| enclave.with_cose(|cose| cose.signature = Some(vec![1; length])),
            Expected::Format(ErrorKind::Value, SIGNATURE_FIELD),
        );
    }
}

#[test]
fn signatures_out_of_range() {
    let order = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
        \xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\
        \x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73";
    let good = Bag::of(&Enclave::new());
    good.verify().unwrap();
    let at = good.document.len() - 96;
    let mut one = [0; 48];
    one[47] = 1;
    for value in [&[0; 48], order, &[0xff; 48], &one] {
        for places in [&[0][..], &[48], &[0, 48]] {
            let mut bag = good.clone();
            for place in places {
                bag.document[at + place..][..48].copy_from_slice(value);
            }
            bag.refused(SIGNATURE);
        }
    }
}

#[test]
fn either_half_of_a_signature() {
    for half in [SignatureHalf::Low, SignatureHalf::High] {
        for _ in 0..4 {
            let enclave = Enclave::new().with_cose(|cose| cose.signature_half = half);
            Bag::of(&enclave).verify().unwrap();
        }
    }
}

#[test]
fn signed_by_another_key_or_over_something_else() {
    refused(
        |mut enclave| {
            enclave.document_signer = Some(Key::fresh(KeyKind::P384));
            enclave
        },
        SIGNATURE,
    );
    // An authority of the chain is not the leaf.
    refused(
        |mut enclave| {
            enclave.document_signer = Some(enclave.chain[3].key.clone());
            enclave
        },
        SIGNATURE,
    );
    refused(|enclave| enclave.with_cose(|cose| cose.external_aad = vec![0]), SIGNATURE);
    let mut bag = Bag::of(&Enclave::new().nonce(b"nonce one"));
    bag.verify().unwrap();
    replace(&mut bag.document, b"nonce one", b"nonce onf");
    bag.refused(SIGNATURE);
}

#[test]
fn the_map_written_in_another_way_after_signing() {
    // As it was until 2025 and as it is since: both are accepted when that is what was signed.
    let enclave = Enclave::new();
    let definite = enclave.clone().with_document(|document| document.set_definite(true));
    Bag::of(&definite).verify().unwrap();
    let mut bag = Bag::of(&enclave);
    bag.verify().unwrap();
    // bf … ff becomes a9 …: one byte less.
    let end = bag.document.len() - 98;
    assert_eq!((bag.document[10], bag.document[end - 1]), (0xbf, 0xff));
    let length = u16::from_be_bytes([bag.document[8], bag.document[9]]) - 1;
    bag.document.remove(end - 1);
    bag.document[10] = 0xa9;
    bag.document[8..10].copy_from_slice(&length.to_be_bytes());
    bag.refused(SIGNATURE);
}
