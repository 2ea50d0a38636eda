//! Event logs: variables, signature lists, and events telling what they say.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod described;

use teeproof_mint::azure::{Algorithm, Event, EventLog as Minted, Guid as Owner, signature_list};
use teeproof_wire::eventlog::{EfiVariable, EventLog, Guid, SignatureLists, kind_name};
use teeproof_wire::{Describe, ErrorKind};

use described::Described;

fn described(log: &[u8]) -> Vec<String> {
    Described::of(&EventLog::parse(log).unwrap()).lines
}

/// What an event's data are described to say.
fn said(event: Event) -> String {
    let log = Minted::default().with(event).bytes().unwrap();
    let lines = described(&log);
    lines[lines.len() - 2].clone()
}

#[test]
fn a_log_is_read_event_by_event() {
    let minted = Minted::booted_securely();
    let bytes = minted.bytes().unwrap();
    let log = EventLog::parse(&bytes).unwrap();
    assert_eq!(log.events().count(), minted.events.len());
    assert_eq!((log.padding(), log.startup_locality(), log.platform_class()), (0, Some(0), 0));
    let algorithms: Vec<_> = log.algorithms().iter().collect();
    assert_eq!(algorithms, [(4, 20), (11, 32), (12, 48)]);
    let mut end = 73;
    for (event, minted) in log.events().zip(&minted.events) {
        assert_eq!((event.index, event.kind, event.data), (minted.register, minted.kind, &minted.data[..]));
        assert_eq!(event.offset, end);
        end += 12 + 3 * 2 + 20 + 32 + 48 + 4 + event.data.len();
        assert_eq!(event.digests().map(|(id, _)| id).collect::<Vec<_>>(), [4, 11, 12]);
        assert_eq!(event.digest(13), None);
        let measured = minted.measured.as_ref().unwrap_or(&minted.data);
        if event.extends() {
            assert_eq!(event.sha256().unwrap().as_slice(), Algorithm::SHA256.digest(measured));
            assert_eq!(event.digest(12).unwrap(), Algorithm::SHA384.digest(measured));
        }
    }
    assert_eq!(end, bytes.len());
}

#[test]
fn a_log_tells_its_events() {
    let lines = described(&Minted::booted_securely().bytes().unwrap());
    for line in [
        "Spec ID Event03",
        "algorithm: SHA-256 (32 bytes)",
        "EV_S_CRTM_VERSION",
        "event: 46 bytes (teeproof twin UEFI 1.0)",
        "EV_EFI_VARIABLE_DRIVER_CONFIG",
        "event: 53 bytes (SecureBoot of 8be4df61-93ca-11d2-aa0d-00e098032b8c: 1 bytes 01)",
        "EV_SEPARATOR",
        "event: 4 bytes (the end of what firmware measures)",
        "EV_EFI_BOOT_SERVICES_APPLICATION",
        "event: 40 bytes (Calling EFI Application from Boot Option)",
        "padding: 0 (bytes after the last event)",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}: {lines:#?}");
    }
}

#[test]
fn what_events_say_is_shown_without_harm() {
    let ipl = |data: &[u8]| said(Event::new(8, Event::IPL, data.to_vec()));
    assert_eq!(ipl(b"linux /vmlinuz\0"), "event: 15 bytes (linux /vmlinuz)");
    assert_eq!(ipl(b"\x1b[31mred"), "event: 8 bytes (1b5b33316d726564)");
    assert_eq!(ipl(&[0xaa; 40]), format!("event: 40 bytes ({}…)", "aa".repeat(32)));
    assert_eq!(ipl(&[b'a'; 200]), format!("event: 200 bytes ({}…)", "a".repeat(160)));
    assert_eq!(ipl(b""), "event: 0 bytes ()");
    assert_eq!(said(Event::error_separator(0)), "event: 4 bytes (the firmware failed)");
    assert_eq!(said(Event::new(0, Event::SEPARATOR, vec![1])), "event: 1 bytes (not a known separator)");
    assert_eq!(said(Event::new(7, Event::DRIVER_CONFIG, vec![1])), "event: 1 bytes (not a variable)");
    let name = format!("\u{1b}{}", "n".repeat(70));
    let shown = said(Event::driver_config(&name, &[0; 17]));
    assert!(shown.contains(&format!("(?{}… of", "n".repeat(63))) && shown.ends_with("17 bytes)"), "{shown}");
    let unknown = described(&Minted::default().with(Event::new(9, 0x1234, vec![])).bytes().unwrap());
    assert!(unknown.iter().any(|line| line == "an event of unknown kind"));
}

