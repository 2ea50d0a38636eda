//! Logs replayed: registers that are explained, and those that are not.

use teeproof_core::Outcome;
use teeproof_mint::azure::{Algorithm, Event, EventLog};
use teeproof_tpm::{Explanation, NoSecureBoot};

use Explanation::{Explained, NoLog, NotQuoted, Unexplained};

use crate::support::*;

/// The registers of the minted log.
const WITH_EVENTS: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14];

#[track_caller]
fn log_of(bag: &Bag) -> SeenLog {
    bag.verify().unwrap().log.unwrap()
}

/// The log of a machine that was quoted, altered since.
#[track_caller]
fn altered(alter: impl FnOnce(&mut EventLog)) -> SeenLog {
    log_of(&Bag::of(&vm().with_log(alter)))
}

fn expected(unexplained: &[u8]) -> [Explanation; 24] {
    core::array::from_fn(|index| {
        let index = u8::try_from(index).unwrap();
        match (WITH_EVENTS.contains(&index), unexplained.contains(&index)) {
            (_, true) => Unexplained,
            (true, _) => Explained,
            _ => NoLog,
        }
    })
}

#[test]
fn a_genuine_log_explains_its_registers() {
    for log in [EventLog::booted_securely(), EventLog::booted_insecurely()] {
        let extending = log.events.iter().filter(|event| event.kind != Event::NO_ACTION).count();
        let seen = log_of(&Bag::of(&vm().log(log)));
        assert_eq!(seen.registers, expected(&[]));
        assert!(seen.explains_all);
        assert_eq!((seen.outcome, seen.events), (Outcome::Pass, extending));
    }
}

#[test]
fn banks_padding_and_order_of_digests_make_no_difference() {
    let plain = log_of(&Bag::of(&vm()));
    let unknown = Algorithm { id: 0x7777, digest_size: 17 };
    for algorithms in [
        vec![Algorithm::SHA256],
        vec![Algorithm::SHA384, Algorithm::SHA256],
        vec![unknown, Algorithm::SHA1, Algorithm::SHA512, Algorithm::SHA256],
    ] {
        let log = EventLog::booted_securely().algorithms(&algorithms);
        assert_eq!(log_of(&Bag::of(&vm().log(log))), plain);
    }
    for padding in [vec![0; 1], vec![0xff; 1], vec![0; 70_000], vec![0xff; 4_096]] {
        assert_eq!(altered(|log| log.padding = padding), plain);
    }
    let turned = altered(|log| {
        let algorithms = log.header.algorithms.clone();
        for event in log.events.iter_mut().filter(|event| event.kind == Event::SEPARATOR) {
            let digests = algorithms.iter().rev().map(|bank| (bank.id, bank.digest(&event.data)));
            event.digests = Some(digests.collect());
        }
    });
    assert_eq!(turned, plain);
}

#[test]
fn the_locality_of_the_start_is_the_start_of_register_0() {
    for locality in [3, 4] {
        let mut log = EventLog::booted_securely();
        log.events[0] = Event::startup_locality(locality);
        assert!(log_of(&Bag::of(&vm().log(log.clone()))).explains_all);
        // The same log of a TPM that was started otherwise.
        assert_eq!(altered(|other| *other = log).registers, expected(&[0]));
    }
    // Without the event it is 0.
    assert!(altered(|log| drop(log.events.remove(0))).explains_all);
    // A locality and no event leaves the register without a log.
    let log = EventLog::default().with(Event::startup_locality(3));
    assert_eq!(log_of(&Bag::of(&vm().log(log))).registers, [NoLog; 24]);
}

