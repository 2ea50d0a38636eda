//! The formats of event logs, and what events make of registers: every log that can be written is
//! read, and replayed to what an independent replay makes of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod described;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sha2::{Digest, Sha256, Sha384};
use teeproof_mint::azure::{Algorithm, Event, EventLog as Minted};
use teeproof_wire::eventlog::{EventLog, Format, mr_name};
use teeproof_wire::{Describe, ErrorKind};

use described::Described;

fn sha256(old: &[u8; 32], digest: &[u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(old).chain_update(digest).finalize().into()
}

fn sha384(old: &[u8; 48], digest: &[u8; 48]) -> [u8; 48] {
    Sha384::new().chain_update(old).chain_update(digest).finalize().into()
}

/// What a log's events make of the registers, those that they extend.
fn replayed<const N: usize>(
    log: &EventLog<'_>,
    bank: u16,
    extend: fn(&[u8; N], &[u8; N]) -> [u8; N],
) -> BTreeMap<u32, Vec<u8>> {
    let registers = (0..).zip(log.replay(bank, |_| true, extend));
    registers.filter_map(|(index, value)| Some((index, value?.to_vec()))).collect()
}

#[test]
fn each_format_is_described_and_parsed() {
    for (minted, format, events) in [
        (Minted::booted_securely(), Format::CryptoAgile, Minted::booted_securely().events.len()),
        (Minted::ccel(), Format::ConfidentialComputing, 8),
        (
            Minted::of_attestation_agent(23, &["coco.com op one", "coco.com op two"]),
            Format::AttestationAgent,
            2,
        ),
        (Minted::of_tcg_1_2(), Format::Sha1, Minted::booted_securely().events.len() - 1),
    ] {
        let bytes = minted.bytes().unwrap();
        assert_eq!(Format::peek(&bytes), Some(format));
        let log = EventLog::parse(&bytes).unwrap();
        assert_eq!((log.format(), log.len(), log.events().count()), (format, events, events));
        assert_eq!(log.padding(), minted.padding.len());
        let lines = Described::of(&log).lines;
        assert_eq!(lines[0], format!("format: {}", format.as_str()));
        assert_eq!(lines[1], format!("events: {events}"));
    }
}

#[test]
fn events_with_fewer_digests_leave_the_other_banks_alone() {
    let whole = Minted::booted_securely();
    let mut minted = whole.clone();
    minted.events.push(Event::new(12, Event::EVENT_TAG, b"loader".to_vec()).in_banks(&[Algorithm::SHA1]));
    minted.events.push(Event::new(13, Event::IPL, b"nothing at all".to_vec()).in_banks(&[]));
    let bytes = minted.bytes().unwrap();
    let log = EventLog::parse(&bytes).unwrap();
    let counts: Vec<_> = log.events().map(|event| event.digests().count()).collect();
    assert_eq!(counts[counts.len() - 3..], [3, 1, 0]);
    let last = log.events().nth(counts.len() - 2).unwrap();
    assert_eq!((last.sha256(), last.digest(4).map(<[u8]>::len)), (None, Some(20)));
    assert_eq!(replayed(&log, 0x000b, sha256), whole.replay(Algorithm::SHA256));
    assert_eq!(replayed(&log, 0x000c, sha384), whole.replay(Algorithm::SHA384));
    assert!(minted.replay(Algorithm::SHA1).contains_key(&12));
}

#[test]
fn windows_notes_on_register_0xffffffff_extend_nothing() {
    let mut minted = Minted::booted_securely();
    for (at, kind) in [(3, Event::EVENT_TAG), (5, Event::NO_ACTION), (9, 0x1234_5678)] {
        minted.events.insert(at, Event::new(u32::MAX, kind, vec![7; 24]));
    }
    let bytes = minted.bytes().unwrap();
    let log = EventLog::parse(&bytes).unwrap();
    assert!(log.events().filter(|event| event.index == u32::MAX).all(|event| !event.extends()));
    assert_eq!(replayed(&log, 0x000b, sha256), Minted::booted_securely().replay(Algorithm::SHA256));
    let lines = Described::of(&log).lines;
    assert!(lines.contains(&"pcrIndex: 4294967295 (measured into no register)".to_owned()), "{lines:#?}");
}

#[test]
fn a_ccel_is_of_measurement_registers() {
    let minted = Minted::ccel();
    let bytes = minted.bytes().unwrap();
    let log = EventLog::parse(&bytes).unwrap();
    assert!(!log.format().measures_pcrs() && !log.format().is_of_firmware());
    assert_eq!(replayed(&log, 0x000c, sha384), minted.replay(Algorithm::SHA384));
    assert_eq!(minted.replay(Algorithm::SHA384).keys().copied().collect::<Vec<_>>(), [1, 2, 3]);
    let lines = Described::of(&log).lines;
    for line in ["mrIndex: 1 (RTMR0 on TDX)", "event: 20 bytes (tag 0x8f3b22ec: Linux initrd)"] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
    }
    assert_eq!((mr_name(0), mr_name(4), mr_name(5)), ("MRTD on TDX", "RTMR3 on TDX", "no register of TDX"));
}

