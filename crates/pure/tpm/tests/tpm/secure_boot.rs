//! What register 7 proves of secure boot: of machines that measured something else, and of logs
//! that were altered since.

use teeproof_core::Outcome;
use teeproof_mint::azure::{Event, EventLog, Guid, signature_list};
use teeproof_tpm::{EventProblem, NoSecureBoot, SecureBoot, Variable};

use crate::support::*;

type Known = Result<(bool, [usize; 4], usize), NoSecureBoot>;

/// What is known of a machine that really measured this.
#[track_caller]
fn measured(bend: impl FnOnce(&mut EventLog)) -> Known {
    let mut log = EventLog::booted_securely();
    bend(&mut log);
    let seen = Bag::of(&vm().log(log)).verify().unwrap().log.unwrap();
    // The replay holds in any case: what is missing is a meaning.
    assert_eq!((seen.explains_all, seen.outcome), (true, Outcome::Pass));
    seen.secure_boot
}

/// What is known of a machine that booted securely, from a log whose digests are genuine and whose
/// labels and data were altered since.
#[track_caller]
fn relabelled(start: EventLog, bend: impl FnOnce(&mut EventLog)) -> Known {
    let algorithms = start.header.algorithms.clone();
    let vm = vm().log(start).with_log(|log| {
        for event in log.events.iter_mut().filter(|event| event.kind != Event::NO_ACTION) {
            let measured = event.measured.as_ref().unwrap_or(&event.data);
            event.digests = Some(algorithms.iter().map(|bank| (bank.id, bank.digest(measured))).collect());
        }
        bend(log);
    });
    let seen = Bag::of(&vm).verify().unwrap().log.unwrap();
    assert!(seen.explains_all, "the digests were not touched");
    seen.secure_boot
}

#[track_caller]
fn problem(known: Known) -> EventProblem {
    match known {
        Err(NoSecureBoot::Event { problem, .. }) => problem,
        other => panic!("{other:?}"),
    }
}

fn at(log: &EventLog, name: &str) -> usize {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let named = |event: &Event| {
        event.kind == Event::DRIVER_CONFIG && event.data.get(32..32 + name.len()) == Some(&name[..])
    };
    log.events.iter().position(named).unwrap()
}

fn separator(log: &EventLog) -> usize {
    log.events.iter().position(|event| (event.register, event.kind) == (7, Event::SEPARATOR)).unwrap()
}

fn authority() -> Event {
    Event::authority(Guid::IMAGE_SECURITY, "db", &[0x5a; 48])
}

#[test]
fn on_and_off() {
    assert_eq!(measured(|_| {}), Ok((true, [1; 4], 2)));
    assert_eq!(measured(|log| *log = EventLog::booted_insecurely()), Ok((false, [1; 4], 0)));
    // Off and without keys, as in setup mode.
    let setup = measured(|log| {
        *log = EventLog::booted_insecurely();
        for name in ["PK", "KEK", "db", "dbx"] {
            let place = at(log, name);
            log.events[place] = Event::driver_config(name, &[]);
        }
    });
    assert_eq!(setup, Ok((false, [0; 4], 0)));
    // On, with more of everything: three keys in db, nothing in dbx, variables of the firmware's own.
    let more = measured(|log| {
        let list = signature_list(Guid::SHA256_LIST, Guid::TWIN, &[&[1; 32], &[2; 32]]);
        let lists = [list, signature_list(Guid::RSA2048_LIST, Guid::TWIN, &[&[3; 256]])].concat();
        let (db, dbx) = (at(log, "db"), at(log, "dbx"));
        log.events[db] = Event::driver_config("db", &lists);
        log.events[dbx] = Event::driver_config("dbx", &[]);
        log.events.insert(db, Event::driver_config("dbt", &[7; 7]));
        log.events.insert(db, authority());
    });
    assert_eq!(more, Ok((true, [1, 1, 3, 0], 3)));
}

#[test]
fn each_variable_is_measured_once_and_before_the_separator() {
    for variable in Variable::ALL {
        let name = variable.as_str();
        let remove = |log: &mut EventLog| log.events.remove(at(log, name));
        assert_eq!(measured(|log| drop(remove(log))), Err(NoSecureBoot::Missing(variable)));
        let twice = measured(|log| log.events.insert(separator(log), log.events[at(log, name)].clone()));
        assert_eq!(problem(twice), EventProblem::Repeated(variable));
        let late = measured(|log| {
            let event = remove(log);
            log.events.push(event);
        });
        assert_eq!(problem(late), EventProblem::AfterSeparator);
        let foreign = measured(|log| {
            let place = at(log, name);
            log.events[place].data[..16].copy_from_slice(&Guid::TWIN.0);
        });
        assert_eq!(problem(foreign), EventProblem::Owner(variable));
    }
}