#[test]
fn altered_logs_do_not_explain_their_register() {
    let extending = |register: u8| {
        move |event: &Event| event.register == u32::from(register) && event.kind != Event::NO_ACTION
    };
    type Alter = fn(&mut EventLog, usize);
    // What is done to a register's first event, and whether that event is gone then.
    let alterations: [(Alter, bool); 5] = [
        (|log, at| drop(log.events.remove(at)), true),
        (|log, at| (log.events[at].kind, log.events[at].register) = (Event::NO_ACTION, 9), true),
        (|log, at| log.events[at].measured = Some(b"something else".to_vec()), false),
        (|log, at| log.events.insert(at, log.events[at].clone()), false),
        (|log, at| log.events.push(log.events[at].clone()), false),
    ];
    for register in WITH_EVENTS {
        let events = EventLog::booted_securely().events;
        let at = events.iter().position(extending(register)).unwrap();
        let alone = events.iter().filter(|event| extending(register)(event)).count() == 1;
        for (alter, gone) in alterations {
            let seen = altered(|log| alter(log, at));
            let mut expected = expected(&[register]);
            if alone && gone && register >= 8 {
                expected[usize::from(register)] = NoLog;
            } else {
                assert!(!seen.explains_all && seen.outcome == Outcome::Warn);
            }
            assert_eq!(seen.registers, expected, "{register}");
            assert_eq!(seen.applications.is_none(), register == 4);
            assert_eq!(seen.secure_boot == Err(NoSecureBoot::Pcr(Unexplained)), register == 7);
        }
    }
}

#[test]
fn the_order_of_events_matters() {
    let seen = altered(|log| {
        let events: Vec<_> = (0..log.events.len()).filter(|at| log.events[*at].register == 8).collect();
        log.events.swap(events[0], events[1]);
    });
    assert_eq!(seen.registers, expected(&[8]));
    // Of different registers it does not: nothing measures it.
    let seen = altered(|log| log.events.sort_by_key(|event| event.register));
    assert_eq!(seen.registers, expected(&[]));
}

#[test]
fn an_event_moved_to_another_register_explains_neither() {
    let seen = altered(|log| log.events.iter_mut().find(|event| event.register == 8).unwrap().register = 9);
    assert_eq!(seen.registers, expected(&[8, 9]));
    let seen = altered(|log| log.events.iter_mut().find(|event| event.register == 8).unwrap().register = 15);
    assert_eq!(seen.registers, expected(&[8, 15]));
}

#[test]
fn only_quoted_registers_are_told_of() {
    let bag = Bag::of(&vm().pcr_selection(&[8, 10]));
    let seen = log_of(&bag);
    let expected = core::array::from_fn(|index| match index {
        8 => Explained,
        10 => NoLog,
        _ => NotQuoted,
    });
    // What is quoted is explained, which says nothing of what the firmware measured and nobody quoted.
    assert_eq!((seen.registers, seen.outcome, seen.explains_all), (expected, Outcome::Pass, false));
    assert_eq!(seen.secure_boot, Err(NoSecureBoot::Pcr(NotQuoted)));
    assert_eq!(seen.applications, None);
    assert_eq!(
        seen.events,
        EventLog::booted_securely().events.iter().filter(|event| event.register == 8).count()
    );
}

#[test]
fn a_log_that_says_nothing_explains_nothing() {
    let seen = altered(|log| log.events.clear());
    // The firmware's registers were extended, so somebody took their events away.
    let expected = core::array::from_fn(|index| if index < 8 { Unexplained } else { NoLog });
    assert_eq!(seen.registers, expected);
    assert!(!seen.explains_all && seen.outcome == Outcome::Warn && seen.events == 0);
    // Nor does one that tells of registers that were not quoted alone.
    let seen = log_of(&Bag::of(&vm().pcr_selection(&[10, 15])));
    assert!(!seen.explains_all && seen.outcome == Outcome::Warn);
}

#[test]
fn registers_of_a_late_launch_start_at_zero() {
    // The twin's registers 17 to 22 stay all ones without a late launch, as a TPM's do; an event
    // in one of them cannot have been measured then.
    let log = EventLog::booted_securely().with(Event::separator(17));
    let seen = log_of(&Bag::of(&vm().log(log.clone())));
    assert_eq!(seen.registers, expected(&[17]));
    let mut vm = vm().log(log);
    let digest = Algorithm::SHA256.digest(&[0; 4]);
    vm.pcrs[17] = Algorithm::SHA256.digest(&[&[0; 32][..], &digest].concat()).try_into().unwrap();
    let mut launched = expected(&[]);
    launched[17] = Explained;
    assert_eq!(log_of(&Bag::of(&vm)).registers, launched);
}

