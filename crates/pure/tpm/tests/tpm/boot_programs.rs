//! Which programs register 4 proves, whatever the log's events call themselves.

use teeproof_mint::azure::{Algorithm, Event, EventLog};

use crate::support::*;

fn digest(program: &str) -> [u8; 32] {
    Algorithm::SHA256.digest(program.as_bytes()).try_into().unwrap()
}

fn started() -> Vec<[u8; 32]> {
    [digest("teeproof twin: shim"), digest("teeproof twin: grub")].to_vec()
}

/// The programs of a machine whose log was altered since it was quoted.
#[track_caller]
fn altered(alter: impl FnOnce(&mut EventLog)) -> Option<Vec<[u8; 32]>> {
    Bag::of(&vm().with_log(alter)).verify().unwrap().log.unwrap().applications
}

#[test]
fn programs_are_told_in_their_order() {
    assert_eq!(altered(|_| {}), Some(started()));
    let more = EventLog::booted_securely().with(Event::boot_application("\\evil.efi", b"evil"));
    let seen = Bag::of(&vm().log(more)).verify().unwrap().log.unwrap();
    assert_eq!(seen.applications, Some([started(), vec![digest("evil")]].concat()));
}

#[test]
fn no_label_hides_a_program() {
    for kind in [Event::SEPARATOR, Event::ACTION, Event::IPL, Event::CONFIG_FLAGS, 0x1234_5678] {
        let seen = altered(|log| {
            for event in log.events.iter_mut().filter(|event| event.register == 4) {
                event.digests = Some(
                    log.header
                        .algorithms
                        .iter()
                        .map(|bank| (bank.id, bank.digest(event.measured.as_ref().unwrap_or(&event.data))))
                        .collect(),
                );
                event.kind = kind;
                // Data of choice: nothing vouches for them.
                event.data = b"Calling EFI Application from Boot Option".to_vec();
            }
        });
        assert_eq!(seen, Some(started()));
    }
    // The one label that takes an event out of the register no longer explains it.
    let seen = altered(|log| log.event_mut(4, Event::BOOT_APPLICATION).unwrap().kind = Event::NO_ACTION);
    assert_eq!(seen, None);
}

#[test]
fn no_label_makes_a_program() {
    let seen = altered(|log| {
        for event in log.events.iter_mut().filter(|event| event.register == 4) {
            event.kind = Event::BOOT_APPLICATION;
        }
    });
    assert_eq!(seen, Some(started()));
    // All that is known besides programs.
    let log = EventLog::default()
        .with(Event::action(4, "Calling EFI Application from Boot Option"))
        .with(Event::action(4, "Returning from EFI Application from Boot Option"))
        .with(Event::separator(4))
        .with(Event::error_separator(4));
    let seen = Bag::of(&vm().log(log)).verify().unwrap().log.unwrap();
    assert_eq!(seen.applications, Some(Vec::new()));
}
