//! How much work hostile input can cause, counted: every hash goes through a table that counts.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use teeproof_core::{BadSignature, Crypto, Digest, RsaKey, VerifyRsa};
use teeproof_mint::azure::{Event, EventLog, Selection};
use teeproof_tpm::Error;
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::*;

/// SHA-256, counted: one of these for each verification.
struct Counter {
    calls: AtomicUsize,
    bytes: AtomicUsize,
}

impl Digest<32> for Counter {
    fn digest(&self, message: &[&[u8]]) -> [u8; 32] {
        self.calls.fetch_add(1, Relaxed);
        self.bytes.fetch_add(message.iter().map(|part| part.len()).sum(), Relaxed);
        teeproof_aws_lc::TABLE.sha256.digest(message)
    }
}

/// Believes every signature, so that what is behind it is reached.
struct Credulous;

impl VerifyRsa for Credulous {
    fn verify(&self, _: RsaKey<'_>, _: &[&[u8]], _: &[u8]) -> Result<(), BadSignature> {
        Ok(())
    }
}

/// A table that counts hashes and believes signatures, and what it counts.
fn counting() -> (Crypto<'static>, &'static Counter) {
    let counter: &'static Counter =
        Box::leak(Box::new(Counter { calls: AtomicUsize::new(0), bytes: AtomicUsize::new(0) }));
    (
        Crypto { name: "counting", sha256: counter, rsa_pkcs1_sha256: &Credulous, ..teeproof_aws_lc::TABLE },
        counter,
    )
}

/// Two for the signer's name, and one for the registers.
const QUOTE: usize = 3;

#[test]
fn each_event_is_hashed_once() {
    for events in [0, 1, 10, 1_000, 16_384] {
        let mut log = EventLog::default();
        for event in 0..events {
            log = log.with(Event::new(event % 7, Event::IPL, vec![0x5a; 3]));
        }
        let bag = Bag::of(&vm().log(log));
        let (crypto, counter) = counting();
        let seen = bag.verify_under(&crypto).unwrap().log.unwrap();
        let events = usize::try_from(events).unwrap();
        assert_eq!(seen.events, events);
        assert_eq!(counter.calls.load(Relaxed), QUOTE + events);
        // Register and digest, whatever the event's data are.
        let quote = 280 + 38 + 24 * 32;
        assert_eq!(counter.bytes.load(Relaxed), quote + events * 64);
    }
}

#[test]
fn events_of_register_7_are_hashed_once_more() {
    let log = EventLog::booted_securely();
    let extending = log.events.iter().filter(|event| event.kind != Event::NO_ACTION).count();
    let in_7 = log.events.iter().filter(|event| event.register == 7).count();
    let (crypto, counter) = counting();
    let bag = Bag::of(&vm().log(log));
    assert!(bag.verify_under(&crypto).unwrap().log.unwrap().secure_boot.is_ok());
    assert_eq!(counter.calls.load(Relaxed), QUOTE + extending + in_7);
}

#[test]
fn events_of_registers_that_were_not_quoted_are_not_hashed() {
    let log = EventLog::booted_securely();
    let in_0 =
        log.events.iter().filter(|event| event.register == 0 && event.kind != Event::NO_ACTION).count();
    let (crypto, counter) = counting();
    Bag::of(&vm().log(log).pcr_selection(&[0])).verify_under(&crypto).unwrap();
    assert_eq!(counter.calls.load(Relaxed), QUOTE + in_0);
}

#[test]
fn thousands_of_selections_are_refused_unhashed() {
    for count in [9, 500, 3_000, 10_000] {
        let many = vec![Selection::sha256(&[0, 1, 2]); count];
        let bag = Bag::of(&vm().with_quote(|quote| quote.selections = many));
        let (crypto, counter) = counting();
        let error = bag.verify_under(&crypto).unwrap_err();
        assert!(matches!(error, Error::Message(WireError { kind: ErrorKind::TooLarge, .. })), "{error}");
        assert_eq!(counter.calls.load(Relaxed), 0);
    }
}

#[test]
fn four_mebibytes_of_garbage_are_refused_unhashed() {
    const MIB: usize = 1 << 20;
    let head = EventLog::default().bytes().unwrap();
    let large = Event::new(0, Event::IPL, vec![0x5a; 1_000]);
    let event = EventLog::default().with(large).bytes().unwrap()[head.len()..].to_vec();
    let small = EventLog::default().with(Event::separator(0)).bytes().unwrap()[head.len()..].to_vec();
    let many = [&head[..], &small.repeat(16_385)].concat();
    // Noise; noise behind a header; events up to the limit, the last one cut off; one event and one
    // byte too many.
    let noise: Vec<u8> = (0..4 * MIB as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let behind = [&head[..], &noise[head.len()..]].concat();
    let mut events = head.clone();
    while events.len() < 4 * MIB {
        events.extend_from_slice(&event);
    }
    events.truncate(4 * MIB);
    let too_long = vec![0; 4 * MIB + 1];
    for (log, kind) in [
        (&noise, ErrorKind::Unsupported),
        (&behind, ErrorKind::Value),
        (&events, ErrorKind::Truncated),
        (&many, ErrorKind::TooLarge),
        (&too_long, ErrorKind::TooLarge),
    ] {
        let (crypto, counter) = counting();
        let error = Bag { log: Some(log.clone()), ..Bag::of(&vm()) }.verify_under(&crypto).unwrap_err();
        assert!(matches!(error, Error::Log(found) if found.kind == kind), "{error}");
        assert_eq!(counter.calls.load(Relaxed), QUOTE);
    }
}

#[test]
fn the_longest_log_is_read_in_one_pass() {
    const MIB: usize = 1 << 20;
    let log = EventLog::default();
    let head = log.bytes().unwrap();
    let event =
        log.clone().with(Event::new(0, Event::IPL, vec![0x5a; 200])).bytes().unwrap()[head.len()..].to_vec();
    let count = (4 * MIB - head.len()) / event.len();
    let mut bytes = [&head[..], &event.repeat(count)].concat();
    bytes.resize(4 * MIB, 0xff);
    let (crypto, counter) = counting();
    let seen = Bag { log: Some(bytes), ..Bag::of(&vm().log(log)) }.verify_under(&crypto).unwrap();
    assert!(!seen.log.unwrap().explains_all);
    assert_eq!(counter.calls.load(Relaxed), QUOTE + count);
}
