//! Answers that no module gives: each is an error with a name, and none allocates by a number in it.

use ciborium::Value;
use proptest::prelude::*;
use teeproof_nsm::{
    AttestationFields, ErrorCode, MAX_ANSWER, MessageError, Nsm, NsmError, NsmErrorClass, Response,
};

use super::module::{Saying, cbor, error, map, one};

/// The error of a document that is answered with these bytes.
fn attest(answer: Vec<u8>) -> NsmError {
    Saying(answer).attest(AttestationFields::of_nonce(b"nonce")).unwrap_err()
}

fn document(bytes: usize) -> Vec<u8> {
    cbor(&one("Attestation", one("document", Value::from(vec![1; bytes]))))
}

#[test]
fn an_answer_that_fills_the_buffer_or_is_cut_is_an_error() {
    let head = document(12_000).len() - 12_000;
    assert_eq!(
        Saying(document(MAX_ANSWER - head - 1)).attest(AttestationFields::default()).unwrap().len(),
        MAX_ANSWER - head - 1
    );
    for bytes in [MAX_ANSWER - head, 16 * 1024, 64 * 1024] {
        let full = attest(document(bytes));
        assert!(matches!(full, NsmError::AnswerFull { bytes: all, .. } if all >= bytes + head), "{full}");
    }
    let whole = document(5000);
    for cut in [0, 1, 12, 20, head, 4000, whole.len() - 1] {
        let error = attest(whole[..cut].to_vec());
        assert!(matches!(error, NsmError::AnswerCut { bytes, .. } if bytes == cut), "{cut}: {error}");
        assert_eq!(error.class(), NsmErrorClass::Malformed);
    }
}

#[test]
fn an_error_of_the_module_is_kept_by_its_name() {
    for (name, code) in [
        ("InvalidArgument", ErrorCode::InvalidArgument),
        ("InvalidIndex", ErrorCode::InvalidIndex),
        ("InvalidOperation", ErrorCode::InvalidOperation),
        ("ReadOnlyIndex", ErrorCode::ReadOnlyIndex),
        ("BufferTooSmall", ErrorCode::BufferTooSmall),
        ("InputTooLarge", ErrorCode::InputTooLarge),
        ("InternalError", ErrorCode::InternalError),
        ("InvalidResponse", ErrorCode::InvalidResponse),
        ("Success", ErrorCode::Unknown("Success".into())),
        ("Überlast\u{1b}[2J", ErrorCode::Unknown("Überlast\u{1b}[2J".into())),
    ] {
        assert_eq!(code.name(), name);
        match attest(cbor(&error(name))) {
            NsmError::Refused { request: "Attestation", code: got } => assert_eq!(got, code),
            other => panic!("{name}: {other}"),
        }
        assert!(!attest(cbor(&error(name))).to_string().contains('\u{1b}'));
    }
    let long = attest(cbor(&error(&"x".repeat(65))));
    assert!(matches!(long, NsmError::Undecodable { .. }), "{long}");
}

#[test]
fn an_answer_to_another_request_is_an_error_of_its_own() {
    for (answer, name) in [
        (cbor(&Value::from("LockPCR")), "LockPCR"),
        (cbor(&one("GetRandom", one("random", Value::from(vec![1; 8])))), "GetRandom"),
        (cbor(&one("ExtendPCR", one("data", Value::from(vec![1; 48])))), "ExtendPCR"),
    ] {
        match attest(answer) {
            NsmError::OtherAnswer { request: "Attestation", answer } => assert_eq!(answer, name),
            other => panic!("{name}: {other}"),
        }
    }
    let locked = Saying(cbor(&Value::from("LockPCRs"))).lock_pcr(3);
    assert!(matches!(locked, Err(NsmError::OtherAnswer { request: "LockPCR", answer: "LockPCRs" })));
}

#[test]
fn an_invalid_answer_is_named() {
    let twice = b"\xa1\x6bAttestation\xa2\x68document\x41a\x68document\x41b";
    assert!(matches!(
        attest(twice.to_vec()),
        NsmError::Undecodable { problem: MessageError::Duplicate { place: "Attestation", .. }, .. }
    ));
    let nested = [vec![0x81; 1000], vec![0]].concat();
    for (answer, says) in [
        (nested, "at most 4 CBOR containers"),
        ([&[0x99, 0x02, 0][..], &[0; 512]].concat(), "at most 256 CBOR items"),
        (b"\xa1\x6bAttestation\xa1\x68document\x5f\x41a\xff".to_vec(), "a string of definite length"),
        (b"\xa1\x7f\x6bAttestation\xff\xa1\x68document\x41a".to_vec(), "a string of definite length"),
        (b"\xa1\x6bAttestation\xa1\x68document\xc0\x41a".to_vec(), "no CBOR tag"),
        (
            cbor(&one("Attestation", one("document", Value::from("text")))),
            "expected a byte string, got the text text",
        ),
        (cbor(&one("Attestation", map(&[]))), "Attestation: document: missing"),
        (cbor(&one("Attestation", Value::Null)), "expected a map, got null"),
        (cbor(&one("Attest", Value::Null)), "expected the name of an answer, got the text Attest"),
        (cbor(&map(&[])), "got an empty map"),
        (cbor(&map(&[("Attestation", Value::Null), ("Error", Value::Null)])), "got a map of 2 entries"),
        (cbor(&Value::from("Attestation")), "expected LockPCR, LockPCRs or a map"),
        (cbor(&Value::from(1)), "expected a map, got the number 1"),
        ([document(10), vec![0]].concat(), "bytes follow after the item"),
    ] {
        let error = attest(answer);
        assert!(error.to_string().contains(says), "{error}");
        assert!(
            matches!(error, NsmError::Undecodable { request: "Attestation", .. }) && !error.hint().is_empty()
        );
    }
}