#[test]
fn kinds_have_their_names() {
    for (kind, name) in [
        (Event::NO_ACTION, Some("EV_NO_ACTION")),
        (Event::IPL, Some("EV_IPL")),
        (Event::VARIABLE_BOOT, Some("EV_EFI_VARIABLE_BOOT")),
        (Event::AUTHORITY, Some("EV_EFI_VARIABLE_AUTHORITY")),
        (0x8000_0006, Some("EV_EFI_GPT_EVENT")),
        (0x2, None),
        (0x14, None),
        (0x8000_0000, None),
        (u32::MAX, None),
    ] {
        assert_eq!(kind_name(kind), name);
    }
}

#[test]
fn variables() {
    let event = Event::driver_config("SecureBoot", &[1]);
    assert_eq!(event.data.len(), 53);
    let variable = EfiVariable::parse(&event.data).unwrap();
    assert_eq!((variable.guid, variable.data), (Guid::GLOBAL_VARIABLE, &[1][..]));
    assert!(variable.is_named("SecureBoot"));
    for other in ["SecureBoo", "SecureBoot2", "secureboot", ""] {
        assert!(!variable.is_named(other));
    }
    assert_eq!(variable.guid.to_string(), "8be4df61-93ca-11d2-aa0d-00e098032b8c");
    assert_eq!(Guid::IMAGE_SECURITY_DATABASE.to_string(), "d719b2cb-3d3a-4596-a3bc-dad00e67656f");
    let longer = [&event.data[..], &[7]].concat();
    assert_eq!(EfiVariable::split(&longer).unwrap(), (variable, &[7][..]));
    assert_eq!(EfiVariable::parse(&longer).unwrap_err().kind, ErrorKind::Trailing);
    for length in 0..event.data.len() {
        assert_eq!(EfiVariable::parse(&event.data[..length]).unwrap_err().kind, ErrorKind::Truncated);
    }
    for (at, kind) in [(16, ErrorKind::TooLarge), (24, ErrorKind::Truncated)] {
        let mut huge = event.data.clone();
        huge[at..at + 8].fill(0xff);
        assert_eq!(EfiVariable::parse(&huge).unwrap_err().kind, kind);
    }
}

#[test]
fn lists_of_signatures() {
    let hashes = signature_list(Owner::SHA256_LIST, Owner::TWIN, &[&[1; 32], &[2; 32]]);
    let key = signature_list(Owner::RSA2048_LIST, Owner::TWIN, &[&[3; 256]]);
    let both = [&hashes[..], &key].concat();
    let lists = SignatureLists::parse(&both).unwrap();
    let seen: Vec<_> = lists.iter().map(|entry| (entry.kind.0, entry.owner.0, entry.data.len())).collect();
    let (sha256, rsa) = (Owner::SHA256_LIST.0, Owner::RSA2048_LIST.0);
    assert_eq!(sha256, Guid::CERT_SHA256.0);
    assert_eq!(seen, [(sha256, Owner::TWIN.0, 32), (sha256, Owner::TWIN.0, 32), (rsa, Owner::TWIN.0, 256)]);
    assert_eq!(lists.iter().map(|entry| entry.data[0]).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(SignatureLists::parse(&[]).unwrap().iter().count(), 0);
    // A header of the list's own is stepped over.
    let mut headed = hashes.clone();
    headed.splice(28..28, [9; 4]);
    let length = u32::try_from(headed.len()).unwrap();
    headed[16..20].copy_from_slice(&length.to_le_bytes());
    headed[20..24].copy_from_slice(&4_u32.to_le_bytes());
    assert_eq!(SignatureLists::parse(&headed).unwrap().iter().count(), 2);
    for length in 1..hashes.len() {
        assert!(SignatureLists::parse(&hashes[..length]).is_err(), "{length}");
    }
    for (at, value) in
        [(16, 27), (16, 29), (16, u32::MAX), (20, 1), (20, u32::MAX), (24, 0), (24, 16), (24, 47)]
    {
        let mut bent = hashes.clone();
        bent[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        assert_eq!(SignatureLists::parse(&bent).unwrap_err().kind, ErrorKind::Value, "{at} {value}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = Minted::booted_securely().bytes().unwrap();
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize
    };
    let mut accepted = 0;
    for _ in 0..4_000 {
        let mut bytes = whole.clone();
        for _ in 0..1 + next() % 4 {
            let at = next() % bytes.len();
            bytes[at] = next() as u8;
        }
        if let Ok(log) = EventLog::parse(&bytes) {
            log.describe(&mut Described::default());
            for event in log.events() {
                if let Ok((variable, _)) = EfiVariable::split(event.data) {
                    let _ = SignatureLists::parse(variable.data).map(|lists| lists.iter().count());
                }
            }
            accepted += 1;
        }
    }
    assert!(accepted > 1_000, "{accepted}");
}
