//! What a client sees under each fault.

use std::time::{Duration, Instant};

use ciborium::Value;
use teeproof::Freshness;
use teeproof_twin::nsm::{Fault, Running, Settings};

use crate::client::{Client, entry, field, map, start};
use crate::documents::failures;

const NONCE: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const ATTEST: &[u8] = b"\xa1\x6bAttestation\xa0";

fn with(fault: Fault) -> Running {
    start(Settings { fault: Some(fault), ..Settings::default() })
}

fn checked(running: &Running, document: &[u8]) -> Vec<&'static str> {
    failures(document, running.root_der(), Freshness::nonce(NONCE).unwrap())
}

#[test]
fn replay_answers_the_first_document() {
    let running = with(Fault::Replay);
    let first = Client::of(&running).attest(None, Some(NONCE), None);
    assert_eq!(checked(&running, &first), [""; 0]);
    assert_eq!(Client::of(&running).attest(None, Some(&[1; 32]), None), first);
}

#[test]
fn the_nonce_is_another_under_a_valid_signature() {
    let running = with(Fault::Nonce);
    let document = Client::of(&running).attest(None, Some(NONCE), None);
    assert_eq!(checked(&running, &document), ["nitro.nonce"]);
    assert_eq!(entry(&document, "nonce").as_bytes().unwrap().len(), 32);
}

#[test]
fn an_unsigned_document_has_the_form_of_qemu() {
    let running = with(Fault::Unsigned);
    let document = Client::of(&running).attest(None, Some(NONCE), None);
    assert_eq!(document[..7], *b"\x84\x43\xa1\x01\x20\xa0\x59");
    assert_eq!(document[9], 0xa9);
    assert_eq!(document[document.len() - 66..], [&[0x58, 0x40][..], &[0; 64]].concat());
    assert_eq!(entry(&document, "certificate"), Value::Bytes(vec![0; 64]));
    assert_eq!(entry(&document, "cabundle"), Value::Array(vec![Value::Bytes(vec![0; 64])]));
    let millis: u64 = entry(&document, "timestamp").as_integer().unwrap().try_into().unwrap();
    assert_eq!(millis % 1000, 0);
    assert_eq!(checked(&running, &document), ["nitro.format"]);
}

#[test]
fn a_forged_document_fails_at_its_signature() {
    let running = with(Fault::Forged);
    let document = Client::of(&running).attest(None, Some(NONCE), None);
    assert_eq!(checked(&running, &document), ["nitro.signature"]);
}

#[test]
fn an_oversized_document_exceeds_device_and_verifier() {
    let running = with(Fault::Oversize);
    let mut client = Client::of(&running);
    let answer = client.bytes(ATTEST);
    assert!(answer.len() > 16_384, "{}", answer.len());
    assert!(client.attest(None, Some(NONCE), None).len() > 16_384);
    // Other requests are answered as ever.
    assert_eq!(client.exchange(&"DescribeNSM".into()).as_map().unwrap().len(), 1);
}

#[test]
fn a_cut_answer_is_a_whole_frame_of_half_an_answer() {
    let whole = Client::of(&start(Settings::default())).bytes(ATTEST);
    let cut = Client::of(&with(Fault::Cut)).bytes(ATTEST);
    assert!((whole.len() / 2 - 8..=whole.len() / 2 + 8).contains(&cut.len()));
    assert!(ciborium::from_reader::<Value, _>(cut.as_slice()).is_err());
}

#[test]
fn a_half_frame_ends_with_the_connection() {
    let running = with(Fault::HalfFrame);
    let mut client = Client::of(&running);
    let frame = [&14_u32.to_be_bytes()[..], ATTEST].concat();
    std::io::Write::write_all(&mut client.0, &frame).unwrap();
    let error = client.frame().unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    // Only documents.
    Client::of(&running).exchange(&"GetRandom".into());
}

#[test]
fn slow_answers_are_late() {
    let delay = Duration::from_millis(300);
    let running = start(Settings { fault: Some(Fault::Slow), delay, ..Settings::default() });
    let began = Instant::now();
    Client::of(&running).exchange(&"DescribeNSM".into());
    assert!(began.elapsed() >= delay);
}

#[test]
fn answers_of_another_kind_are_what_they_are() {
    let answer = Client::of(&with(Fault::WrongKind)).call("Attestation", []);
    assert_eq!(field(&answer, "GetRandom", "random").as_bytes().unwrap().len(), 256);
    assert_eq!(Client::of(&with(Fault::Garbage)).bytes(ATTEST), [0xff; 64]);
    let answer = Client::of(&with(Fault::InternalError)).call("Attestation", []);
    assert_eq!(answer, map("Error", "InternalError"));
}