#[test]
fn what_is_appended_later_changes_nothing_that_is_told() {
    // Whoever runs in the guest extends register 7 with what a securely booted machine measures.
    let appended = measured(|log| {
        *log = EventLog::booted_insecurely();
        log.events.push(Event::secure_boot(true));
    });
    assert_eq!(problem(appended), EventProblem::AfterSeparator);
    let whole = measured(|log| {
        let second: Vec<_> =
            EventLog::booted_securely().events.into_iter().filter(|event| event.register == 7).collect();
        *log = EventLog::booted_insecurely();
        log.events.extend(second);
    });
    assert_eq!(problem(whole), EventProblem::AfterSeparator);
    for kind in [Event::IPL, Event::CONFIG_FLAGS, Event::VARIABLE_BOOT, Event::BOOT_APPLICATION, 0x1234] {
        let other = measured(|log| log.events.push(Event::new(7, kind, vec![0; 4])));
        assert_eq!(problem(other), EventProblem::Kind);
    }
    let unknown = measured(|log| log.events.push(Event::driver_config("anything", &[1])));
    assert_eq!(problem(unknown), EventProblem::AfterSeparator);
    // More that was allowed to start changes nothing.
    assert_eq!(measured(|log| log.events.push(authority())), Ok((true, [1; 4], 3)));
}

#[test]
fn separators() {
    assert_eq!(measured(|log| drop(log.events.remove(separator(log)))), Err(NoSecureBoot::NoSeparator));
    let failed = measured(|log| {
        let place = separator(log);
        log.events[place] = Event::error_separator(7);
    });
    assert_eq!(problem(failed), EventProblem::Separator);
    for data in [&[][..], &[0; 3], &[0; 5], &[0, 0, 0, 1]] {
        let odd = measured(|log| {
            let place = separator(log);
            log.events[place].data = data.to_vec();
        });
        assert_eq!(problem(odd), EventProblem::Separator);
    }
    let second = measured(|log| log.events.push(Event::separator(7)));
    assert_eq!(problem(second), EventProblem::AfterSeparator);
}

#[test]
fn debug_mode_and_other_actions_are_refused() {
    for (text, expected) in [
        ("UEFI Debug Mode", EventProblem::DebugMode),
        ("DMA Protection Disabled", EventProblem::Action),
        ("", EventProblem::Action),
    ] {
        for early in [true, false] {
            let place = |log: &EventLog| if early { at(log, "PK") } else { log.events.len() };
            let found = measured(|log| log.events.insert(place(log), Event::action(7, text)));
            assert_eq!(problem(found), expected);
        }
    }
}

#[test]
fn values_and_layouts() {
    for value in [&[][..], &[2], &[0xff], &[1, 0], &[0, 1]] {
        let found = measured(|log| {
            let place = at(log, "SecureBoot");
            log.events[place] = Event::driver_config("SecureBoot", value);
        });
        assert_eq!(problem(found), EventProblem::Value);
    }
    let bends: [fn(&mut Vec<u8>); 6] = [
        |data| data.push(0),
        |data| data.truncate(data.len() - 1),
        |data| data.truncate(31),
        |data| data.clear(),
        |data| data[16..24].fill(0xff),
        |data| data[24..32].fill(0xff),
    ];
    for bend in bends {
        let found = measured(|log| {
            let place = at(log, "db");
            bend(&mut log.events[place].data);
        });
        assert_eq!(problem(found), EventProblem::Variable);
    }
    for (name, variable) in
        [("PK", Variable::Pk), ("KEK", Variable::Kek), ("db", Variable::Db), ("dbx", Variable::Dbx)]
    {
        let list = signature_list(Guid::SHA256_LIST, Guid::TWIN, &[&[1; 32]]);
        let cut = [&list[..], &list[..40]].concat();
        for data in [&[0x5a][..], &[0; 28], &list[..list.len() - 1], &cut] {
            let found = measured(|log| {
                let place = at(log, name);
                log.events[place] = Event::driver_config(name, data);
            });
            assert_eq!(found, Err(NoSecureBoot::SignatureLists(variable)));
        }
    }
}

#[test]
fn enforcement_needs_keys_and_something_that_they_allowed() {
    for (name, variable) in [("PK", Variable::Pk), ("KEK", Variable::Kek), ("db", Variable::Db)] {
        for data in [Vec::new(), signature_list(Guid::SHA256_LIST, Guid::TWIN, &[])] {
            let found = measured(|log| {
                let place = at(log, name);
                log.events[place] = Event::driver_config(name, &data);
            });
            let empty = found == Err(NoSecureBoot::Empty(variable));
            assert!(empty || found == Err(NoSecureBoot::SignatureLists(variable)), "{found:?}");
        }
    }
    let found = measured(|log| log.events.retain(|event| event.kind != Event::AUTHORITY));
    assert_eq!(found, Err(NoSecureBoot::NoAuthority));
}