#[test]
fn the_attestation_agents_log_needs_no_spec_id() {
    // As guest-components write it: a header of 73 bytes, or of 65 with SHA-384 alone.
    let bytes = Minted::of_attestation_agent(17, &["coco.com start it"]).bytes().unwrap();
    assert_eq!(bytes[28..60], [&[0x29, 0, 0, 0][..], &[0; 24], &[3, 0, 0, 0]].concat());
    let log = EventLog::parse(&bytes).unwrap();
    assert_eq!(log.algorithms().iter().collect::<Vec<_>>(), [(11, 32), (12, 48), (18, 32)]);
    assert_eq!(replayed(&log, 0x000b, sha256).len(), 1);
    let mut old = vec![0; 65];
    (old[4], old[28], old[56], old[60], old[62]) = (3, 0x21, 1, 0x0c, 0x30);
    let none = [&old[..], &[0xff; 8]].concat();
    assert!(EventLog::parse(&none).unwrap().is_empty());
    assert_eq!(Format::peek(&none), Some(Format::AttestationAgent));
    // A header that only begins like one is not one.
    old.truncate(50);
    old[28] = 18;
    let error = EventLog::parse(&old).unwrap_err();
    assert_eq!((error.kind, error.offset), (ErrorKind::Unsupported, 0));
}

#[test]
fn a_broken_log_says_where_it_breaks() {
    for minted in [Minted::booted_securely(), Minted::ccel(), Minted::of_tcg_1_2()] {
        let bytes = minted.bytes().unwrap();
        let log = EventLog::parse(&bytes).unwrap();
        let event = log.events().nth(3).unwrap();
        let cut = &bytes[..event.offset + 9];
        assert_eq!(Format::peek(cut), Some(log.format()), "still described");
        let error = EventLog::parse(cut).unwrap_err();
        assert_eq!((error.kind, error.offset), (ErrorKind::Truncated, event.offset + 8));
        let mut bent = bytes.clone();
        bent[event.offset] = 24;
        let error = EventLog::parse(&bent).unwrap_err();
        assert_eq!(
            (error.kind, error.what, error.offset),
            (ErrorKind::Value, "event: pcrIndex", event.offset)
        );
    }
}

#[test]
fn what_is_no_log_is_not_taken_for_one() {
    let mut report = vec![0; 1184];
    (report[0], report[4], report[0x34]) = (2, 1, 1);
    for bytes in [vec![], vec![0; 64], vec![0xff; 64], vec![0; 4096], b"HCLA".repeat(20), report] {
        assert_eq!(Format::peek(&bytes), None);
        assert!(EventLog::parse(&bytes).is_err());
    }
}

/// The banks of a log: some of those that are known, and perhaps one that nobody knows.
fn banks() -> impl Strategy<Value = Vec<Algorithm>> {
    let unknown = (1_u16..=64).prop_map(|digest_size| Algorithm { id: 0x7777, digest_size });
    let known = [Algorithm::SHA1, Algorithm::SHA256, Algorithm::SHA384, Algorithm::SHA512, Algorithm::SM3];
    let some = prop::sample::subsequence(known.to_vec(), 1..=5).prop_shuffle();
    (some, prop::option::of(unknown)).prop_map(|(some, more)| some.into_iter().chain(more).collect())
}

/// An event as it is planned: register, kind, data, and which of the banks it has digests of.
type Plan = (u32, u32, Vec<u8>, Vec<bool>, bool);

fn event() -> impl Strategy<Value = Plan> {
    let index = prop_oneof![8 => 0_u32..24, 1 => Just(u32::MAX)];
    let kind = prop_oneof![1 => Just(Event::NO_ACTION), 4 => any::<u32>(), 4 => Just(Event::IPL)];
    let data = prop::collection::vec(any::<u8>(), 0..40);
    (index, kind, data, prop::collection::vec(prop::bool::weighted(0.8), 8), any::<bool>())
}

fn planned((index, kind, data, has, turned): Plan, banks: &[Algorithm]) -> Event {
    let kept = banks.iter().zip(has).filter(|(_, has)| *has).map(|(bank, _)| *bank);
    let mut kept: Vec<_> = kept.collect();
    if turned {
        kept.reverse();
    }
    Event::new(index, kind, data).in_banks(&kept)
}

