//! Reports that are proven fresh.

use std::time::Duration;

use teeproof_mint::azure::Generation;
use teeproof_twin::paravisor::{Fault, Settings};
use teeproof_vtpm::{Class, Error, FreshReport, Patience, Tpm, fresh_report};
use teeproof_wire::hcl::HclReport;

use crate::machine::{Machine, PATIENCE, Transport};
use crate::tpm::Bent;

/// A report with these bytes, and each wait that was reported.
pub(crate) fn ask(
    tpm: &mut dyn Tpm,
    user_data: &[u8],
    patience: Patience,
) -> (Result<FreshReport, Error>, Vec<Duration>) {
    let mut waits = Vec::new();
    let answer = fresh_report(tpm, user_data, patience, &mut |wait| waits.push(wait));
    (answer, waits)
}

/// That the claims of a report hold these bytes, read by another reader than the crate's.
#[track_caller]
pub(crate) fn holds(fresh: &FreshReport, user_data: &[u8; 64]) {
    assert_eq!(fresh.report.user_data(), Some(user_data));
    let envelope = HclReport::parse(fresh.report.bytes()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(envelope.claims()).unwrap();
    let digits: String = user_data.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(claims["user-data"].as_str().unwrap().to_ascii_lowercase(), digits);
}

pub(crate) fn the_first_try_if_a_renewal_is_due(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = machine.tpm();
    for user_data in [[0xa1; 64], [0xb2; 64], [0; 64]] {
        let (fresh, waits) = ask(tpm.as_mut(), &user_data, PATIENCE);
        let fresh = fresh.unwrap();
        assert_eq!((fresh.tries, fresh.waited, waits.len()), (1, Duration::ZERO, 0));
        holds(&fresh, &user_data);
    }
}

/// How long the machine takes from one to the next is not in our hands, so several are requested.
/// None may take more than two tries, and those that take two waited once.
pub(crate) fn the_second_try_if_it_was_just_renewed(transport: Transport) {
    let refresh = Duration::from_secs(1);
    let machine = Machine::start(transport, &Settings { refresh, ..Settings::default() });
    let patience = Patience { pause: Duration::from_millis(1_050), ..PATIENCE };
    let mut tpm = machine.tpm();
    let mut two = 0;
    for byte in 1..=4 {
        let (fresh, waits) = ask(tpm.as_mut(), &[byte; 64], patience);
        let fresh = fresh.unwrap();
        holds(&fresh, &[byte; 64]);
        assert!(matches!(fresh.tries, 1 | 2), "{} tries", fresh.tries);
        let waited = if fresh.tries == 2 { vec![patience.pause] } else { vec![] };
        assert_eq!(waits, waited);
        assert_eq!(fresh.waited, waited.iter().sum());
        two += u32::from(fresh.tries == 2);
    }
    assert!(two > 0, "no report was requested right after another");
}

/// Not what lay in the index before, nor what another wrote before it was read.
pub(crate) fn the_newest_user_data_is_in_it(transport: Transport) {
    let machine = Machine::start(transport, &Settings { refresh: PATIENCE.pause / 2, ..Settings::default() });
    let (mut tpm, mut other) = (machine.tpm(), machine.tpm());
    for byte in 1..=3_u8 {
        ask(other.as_mut(), &[byte; 64], PATIENCE).0.unwrap();
        let (fresh, _) = ask(tpm.as_mut(), &[!byte; 64], PATIENCE);
        holds(&fresh.unwrap(), &[!byte; 64]);
    }
}

pub(crate) fn every_wait_is_told(transport: Transport) {
    let machine = Machine::faulty(transport, Fault::Renewal);
    let patience = Patience { deadline: Duration::from_secs(1), pause: Duration::from_millis(50) };
    let (answer, waits) = ask(machine.tpm().as_mut(), &[1; 64], patience);
    let Err(Error::NotRenewed { tries, waited }) = answer else { panic!("{answer:?}") };
    assert_eq!(usize::try_from(tries).unwrap(), waits.len() + 1);
    assert_eq!(waited, waits.iter().sum());
    assert!(waits.iter().all(|wait| *wait == patience.pause));
}

pub(crate) fn a_deadline_before_the_first_pause(transport: Transport) {
    let settings = Settings { refresh: Duration::from_secs(100_000), ..Settings::default() };
    let machine = Machine::start(transport, &settings);
    for (deadline, pause) in [(0, 1), (60, 61), (60, u64::MAX)] {
        let patience =
            Patience { deadline: Duration::from_secs(deadline), pause: Duration::from_secs(pause) };
        let (answer, waits) = ask(machine.tpm().as_mut(), &[1; 64], patience);
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::NotRenewed { tries: 1, waited: Duration::ZERO }), "{error:?}");
        assert_eq!((error.class(), waits.len()), (Class::NotFresh, 0));
    }
}

pub(crate) fn user_data_of_other_lengths(transport: Transport) {
    let machine = Machine::healthy(transport);
    let mut tpm = Bent::of(machine.tpm());
    for length in [0, 1, 32, 63, 65, 128, 70_000] {
        let error = ask(&mut tpm, &vec![1; length], PATIENCE).0.unwrap_err();
        assert!(matches!(error, Error::UserDataLength(found) if found == length), "{error:?}");
        assert_eq!(error.class(), Class::Usage);
    }
    assert_eq!(tpm.commands, [""; 0]);
}

pub(crate) fn a_paravisor_without_user_data(transport: Transport) {
    let generation = Some(Generation::Legacy2022);
    let machine = Machine::start(transport, &Settings { generation, ..Settings::default() });
    let (answer, waits) = ask(machine.tpm().as_mut(), &[1; 64], PATIENCE);
    assert!(matches!(answer, Err(Error::NoUserData)), "{answer:?}");
    assert_eq!(waits.len(), 0);
}
