//! Logs that are not well formed: every one an error, none a panic.

use teeproof_core::Class;
use teeproof_mint::azure::{Algorithm, Event, EventLog};
use teeproof_tpm::Error;
use teeproof_wire::{Error as WireError, ErrorKind};

use crate::support::*;

/// The log of a machine that was quoted, bent, must be refused exactly so.
#[track_caller]
fn refused(kind: ErrorKind, what: &str, bend: impl FnOnce(&mut EventLog)) -> WireError {
    let error = Bag::of(&vm().with_log(bend)).verify().expect_err("accepted");
    let Error::Log(found) = error else { panic!("{error}") };
    assert_eq!((found.kind, found.what), (kind, what), "{error}");
    let class = if kind == ErrorKind::Unsupported { Class::Unsupported } else { Class::Malformed };
    assert_eq!(error.class(), class);
    assert!(error.to_string().contains("offset 0x"), "{error}");
    found
}

#[test]
fn a_cut_log_is_refused_unless_an_event_ends_there() {
    let log = EventLog::booted_securely();
    let whole = log.bytes().unwrap();
    let mut ends = Vec::new();
    let mut cut = log.clone();
    while !cut.events.is_empty() {
        cut.events.pop();
        ends.push(cut.bytes().unwrap().len());
    }
    let bag = Bag::of(&vm().log(log));
    // A cut that leaves the first bytes of a record that are all zero is padding to any reader.
    let padded = |length: usize| {
        let end = ends.iter().copied().filter(|end| *end <= length).max().unwrap_or(0);
        end > 0 && whole[end..length].iter().all(|byte| *byte == 0)
    };
    for length in 0..whole.len() {
        let bag = Bag { log: Some(whole[..length].to_vec()), ..bag.clone() };
        match bag.verify_under(&teeproof_aws_lc::TABLE) {
            Err(Error::Log(_)) => assert!(!ends.contains(&length), "{length}"),
            Ok(_) => assert!(padded(length), "{length}"),
            Err(error) => panic!("{length}: {error}"),
        }
    }
}