/// The registers of one bank, by hand from what was planned.
fn by_hand(
    events: &[Event],
    bank: u16,
    hash: impl Fn(&[u8]) -> Vec<u8>,
    bytes: usize,
) -> BTreeMap<u32, Vec<u8>> {
    let mut registers = BTreeMap::new();
    for event in events.iter().filter(|event| event.kind != 3 && event.register != u32::MAX) {
        for (_, digest) in event.digests.iter().flatten().filter(|(id, _)| *id == bank) {
            let register = registers.entry(event.register).or_insert_with(|| vec![0; bytes]);
            *register = hash(&[register.as_slice(), digest].concat());
        }
    }
    registers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::default() })]

    #[test]
    fn any_log_is_read_as_it_was_written_and_replayed(
        banks in banks(),
        plans in prop::collection::vec(event(), 0..40),
        padding in prop_oneof![Just(vec![]), Just(vec![0; 9]), Just(vec![0xff; 8])],
        register in 0_u32..=1,
    ) {
        let mut minted = Minted::default().algorithms(&banks);
        minted.header.register = register;
        minted.events = plans.into_iter().map(|plan| planned(plan, &banks)).collect();
        // An event without a digest and without data on register 0 of kind 0 is padding to any reader.
        minted.events.retain(|event| {
            let bytes = [event.register, event.kind].map(u32::to_le_bytes).concat();
            bytes.iter().any(|byte| *byte != 0)
        });
        minted.padding = padding;
        let bytes = minted.bytes().unwrap();
        let log = EventLog::parse(&bytes).unwrap();
        let format = if register == 0 { Format::CryptoAgile } else { Format::ConfidentialComputing };
        prop_assert_eq!((log.format(), Format::peek(&bytes)), (format, Some(format)));
        prop_assert_eq!(log.len(), minted.events.len());
        for (found, event) in log.events().zip(&minted.events) {
            prop_assert_eq!((found.index, found.kind, found.data), (event.register, event.kind, &event.data[..]));
            let digests: Vec<_> = found.digests().map(|(id, digest)| (id, digest.to_vec())).collect();
            prop_assert_eq!(Some(digests), event.digests.clone());
        }
        let sha2 = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
        prop_assert_eq!(replayed(&log, 0x000b, sha256), by_hand(&minted.events, 0x000b, sha2, 32));
        let sha2 = |bytes: &[u8]| Sha384::digest(bytes).to_vec();
        prop_assert_eq!(replayed(&log, 0x000c, sha384), by_hand(&minted.events, 0x000c, sha2, 48));
        log.describe(&mut Described::default());
    }

    #[test]
    fn any_log_of_tcg_1_2_is_read_as_it_was_written(
        plans in prop::collection::vec((0_u32..24, 0_usize..5, prop::collection::vec(any::<u8>(), 0..40)), 1..40),
    ) {
        let kinds = [Event::IPL, Event::SEPARATOR, Event::ACTION, Event::NO_ACTION, Event::EVENT_TAG];
        let mut minted = Minted::of_tcg_1_2();
        minted.events.truncate(1);
        minted.events.extend(plans.into_iter().map(|(index, kind, data)| Event::new(index, kinds[kind], data)));
        let bytes = minted.bytes().unwrap();
        let log = EventLog::parse(&bytes).unwrap();
        prop_assert_eq!((log.format(), Format::peek(&bytes)), (Format::Sha1, Some(Format::Sha1)));
        for (found, event) in log.events().zip(&minted.events) {
            prop_assert_eq!((found.index, found.kind, found.data), (event.register, event.kind, &event.data[..]));
            let digests: Vec<_> = found.digests().map(|(id, digest)| (id, digest.to_vec())).collect();
            let expected =
                if event.kind == 3 { vec![0; 20] } else { Algorithm::SHA1.digest(&event.data) };
            prop_assert_eq!(digests, [(4, expected)]);
        }
        prop_assert_eq!(log.len(), minted.events.len());
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        head in 0_usize..4,
    ) {
        let heads = [Minted::default(), Minted::ccel(), Minted::of_tcg_1_2(), Minted::of_attestation_agent(9, &[])];
        let head = heads[head].bytes().unwrap();
        bytes.splice(0..0, head[..head.len().min(90)].iter().copied());
        let _ = Format::peek(&bytes);
        if let Ok(log) = EventLog::parse(&bytes) {
            prop_assert_eq!(log.events().count(), log.len());
            log.describe(&mut Described::default());
            let _ = replayed(&log, 0x000b, sha256);
        }
    }
}
