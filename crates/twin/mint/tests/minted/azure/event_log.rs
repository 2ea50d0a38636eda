//! The event log: layout, and an independent replay.

use teeproof_mint::Error;
use teeproof_mint::azure::{Algorithm, Event, EventLog, Guid, Vm};
use teeproof_mint::snp::Product;

use super::{sha256, u32_le};

/// A record as it was read: register, type, SHA-256 digest, data.
type Record = (usize, usize, Vec<u8>, Vec<u8>);

/// Reads a log with these digest lengths by hand.
fn records(log: &[u8], lengths: &[usize]) -> Vec<Record> {
    let mut at = 32 + u32_le(log, 28);
    let mut out = Vec::new();
    while at < log.len() {
        let (register, kind, count) = (u32_le(log, at), u32_le(log, at + 4), u32_le(log, at + 8));
        assert_eq!(count, lengths.len());
        at += 12;
        let mut found = Vec::new();
        for len in lengths {
            if log[at..at + 2] == [0x0b, 0] {
                found = log[at + 2..at + 2 + len].to_vec();
            }
            at += 2 + len;
        }
        let size = u32_le(log, at);
        out.push((register, kind, found, log[at + 4..at + 4 + size].to_vec()));
        at += 4 + size;
    }
    out
}

fn replayed(log: &[u8], lengths: &[usize]) -> Vec<Vec<u8>> {
    let mut registers: Vec<Vec<u8>> =
        (0..24).map(|at| vec![if (17..=22).contains(&at) { 0xff } else { 0 }; 32]).collect();
    for (register, kind, digest, data) in records(log, lengths) {
        if kind == 3 {
            if data.starts_with(b"StartupLocality\0") {
                registers[0][31] = data[16];
            }
            continue;
        }
        registers[register] = sha256(&[registers[register].as_slice(), &digest].concat());
    }
    registers
}

#[test]
fn the_header_lists_the_banks() {
    let log = EventLog::default().bytes().unwrap();
    assert_eq!(log[..8], [0, 0, 0, 0, 3, 0, 0, 0]);
    assert_eq!(log[8..28], [0; 20]);
    assert_eq!(u32_le(&log, 28), log.len() - 32);
    assert_eq!(log[32..48], *b"Spec ID Event03\0");
    assert_eq!(log[48..60], [0, 0, 0, 0, 0, 2, 0, 2, 3, 0, 0, 0]);
    assert_eq!(log[60..], [4, 0, 20, 0, 0x0b, 0, 32, 0, 0x0c, 0, 48, 0, 0]);
}

#[test]
fn the_event_log_explains_the_pcrs() {
    let evidence = Vm::snp(Product::Genoa).evidence().unwrap();
    let log = evidence.event_log.clone().unwrap();
    assert_eq!(replayed(&log, &[20, 32, 48]), evidence.pcrs.map(|value| value.to_vec()));
    let touched = |register: usize| evidence.pcrs[register] != [0; 32];
    assert!((0..=9).all(touched) && touched(11) && touched(14));
    assert!([10, 12, 13, 15, 16, 23].iter().all(|&register| !touched(register)));
    assert!((17..=22).all(|register| evidence.pcrs[register] == [0xff; 32]));
    // What registers 2 and 3 are on every machine without option ROMs.
    assert_eq!(evidence.pcrs[2][..8], [0x3d, 0x45, 0x8c, 0xfe, 0x55, 0xcc, 0x03, 0xea]);
    assert_eq!(evidence.pcrs[3], evidence.pcrs[2]);
}

#[test]
fn locality_and_banks_change_the_replay() {
    let mut log = EventLog::booted_securely().algorithms(&[Algorithm::SHA256]);
    log.events[0] = Event::startup_locality(3);
    let vm = Vm::snp(Product::Genoa).log(log);
    let evidence = vm.evidence().unwrap();
    let bytes = evidence.event_log.clone().unwrap();
    assert_eq!(replayed(&bytes, &[32]), evidence.pcrs.map(|value| value.to_vec()));
    assert_ne!(evidence.pcrs[0], EventLog::booted_securely().pcrs()[0]);
    assert_eq!(evidence.pcrs[1], EventLog::booted_securely().pcrs()[1]);
    let without = EventLog::booted_securely().algorithms(&[Algorithm::SHA1]).pcrs();
    assert_eq!(without[7], [0; 32]);
}

