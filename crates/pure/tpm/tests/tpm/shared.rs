//! The suite `shared`: logs of real machines that are not in the repository.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use teeproof_core::Outcome;
use teeproof_tpm::{Explanation, NoSecureBoot};

use crate::support::*;

/// The folder, or `None` after having said that the suite was not run.
fn folder() -> Option<PathBuf> {
    match std::env::var_os("TEEPROOF_SHARED_DATA") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            // Not by a macro: those are kept back for tests that pass.
            let said = b"suite shared: not run, TEEPROOF_SHARED_DATA is not set (../shared/data)\n";
            std::io::stdout().write_all(said).unwrap();
            None
        }
    }
}

fn need(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name);
    assert!(path.is_file(), "suite shared: {} is missing", path.display());
    std::fs::read(path).unwrap()
}

fn word(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The registers that a log makes, and those that it has events of: read here once more, by
/// hand, for a log with SHA-1, SHA-256 and SHA-384 in this order.
fn registers(log: &[u8]) -> ([[u8; 32]; 24], [bool; 24]) {
    let mut at = 32 + word(log, 28);
    let (mut values, mut recorded) = ([[0; 32]; 24], [false; 24]);
    while at < log.len() {
        assert_eq!(word(log, at + 8), 3);
        let (register, kind) = (word(log, at), word(log, at + 4));
        let digest = &log[at + 12 + 2 + 20 + 2..][..32];
        if kind != 3 {
            values[register] =
                Sha256::new().chain_update(values[register]).chain_update(digest).finalize().into();
            recorded[register] = true;
        }
        let data = at + 12 + 3 * 2 + 20 + 32 + 48;
        at = data + 4 + word(log, data);
    }
    (values, recorded)
}

#[test]
fn shared_log_of_a_real_machine_is_explained() {
    let Some(folder) = folder() else { return };
    let log = need(&folder, "azure/eventlog-ubuntu-2404-gce-snp.bin");
    let (values, recorded) = registers(&log);
    let mut vm = vm();
    vm.pcrs = values;
    let bag = Bag { log: Some(log.clone()), ..Bag::of(&vm) };
    let seen = bag.verify().unwrap().log.unwrap();
    let expected =
        recorded.map(|recorded| if recorded { Explanation::Explained } else { Explanation::NoLog });
    assert_eq!(recorded.iter().filter(|recorded| **recorded).count(), 11);
    assert_eq!((seen.registers, seen.explains_all, seen.outcome), (expected, true, Outcome::Pass));
    assert_eq!(seen.events, 116);
    // What the log's own text shows: secure boot was off, the firmware has its keys, and shim and
    // grub were started.
    let (enabled, [pk, kek, db, dbx], authorities) = seen.secure_boot.unwrap();
    assert_eq!((pk, authorities), (1, 1));
    assert!(kek > 0 && db > 0 && dbx > 0);
    assert_eq!(enabled, log[0x18d..0x23c].last() == Some(&1), "the last byte of the event SecureBoot");
    assert_eq!(seen.applications.unwrap().len(), 2);

    // Padded as firmware pads, it is the same; with one digest altered, its register is not.
    for byte in [0, 0xff] {
        let padded = [&log[..], &[byte; 4096]].concat();
        assert!(Bag { log: Some(padded), ..bag.clone() }.verify().unwrap().log.unwrap().explains_all);
    }
    let mut altered = log;
    altered[0x49 + 12 + 2 + 20 + 2] ^= 1;
    let seen = Bag { log: Some(altered), ..bag }.verify().unwrap().log.unwrap();
    assert_eq!(seen.registers[0], Explanation::Unexplained);
    assert!(!seen.explains_all && seen.outcome == Outcome::Warn);
}

/// What an independent reader makes of the SHA-256 bank of a log of any banks: the digests of each event
/// are stepped over by the sizes that the header names.
fn sha256_bank(log: &[u8]) -> Option<[[u8; 32]; 24]> {
    let half = |at: usize| usize::from(u16::from_le_bytes([log[at], log[at + 1]]));
    if !log[32..].starts_with(b"Spec ID Event03") || log[0] != 0 {
        return None;
    }
    let sizes: Vec<_> = (0..word(log, 56)).map(|at| (half(60 + 4 * at), half(62 + 4 * at))).collect();
    sizes.iter().find(|(id, _)| *id == 11)?;
    let (mut at, mut values) = (32 + word(log, 28), [[0; 32]; 24]);
    while at < log.len() {
        let (register, kind, count) = (word(log, at), word(log, at + 4), word(log, at + 8));
        at += 12;
        for _ in 0..count {
            let (id, digest) = (half(at), at + 2);
            if id == 11 && kind != 3 {
                let old = Sha256::new().chain_update(values[register]);
                values[register] = old.chain_update(&log[digest..digest + 32]).finalize().into();
            }
            at = digest + sizes.iter().find(|(known, _)| *known == id).unwrap().1;
        }
        let data = word(log, at);
        if kind == 3 && log[at + 4..].starts_with(b"StartupLocality\0") {
            values[0][31] = log[at + 20];
        }
        at += 4 + data;
    }
    Some(values)
}

/// Files that are no logs of a whole start.
const FRAGMENTS: [&str; 3] =
    ["log/log-06744fb9edba.bin", "log/log-aad27380fa51.bin", "named-logs/tpm2tools-event-uefivar.bin"];

/// Every public log with SHA-256 explains what a machine would have quoted; where it does not show
/// secure boot, the reason names the event with its offset, or what is missing.
#[test]
fn shared_logs_of_many_machines_are_explained() {
    let Some(folder) = folder() else { return };
    let (mut explained, mut shown) = (0, 0);
    for name in ["log", "named-logs", "repro"] {
        let mut files: Vec<_> = std::fs::read_dir(folder.join("real").join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for path in files.into_iter().filter(|path| path.is_file()) {
            let log = std::fs::read(&path).unwrap();
            let Some(values) = (log.len() > 60).then(|| sha256_bank(&log)).flatten() else { continue };
            let mut vm = vm();
            vm.pcrs = values;
            let bag = Bag { log: Some(log), ..Bag::of(&vm) };
            let seen = bag.verify().unwrap().log.unwrap();
            assert_eq!(seen.outcome, Outcome::Pass, "{}", path.display());
            // Each log of a whole start has events of all of the firmware's PCRs; the others are single events
            // of PCR 7, and reference values for PCRs 4, 7 and 14.
            let whole = !FRAGMENTS.iter().any(|name| path.ends_with(name));
            assert_eq!(seen.explains_all, whole, "{}", path.display());
            explained += 1;
            match seen.secure_boot {
                Ok(_) => shown += 1,
                Err(reason @ NoSecureBoot::Event { .. }) => {
                    let text = reason.to_string();
                    assert!(text.starts_with("event ") && text.contains("(PCR 7, offset 0x"), "{text}");
                }
                Err(reason) => assert!(reason.to_string().contains(['P', 'd', 'k']), "{reason}"),
            }
        }
    }
    assert!(explained >= 34, "{explained}");
    assert!(shown >= 10, "{shown}");
}