#[test]
fn labels_hide_nothing() {
    // Off, and the event that says so under another label.
    for kind in [Event::AUTHORITY, Event::ACTION, Event::SEPARATOR, Event::IPL, Event::VARIABLE_BOOT] {
        let found = relabelled(EventLog::booted_insecurely(), |log| {
            let place = at(log, "SecureBoot");
            log.events[place].kind = kind;
        });
        let expected = match kind {
            Event::ACTION => EventProblem::Action,
            Event::SEPARATOR => EventProblem::Separator,
            _ => EventProblem::Kind,
        };
        assert_eq!(problem(found), expected);
    }
    // The separator under another label, so that what was appended seems to come before it.
    let appended = {
        let mut log = EventLog::booted_insecurely();
        log.events.push(Event::secure_boot(true));
        log.events.push(Event::separator(7));
        log
    };
    for (kind, expected) in [
        (Event::AUTHORITY, EventProblem::Variable),
        (Event::DRIVER_CONFIG, EventProblem::Variable),
        (Event::ACTION, EventProblem::Action),
        (Event::IPL, EventProblem::Kind),
    ] {
        let found = relabelled(appended.clone(), |log| {
            let place = separator(log);
            log.events[place].kind = kind;
        });
        assert_eq!(problem(found), expected);
    }
    // What allowed a driver to start, presented as what db holds.
    let mut driver = EventLog::booted_securely();
    driver.events.insert(separator(&driver), authority());
    let found = relabelled(driver, |log| {
        let (db, driver) = (at(log, "db"), separator(log) - 1);
        (log.events[db].kind, log.events[driver].kind) = (Event::AUTHORITY, Event::DRIVER_CONFIG);
    });
    assert_eq!(found, Err(NoSecureBoot::SignatureLists(Variable::Db)));
}

#[test]
fn data_count_only_where_they_were_measured() {
    for name in ["SecureBoot", "PK", "KEK", "db", "dbx"] {
        let found = relabelled(EventLog::booted_insecurely(), |log| {
            let place = at(log, name);
            *log.events[place].data.last_mut().unwrap() ^= 1;
        });
        assert_eq!(problem(found), EventProblem::Digest);
    }
    for kind in [Event::SEPARATOR, Event::AUTHORITY] {
        let found = relabelled(EventLog::booted_securely(), |log| {
            *log.event_mut(7, kind).unwrap().data.last_mut().unwrap() ^= 1;
        });
        assert_eq!(problem(found), EventProblem::Digest);
    }
    let action = relabelled(EventLog::booted_securely().with(Event::action(7, "UEFI Debug Mode")), |log| {
        log.events.last_mut().unwrap().data = b"DMA Protection Disabled".to_vec();
    });
    assert_eq!(problem(action), EventProblem::Digest);
}

#[test]
fn the_stray_byte_of_old_shims_is_tolerated_once() {
    let stray = |byte: u8| move |event: &mut Event| event.data.push(byte);
    let authorities = |log: &EventLog| -> Vec<usize> {
        (0..log.events.len()).filter(|at| log.events[*at].kind == Event::AUTHORITY).collect()
    };
    for byte in [0, 0x5a] {
        for which in 0..2 {
            let found = relabelled(EventLog::booted_securely(), |log| {
                let place = authorities(log)[which];
                stray(byte)(&mut log.events[place]);
            });
            assert_eq!(found, Ok((true, [1; 4], 2)));
        }
    }
    let twice = relabelled(EventLog::booted_securely(), |log| {
        for place in authorities(log) {
            stray(0)(&mut log.events[place]);
        }
    });
    assert_eq!(problem(twice), EventProblem::Variable);
    let two_bytes = relabelled(EventLog::booted_securely(), |log| {
        let place = authorities(log)[0];
        log.events[place].data.extend([0, 0]);
    });
    assert_eq!(problem(two_bytes), EventProblem::Variable);
    // Not for the firmware, and not when the byte was measured.
    let mut early = EventLog::booted_securely();
    early.events.insert(separator(&early), authority());
    let found = relabelled(early, |log| {
        let place = authorities(log)[0];
        stray(0)(&mut log.events[place]);
    });
    assert_eq!(problem(found), EventProblem::Variable);
    let found = measured(|log| {
        let place = authorities(log)[0];
        stray(0)(&mut log.events[place]);
    });
    assert_eq!(problem(found), EventProblem::Digest);
}

#[test]
fn what_may_start_is_told() {
    let bag = Bag::of(&vm());
    bag.with_log(|_, log| {
        let SecureBoot { pk, db, .. } = log.secure_boot().unwrap();
        let (pk, db) = (pk.iter().next().unwrap(), db.iter().next().unwrap());
        assert_eq!((pk.kind.0, pk.owner.0, pk.data.len()), (Guid::RSA2048_LIST.0, Guid::TWIN.0, 256));
        assert_eq!((db.kind.0, db.data.len()), (Guid::SHA256_LIST.0, 32));
    });
}