#[test]
fn register_7_tells_of_secure_boot() {
    let tells = |log: EventLog| {
        let all = records(&log.bytes().unwrap(), &[20, 32, 48]);
        all.into_iter().filter(|record| record.0 == 7).collect::<Vec<_>>()
    };
    let secure = tells(EventLog::booted_securely());
    let kinds: Vec<_> = secure.iter().map(|record| record.1).collect();
    let config = 0x8000_0001;
    assert_eq!(kinds, [config, config, config, config, config, 4, 0x8000_00e0, 0x8000_00e0]);
    let first = &secure[0].3;
    assert_eq!(first.len(), 53);
    assert_eq!(first[..16], *b"\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c");
    assert_eq!(first[16..32], [10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(first[32..], *b"S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\x01");
    let database = &secure[3].3;
    assert_eq!(database[..4], [0xcb, 0xb2, 0x19, 0xd7]);
    assert_eq!(database[32..36], *b"d\0b\0");
    assert_eq!(database[36..52], *b"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28");
    assert_eq!(database[52..64], [76, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0]);
    assert_eq!(database.len(), 36 + 76);
    // The entry that let shim start is the one that db holds.
    assert_eq!(secure[6].3[36..], database[64..]);
    assert!(secure.iter().all(|record| record.2 == sha256(&record.3)));
    let insecure = tells(EventLog::booted_insecurely());
    assert_eq!(insecure.len(), 6);
    assert_eq!(insecure[0].3[52], 0);
}

#[test]
fn programs_and_commands_are_hashed_apart_from_what_is_logged() {
    let all = records(&EventLog::booted_securely().bytes().unwrap(), &[20, 32, 48]);
    let program = all.iter().find(|record| record.1 == 0x8000_0003).unwrap();
    assert_ne!(program.2, sha256(&program.3));
    let path = &program.3[32..];
    assert_eq!(usize::from(program.3[24]), path.len());
    assert_eq!((&path[..2], &path[path.len() - 4..]), (&[4, 4][..], &[0x7f, 0xff, 4, 0][..]));
    assert_eq!(usize::from(path[2]), path.len() - 4);
    let command = all.iter().find(|record| record.0 == 8).unwrap();
    assert_eq!(command.3, b"grub_cmd: set default=0\0");
    assert_eq!(command.2, sha256(b"set default=0"));
}

#[test]
fn records_can_be_bent() {
    let mut log =
        EventLog::default().algorithms(&[Algorithm::SHA256, Algorithm { id: 0x99, digest_size: 3 }]);
    log.events.push(Event::action(5, "x"));
    log.events.push(Event::separator(40).with_sha256([6; 32]));
    log.header.count = Some(9);
    log.header.vendor = vec![0xaa];
    log.padding = vec![0xff; 4];
    log.tamper(0, &[1]);
    let bytes = log.bytes().unwrap();
    assert_eq!(bytes[0], 1);
    assert_eq!(bytes[56..60], [9, 0, 0, 0]);
    let action = &bytes[70..70 + 12 + 34 + 5 + 5];
    assert_eq!(action[..14], [5, 0, 0, 0, 7, 0, 0, 0x80, 2, 0, 0, 0, 0x0b, 0]);
    assert_eq!(action[14..46], sha256(b"x"));
    assert_eq!(action[46..], [0x99, 0, 0, 0, 0, 1, 0, 0, 0, b'x']);
    assert!(bytes.ends_with(&[0xff; 4]));
    let mut lying = EventLog::default().with(Event::separator(0));
    lying.events[0].count = Some(7);
    lying.events[0].data_size = Some(8);
    let bytes = lying.bytes().unwrap();
    assert_eq!(bytes[81..85], [7, 0, 0, 0]);
    assert_eq!(bytes[bytes.len() - 8..], [8, 0, 0, 0, 0, 0, 0, 0]);
    lying.tamper(9999, &[0]);
    assert_eq!(lying.bytes(), Err(Error::OutOfRange { offset: 9999, len: 1 }));
}

#[test]
fn events_are_found_and_inserted() {
    let mut log = EventLog::booted_securely();
    let enabled = log.variable_mut("SecureBoot").unwrap();
    *enabled.data.last_mut().unwrap() = 0;
    assert_eq!(log.pcrs()[7], {
        let mut other = EventLog::booted_securely();
        other.events.iter_mut().find(|event| event.register == 7).unwrap().data[52] = 0;
        other.pcrs()[7]
    });
    log.insert_before(7, Event::SEPARATOR, Event::driver_config("SecureBoot", &[1]));
    let at = log.events.iter().position(|event| *event == Event::separator(7)).unwrap();
    assert_eq!(log.events[at - 1], Event::secure_boot(true));
    assert!(log.event_mut(7, Event::AUTHORITY).is_some() && log.variable_mut("none").is_none());
    assert_eq!(Guid::SHIM.0[..4], [0x50, 0xab, 0x5d, 0x60]);
}

/// Changing the log alone leaves the registers as they were: the log no longer explains them.
#[test]
fn logs_and_registers_can_differ() {
    let vm = Vm::snp(Product::Genoa).with_log(|log| log.events.push(Event::action(4, "more")));
    let evidence = vm.evidence().unwrap();
    let replayed = replayed(&evidence.event_log.unwrap(), &[20, 32, 48]);
    assert_ne!(replayed[4], evidence.pcrs[4]);
    assert_eq!(replayed[7], evidence.pcrs[7]);
}
