//! Event logs without a TPM: the CCEL of a TD, and events of the attestation agent.

use super::{Algorithm, Event, EventLog, Guid, Header};

/// `AAEL`, as the attestation agent tags its events.
const AAEL: u32 = 0x4141_454c;
/// `Linux initrd`, as the kernel's stub tags it.
const INITRD: u32 = 0x8f3b_22ec;

pub(super) fn ccel() -> EventLog {
    let variable = |name, data| Event::variable(1, Event::DRIVER_CONFIG, Guid::GLOBAL_VARIABLE, name, data);
    let events = vec![
        Event::new(1, Event::FIRMWARE_BLOB2, b"teeproof twin: TDVF".to_vec()),
        variable("SecureBoot", &[1]),
        variable("PK", &[]),
        Event::separator(1),
        Event::new(2, Event::BOOT_APPLICATION, b"teeproof twin: shim".to_vec()),
        Event::ipl(3, "grub_cmd: linux /vmlinuz", b"linux /vmlinuz"),
        Event::tagged(3, INITRD, "Linux initrd"),
        Event::action(2, "Exit Boot Services Invocation"),
    ];
    let header = Header { register: 1, algorithms: vec![Algorithm::SHA384], ..Header::default() };
    EventLog { header, events, padding: vec![0xff; 4096], ..EventLog::default() }
}

pub(super) fn attestation_agent(pcr: u32, texts: &[&str]) -> EventLog {
    let event = |text: &&str| Event::tagged(pcr, AAEL, text).in_banks(&[Algorithm::SHA256]);
    let (header, events) = (Header::of_attestation_agent(), texts.iter().map(event).collect());
    EventLog { header, events, padding: vec![0xff; 8], ..EventLog::default() }
}
