//! A plausible event log of a Linux machine: small, with the firmware's PCRs 0 to 7 and some of the boot loader's.

use super::variable::signature_list;
use super::{Event, EventLog, Guid};
use crate::digest::sha256;

/// What was started, as the twin names it; only its hash is measured.
const SHIM: &[u8] = b"teeproof twin: shim";
const GRUB: &[u8] = b"teeproof twin: grub";
const KERNEL: &[u8] = b"teeproof twin: vmlinuz";

pub(super) fn log(secure: bool) -> EventLog {
    let groups = [firmware(), secure_boot(secure), devices(), separators(), boot(secure), loader(), exit()];
    EventLog { events: groups.concat(), ..EventLog::default() }
}

fn firmware() -> Vec<Event> {
    let version: Vec<u8> = "teeproof twin UEFI 1.0\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        Event::startup_locality(0),
        Event::new(0, Event::CRTM_VERSION, version),
        Event::new(6, Event::COMPACT_HASH, b"UUID: 7EE79200-F000-4000-8000-0123456789AB".to_vec()),
    ]
}

fn secure_boot(enabled: bool) -> Vec<Event> {
    let keys = |name: &[u8]| {
        let modulus = [sha256(&[name]); 8].concat();
        signature_list(Guid::RSA2048_LIST, Guid::TWIN, &[&modulus])
    };
    let hashes = |image: &[u8]| signature_list(Guid::SHA256_LIST, Guid::TWIN, &[&sha256(&[image])]);
    let mut events = vec![
        Event::secure_boot(enabled),
        Event::driver_config("PK", &keys(b"PK")),
        Event::driver_config("KEK", &keys(b"KEK")),
        Event::driver_config("db", &hashes(SHIM)),
        Event::driver_config("dbx", &hashes(b"teeproof twin: revoked")),
    ];
    events.push(Event::separator(7));
    events
}

fn devices() -> Vec<Event> {
    let entry =
        [&1_u32.to_le_bytes()[..], &4_u16.to_le_bytes(), b"t\0w\0i\0n\0\0\0\x7f\xff\x04\x00"].concat();
    let variable = |name, data| Event::variable(1, Event::VARIABLE_BOOT, Guid::GLOBAL_VARIABLE, name, data);
    vec![
        Event::new(1, Event::CONFIG_FLAGS, b"ACPI DATA".to_vec()).measuring(b"teeproof twin: tables"),
        variable("BootOrder", &[0, 0]),
        variable("Boot0000", &entry),
        Event::action(4, "Calling EFI Application from Boot Option"),
    ]
}

fn separators() -> Vec<Event> {
    (0..7).map(Event::separator).collect()
}

fn boot(secure: bool) -> Vec<Event> {
    let mut events = Vec::new();
    if secure {
        let entry = [&Guid::TWIN.0[..], &sha256(&[SHIM])].concat();
        events.push(Event::authority(Guid::IMAGE_SECURITY, "db", &entry));
    }
    events.extend([
        Event::boot_application("\\EFI\\BOOT\\BOOTX64.EFI", SHIM),
        Event::ipl(14, "MokList", b"teeproof twin: MokList"),
        Event::ipl(14, "MokListX", b"teeproof twin: MokListX"),
    ]);
    if secure {
        events.push(Event::authority(Guid::SHIM, "SbatLevel", b"sbat,1,2024010900\n"));
    }
    events.push(Event::boot_application("\\EFI\\twin\\grubx64.efi", GRUB));
    events
}

fn loader() -> Vec<Event> {
    let command = |line: &str| Event::ipl(8, &format!("grub_cmd: {line}"), line.as_bytes());
    let line = "/vmlinuz root=PARTUUID=7ee79200-0000-4000-8000-000000000001 ro console=ttyS0";
    vec![
        Event::ipl(9, "(hd0,gpt15)/EFI/twin/grub.cfg", b"teeproof twin: grub.cfg"),
        command("set default=0"),
        command("menuentry Twin --class gnu-linux"),
        command(&format!("linux {line}")),
        Event::ipl(9, "/vmlinuz", KERNEL),
        Event::ipl(8, &format!("kernel_cmdline: {line}"), line.as_bytes()),
        Event::ipl(11, ".initrd", b"teeproof twin: initrd"),
    ]
}

fn exit() -> Vec<Event> {
    vec![
        Event::action(5, "Exit Boot Services Invocation"),
        Event::action(5, "Exit Boot Services Returned with Success"),
    ]
}