/// A change to the members of a description.
type Change<'a> = &'a dyn Fn(&mut Vec<(Value, Value)>);

#[test]
fn members_of_a_description_are_checked_by_type() {
    let good = |change: Change<'_>| {
        let mut members = map(&[
            ("version_major", Value::from(1)),
            ("version_minor", Value::from(0)),
            ("version_patch", Value::from(0)),
            ("module_id", Value::from("i-1-enc1")),
            ("max_pcrs", Value::from(32)),
            ("locked_pcrs", Value::Array(vec![Value::from(1), Value::from(0), Value::from(1)])),
            ("digest", Value::from("SHA384")),
        ])
        .into_map()
        .unwrap();
        change(&mut members);
        Saying(cbor(&one("DescribeNSM", Value::Map(members)))).describe()
    };
    assert_eq!(good(&|_| ()).unwrap().locked_pcrs, [0, 1]);
    // A newer module may say more.
    assert!(good(&|members| members.push((Value::from("new"), Value::Array(vec![Value::Null])))).is_ok());
    for at in 0..7 {
        assert!(good(&|members| _ = members.remove(at)).is_err(), "{at} missing");
        assert!(good(&|members| members[at].1 = Value::Bytes(Vec::new())).is_err(), "{at} of another type");
        assert!(good(&|members| members.push(members[at].clone())).is_err(), "{at} twice");
    }
    assert!(good(&|members| members[4].1 = Value::from(65_536)).is_err());
    assert!(good(&|members| members[4].1 = Value::from(-1)).is_err());
    assert!(good(&|members| members[3].1 = Value::from("x".repeat(257))).is_err());
    for length in [0, 31, 47, 49, 65] {
        let state = map(&[("lock", Value::from(true)), ("data", Value::from(vec![0; length]))]);
        let wrong = Saying(cbor(&one("DescribePCR", state))).describe_pcr(0);
        assert!(wrong.unwrap_err().to_string().contains("a hash of 32, 48 or 64 bytes"));
    }
}

#[test]
fn no_number_of_an_answer_allocates() {
    for answer in [
        b"\xa1\x6bAttestation\xa1\x68document\x5b\x00\x00\x01\x00\x00\x00\x00\x00".to_vec(),
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        [&b"\x9b\x00\x00\x01\x00\x00\x00\x00\x00"[..], &[0; 200]].concat(),
    ] {
        let heap = allocation_counter::measure(|| assert!(Response::from_cbor(&answer).is_err()));
        assert_eq!(heap.bytes_total, 0, "{answer:02x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Response::from_cbor(&bytes);
    }

    #[test]
    fn one_changed_byte_is_an_answer_or_an_error(at in 0_usize..200, to in any::<u8>()) {
        let mut bytes = cbor(&one("DescribePCR", map(&[
            ("lock", Value::from(true)),
            ("data", Value::from(vec![7; 48])),
        ])));
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = Response::from_cbor(&bytes);
    }

    #[test]
    fn a_description_is_parsed_as_it_was_written(
        version in any::<[u16; 3]>(),
        max_pcrs in any::<u16>(),
        locked in proptest::collection::btree_set(any::<u16>(), 0..40),
        module_id in "[ -~]{0,100}",
        reversed in any::<bool>(),
    ) {
        let mut members = vec![
            ("version_major", Value::from(version[0])),
            ("version_minor", Value::from(version[1])),
            ("version_patch", Value::from(version[2])),
            ("module_id", Value::from(module_id.as_str())),
            ("max_pcrs", Value::from(max_pcrs)),
            ("locked_pcrs", Value::Array(locked.iter().map(|at| Value::from(*at)).collect())),
            ("digest", Value::from("SHA384")),
        ];
        if reversed {
            members.reverse();
        }
        let parsed = Saying(cbor(&one("DescribeNSM", map(&members)))).describe().unwrap();
        prop_assert_eq!(parsed.version, version);
        prop_assert_eq!(parsed.max_pcrs, max_pcrs);
        prop_assert_eq!(parsed.module_id, module_id);
        prop_assert_eq!(parsed.locked_pcrs, locked.into_iter().collect::<Vec<_>>());
    }
}
