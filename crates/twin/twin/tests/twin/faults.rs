//! The effect of each fault for a client.

use teeproof_twin::paravisor::{Fault, Settings};

use crate::machine::Report;
use crate::raw::{Client, READABLE, REPORT, start};

/// The report before and after the guest wrote its input.
fn reports(fault: Fault) -> (Report, Report) {
    let running = start(Settings { fault: Some(fault), ..Settings::default() });
    let mut client = Client::of(&running);
    let before = Report::of(&mut client);
    client.put_in(&[0xa1; 64], READABLE);
    (before, Report::of(&mut client))
}

#[test]
fn stale() {
    let (before, after) = reports(Fault::Stale);
    assert_ne!(before.bytes, after.bytes);
    assert_eq!(before.claims, after.claims);
    assert!(after.is_bound());
}

#[test]
fn renewal() {
    let (before, after) = reports(Fault::Renewal);
    assert_eq!(before.bytes, after.bytes);
    assert!(after.is_bound());
}

#[test]
fn torn() {
    let (_, after) = reports(Fault::Torn);
    assert_eq!(after.user_data().to_ascii_lowercase(), "a1".repeat(64));
    assert!(!after.is_bound());
}

#[test]
fn oversize() {
    let running = start(Settings { fault: Some(Fault::Oversize), ..Settings::default() });
    let mut client = Client::of(&running);
    assert_eq!(client.nv_public(REPORT).unwrap().0, 16_384);
    assert!(Report::of(&mut client).is_bound());
}

#[test]
fn wrong_type() {
    let (_, after) = reports(Fault::WrongType);
    assert_eq!(after.report_type, 3);
    assert_eq!(after.bytes[0x20..0x4c0], [0; 1184]);
}
