//! Event logs (CCEL) against the RTMRs of a quote.

use teeproof_core::{Class, Freshness, Outcome};
use teeproof_mint::azure::{Algorithm, Event, EventLog};
use teeproof_mint::tdx::TdxMachine;
use teeproof_tdx::{Error, RtmrExplanation, TdxEvidence, TdxVerification, replay_rtmrs, verify_signatures};
use teeproof_x509::Anchors;

use crate::support::{AT, Checked, Findings, genuine, time};

/// RTMRs, outcome of the replay, and the number of its events.
type Replayed = ([RtmrExplanation; 4], Outcome, usize);

fn replayed(machine: &TdxMachine, log: &[u8]) -> Result<Replayed, Error> {
    let evidence = machine.evidence();
    let roots = [&evidence.root[..]];
    let crypto = &teeproof_aws_lc::TABLE;
    let verification =
        TdxVerification::new(Freshness::Waived("a test"), time(AT), crypto).anchors(Anchors::and(&roots));
    let quote = TdxEvidence::parse(&evidence.quote)?;
    let signed = verify_signatures(&quote, &[], &verification, &mut ())?;
    let mut findings = Findings::default();
    let log = replay_rtmrs(log, &signed, crypto, &mut findings)?;
    Ok((*log.rtmrs(), findings.of("tdx.log.replay").1, log.events().map(|_| 1).sum()))
}

#[test]
fn a_log_explains_its_rtmrs() {
    use RtmrExplanation::{Explained, NoEvents, Unexplained};
    let log = EventLog::ccel();
    let machine = genuine().event_log(&log);
    let bytes = log.bytes().unwrap();
    let all = [Explained, Explained, Explained, NoEvents];
    assert_eq!(replayed(&machine, &bytes), Ok((all, Outcome::Pass, 8)));
    // Each RTMR with another value: the events of the others remain.
    for (at, events) in [(0, 4), (1, 2), (2, 2)] {
        let other = machine.clone().with_body(|body| body.rtmrs[at][47] ^= 1);
        let mut expected = all;
        expected[at] = Unexplained;
        assert_eq!(replayed(&other, &bytes), Ok((expected, Outcome::Warn, 8 - events)), "RTMR{at}");
    }
    // An RTMR without events was extended outside of the log, unless it is zero.
    let extended = machine.clone().with_body(|body| body.rtmrs[3] = [1; 48]);
    let expected = [Explained, Explained, Explained, Unexplained];
    assert_eq!(replayed(&extended, &bytes), Ok((expected, Outcome::Warn, 8)));
    // The same of a log from which all events of an RTMR were cut.
    for (rtmr, events) in [(0_u32, 4), (1, 2), (2, 2)] {
        let mut cut = log.clone();
        cut.events.retain(|event| event.register != rtmr + 1);
        let mut expected = all;
        expected[rtmr as usize] = Unexplained;
        let found = replayed(&machine, &cut.bytes().unwrap());
        assert_eq!(found, Ok((expected, Outcome::Warn, 8 - events)), "RTMR{rtmr}");
    }
    // An event more, one less, and two in the other order.
    let more = log.clone().with(Event::new(4, Event::IPL, vec![7]));
    assert_eq!(replayed(&machine, &more.bytes().unwrap()).unwrap().0[3], Unexplained);
    let mut less = log.clone();
    less.events.pop();
    assert_eq!(replayed(&machine, &less.bytes().unwrap()).unwrap().0[1], Unexplained);
    let mut swapped = log;
    swapped.events.swap(0, 1);
    assert_eq!(
        replayed(&machine, &swapped.bytes().unwrap()).unwrap().0,
        [Unexplained, Explained, Explained, NoEvents]
    );
}

#[test]
fn other_logs_are_refused() {
    let machine = genuine();
    for log in [EventLog::booted_securely(), EventLog::ccel().algorithms(&[Algorithm::SHA256])] {
        let error = replayed(&machine, &log.bytes().unwrap()).unwrap_err();
        assert_eq!((error, error.class()), (Error::LogFormat, Class::Unsupported));
    }
    let bytes = EventLog::ccel().bytes().unwrap();
    for length in [0, 1, 31, 100] {
        let error = replayed(&machine, &bytes[..length]).unwrap_err();
        assert!(matches!(error, Error::Log(_)), "{length}: {error}");
        assert_eq!(error.check().id, "tdx.log.format");
    }
}