#[test]
fn every_flipped_bit_is_an_error_or_explains_less() {
    let bag = Bag::of(&vm());
    let whole = bag.log.clone().unwrap();
    let (control, crypto) = (bag.verify().unwrap().log.unwrap(), &teeproof_aws_lc::TABLE);
    let mut refused = 0;
    for at in 0..whole.len() {
        let mut log = whole.clone();
        log[at] ^= 1 << (at % 8);
        match (Bag { log: Some(log), ..bag.clone() }).verify_under(crypto) {
            Err(error) => {
                // One bit of the header makes a CCEL of it.
                let ccel = at == 0 && error == Error::LogIsCcel;
                assert!(ccel || matches!(error, Error::Log(_)), "{at}: {error}");
                refused += 1;
            }
            Ok(seen) => {
                let log = seen.log.unwrap();
                // What is not measured may change: labels, data, other banks. What is reported may not.
                assert!(log.secure_boot == control.secure_boot || log.secure_boot.is_err(), "{at}");
                assert!(log.applications == control.applications || log.applications.is_none(), "{at}");
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn headers() {
    const FIRST: &str = "event log: first record";
    refused(ErrorKind::Unsupported, FIRST, |log| log.header.register = 2);
    refused(ErrorKind::Unsupported, FIRST, |log| log.header.kind = Event::SEPARATOR);
    refused(ErrorKind::Unsupported, FIRST, |log| log.header.digest[19] = 1);
    for other in [b"Spec ID Event01\0", b"Spec ID Event04\0", b"Spec ID Event03 "] {
        refused(ErrorKind::Unsupported, FIRST, |log| log.header.signature = *other);
    }
    // The headers of TCG 1.2, behind which the records of this log are none.
    for old in [b"Spec ID Event00\0", b"Spec ID Event02\0"] {
        refused(ErrorKind::Value, "event: pcrIndex", |log| log.header.signature = *old);
    }
    refused(ErrorKind::Unsupported, FIRST, |log| log.header.event = Some(b"StartupLocality\0\x03".to_vec()));
    refused(ErrorKind::Unsupported, FIRST, |log| log.header.event = Some(Vec::new()));
    refused(ErrorKind::Unsupported, "Spec ID: specVersion", |log| log.header.major = 3);
    refused(ErrorKind::Unsupported, "Spec ID: specVersion", |log| log.header.minor = 1);
    for size in [0, 3, 255] {
        refused(ErrorKind::Value, "Spec ID: uintnSize", |log| log.header.uintn_size = size);
    }
    for count in [0, 9, u32::MAX] {
        refused(ErrorKind::Value, "Spec ID: numberOfAlgorithms", |log| log.header.count = Some(count));
    }
    refused(ErrorKind::Truncated, "Spec ID: vendorInfo", |log| log.header.count = Some(1));
    let event = b"Spec ID Event03\0\0\0\0\0\0\x02\0\x02\x01\0\0\0\x0b\0\x20\0\0";
    refused(ErrorKind::Trailing, "Spec ID", |log| log.header.event = Some([&event[..], &[0]].concat()));
    refused(ErrorKind::Duplicate, "Spec ID: algorithmId", |log| {
        log.header.algorithms.push(Algorithm::SHA256);
    });
    for size in [0, 31, 33, 65, 0xffff] {
        refused(ErrorKind::Value, "Spec ID: digestSize", |log| {
            log.header.algorithms = vec![Algorithm { id: 0x000b, digest_size: size }];
        });
        if !(1..=64).contains(&size) {
            refused(ErrorKind::Value, "Spec ID: digestSize", |log| {
                log.header.algorithms.push(Algorithm { id: 0x7777, digest_size: size });
            });
        }
    }
}

#[test]
fn vendors_errata_and_classes_are_their_own_business() {
    let bent = |bend: fn(&mut EventLog)| Bag::of(&vm().with_log(bend)).verify().unwrap();
    let plain = bent(|_| {});
    assert_eq!(bent(|log| log.header.vendor = vec![0xaa; 255]), plain);
    assert_eq!(bent(|log| (log.header.platform_class, log.header.errata) = (1, 105)), plain);
    assert_eq!(bent(|log| log.header.uintn_size = 1), plain);
}

#[test]
fn records() {
    let last = |log: &mut EventLog, bend: fn(&mut Event)| bend(log.events.last_mut().unwrap());
    for register in [24, 25, u32::MAX - 1] {
        let found = refused(ErrorKind::Value, "event: pcrIndex", |log| log.events[1].register = register);
        assert_eq!(found.expected, "0 to 23, or 0xffffffff for none");
    }
    for count in [4, u32::MAX] {
        let found =
            refused(ErrorKind::Value, "event: digests.count", |log| log.events[1].count = Some(count));
        assert_eq!(found.expected, "at most one digest of each algorithm of the header");
    }
    // Fewer digests are read; here they are not fewer, and what follows is out of step.
    for count in [0, 1, 2] {
        let bag = Bag::of(&vm().with_log(|log| log.events[1].count = Some(count)));
        assert!(matches!(bag.verify(), Err(Error::Log(_))), "{count}");
    }
    for size in [u32::MAX, 0x7fff_ffff, 1_000_000] {
        refused(ErrorKind::Truncated, "event: event", |log| log.events[1].data_size = Some(size));
    }
    refused(ErrorKind::Truncated, "event: event", |log| last(log, |event| event.data_size = Some(41)));
    let digests = |log: &mut EventLog, ids: [u16; 3]| {
        let digests = ids.map(|id| {
            (
                id,
                vec![
                    0;
                    if id == 4 {
                        20
                    } else if id == 12 {
                        48
                    } else {
                        32
                    }
                ],
            )
        });
        log.events[1].digests = Some(digests.to_vec());
    };
    refused(ErrorKind::Value, "event: digests.algorithmId", |log| digests(log, [4, 11, 13]));
    refused(ErrorKind::Duplicate, "event: digests.algorithmId", |log| digests(log, [4, 11, 11]));
    refused(ErrorKind::Duplicate, "event: digests.algorithmId", |log| digests(log, [4, 4, 11]));
    // A digest of another size puts everything after it out of step.
    for size in [0, 20, 31, 33, 48] {
        let bend = |log: &mut EventLog| log.events[1] = log.events[1].clone().with_sha256([0; 32]);
        let bag = Bag::of(&vm().log(EventLog::booted_securely().algorithms(&[Algorithm::SHA256])).with_log(
            |log| {
                bend(log);
                log.events[1].digests = Some(vec![(0x000b, vec![0xa5; size])]);
            },
        ));
        assert!(matches!(bag.verify(), Err(Error::Log(_))), "{size}");
    }
}

#[test]
fn what_follows_the_last_event_is_padding_or_refused() {
    for padding in [vec![1], vec![0, 1], vec![0xff, 0], vec![0, 0xff], vec![0x20; 64]] {
        let error = Bag::of(&vm().with_log(|log| log.padding = padding)).verify().unwrap_err();
        assert!(matches!(error, Error::Log(_)), "{error}");
    }
}

#[test]
fn startup_localities() {
    const WHAT: &str = "event log: StartupLocality";
    for locality in [1, 2, 5, 255] {
        refused(ErrorKind::Value, WHAT, |log| log.events[0] = Event::startup_locality(locality));
    }
    for data in [&b"StartupLocality\0"[..], b"StartupLocality\0\0\0"] {
        refused(ErrorKind::Value, WHAT, |log| log.events[0].data = data.to_vec());
    }
    refused(ErrorKind::Duplicate, WHAT, |log| log.events.insert(0, Event::startup_locality(0)));
    refused(ErrorKind::Value, WHAT, |log| log.events.swap(0, 1));
    // Other events that say something, of any register, are stepped over.
    let noted = Event::new(u32::MAX, Event::NO_ACTION, b"SP800-155 Event\0".to_vec());
    let bag = Bag::of(&vm().with_log(|log| log.events.insert(5, noted)));
    assert!(bag.verify().unwrap().log.unwrap().explains_all);
}

#[test]
fn a_log_without_sha_256_is_not_replayed() {
    let log = EventLog::booted_securely().algorithms(&[Algorithm::SHA1, Algorithm::SHA384]);
    Bag::of(&vm().log(log)).refused(Error::LogBank, Class::Unsupported);
    Bag::of(&vm().log(EventLog::of_tcg_1_2())).refused(Error::LogBank, Class::Unsupported);
}

#[test]
fn a_ccel_is_never_held_against_pcrs() {
    for log in [EventLog::ccel(), EventLog::ccel().algorithms(&[Algorithm::SHA256])] {
        Bag::of(&vm().log(log)).refused(Error::LogIsCcel, Class::Unsupported);
    }
}