#[test]
fn a_value_is_compared_whole() {
    for at in 0..32 {
        let mut vm = vm();
        vm.pcrs[8][at] ^= 0x10;
        assert_eq!(log_of(&Bag::of(&vm)).registers, expected(&[8]), "{at}");
    }
}

#[test]
fn an_event_without_sha_256_leaves_that_bank_alone() {
    let plain = log_of(&Bag::of(&vm()));
    let sha1 = |register, kind| {
        Event::new(register, kind, b"not in this bank".to_vec()).in_banks(&[Algorithm::SHA1])
    };
    // In a register without other events, in those that facts are reported of, and in one of the firmware's.
    for register in [12, 7, 4, 0] {
        let seen = altered(|log| log.events.push(sha1(register, Event::EVENT_TAG)));
        assert_eq!(seen, plain, "{register}");
    }
    let seen = altered(|log| log.events.push(Event::new(u32::MAX, Event::EVENT_TAG, vec![1])));
    assert_eq!(seen, plain);
    // Nor can a digest be taken away from an event that was measured.
    let seen = altered(|log| {
        let at = log.events.iter().position(|event| event.register == 8).unwrap();
        log.events[at] = log.events[at].clone().in_banks(&[Algorithm::SHA1, Algorithm::SHA384]);
    });
    assert_eq!(seen.registers, expected(&[8]));
}

#[test]
fn the_attestation_agents_log_tells_of_its_own_register_alone() {
    let agent = || EventLog::of_attestation_agent(23, &["coco.com start one", "coco.com start two"]);
    let mut machine = vm();
    machine.pcrs[23] = agent().pcrs()[23];
    let bag = Bag { log: Some(agent().bytes().unwrap()), ..Bag::of(&machine) };
    let seen = log_of(&bag);
    let registers = |which| core::array::from_fn(|index| if index == 23 { which } else { NoLog });
    assert_eq!((seen.registers, seen.outcome), (registers(Explained), Outcome::Pass));
    // It is not the firmware's: whoever demands a log that explains the boot is not content with it.
    assert!(!seen.explains_all);
    assert_eq!(seen.secure_boot, Err(NoSecureBoot::Pcr(NoLog)));
    assert_eq!(seen.applications, None);
    let seen = log_of(&Bag { log: bag.log.clone(), ..Bag::of(&vm()) });
    assert_eq!((seen.registers, seen.outcome), (registers(Unexplained), Outcome::Warn));
    // Without an event, and with digests of another bank, it explains nothing and refuses nothing.
    for log in [EventLog::of_attestation_agent(23, &[]), agent().algorithms(&[Algorithm::SHA384])] {
        let mut log = log;
        log.events.retain(|_| false);
        let seen = log_of(&Bag { log: Some(log.bytes().unwrap()), ..Bag::of(&vm()) });
        assert_eq!((seen.registers, seen.outcome), ([NoLog; 24], Outcome::Warn));
    }
}

#[test]
fn who_extends_pcrs_9_to_11_is_said_where_they_are_unexplained() {
    let because = |registers: &[u32]| {
        let vm = vm().with_log(|log| {
            let extended = |register| Event::new(register, Event::IPL, b"extended since".to_vec());
            log.events.extend(registers.iter().copied().map(extended));
        });
        Bag::of(&vm).reason("log.replay")
    };
    for register in [9, 10, 11] {
        let text = because(&[register]);
        assert!(text.contains(&format!("differ: {register}; ")), "{text}");
        assert!(
            text.ends_with(
                "IMA extends PCR 10, systemd PCR 11 and from version 255 PCR 9, outside of this log"
            )
        );
    }
    // Nobody extends the others outside of the log: it is another one.
    for registers in [&[8][..], &[0, 1, 4, 5], &[4, 10]] {
        let text = because(registers);
        assert!(
            !text.contains("IMA")
                && text.ends_with("; the log is of another boot or machine, or was altered")
        );
    }
}
