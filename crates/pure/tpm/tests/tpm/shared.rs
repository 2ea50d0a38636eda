//! The suite `shared`: the log of a real machine that is not in the repository.

use std::io::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use teeproof_core::Outcome;
use teeproof_tpm::Explanation;

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
    let (mut values, mut told) = ([[0; 32]; 24], [false; 24]);
    while at < log.len() {
        assert_eq!(word(log, at + 8), 3);
        let (register, kind) = (word(log, at), word(log, at + 4));
        let digest = &log[at + 12 + 2 + 20 + 2..][..32];
        if kind != 3 {
            values[register] =
                Sha256::new().chain_update(values[register]).chain_update(digest).finalize().into();
            told[register] = true;
        }
        let data = at + 12 + 3 * 2 + 20 + 32 + 48;
        at = data + 4 + word(log, data);
    }
    (values, told)
}

#[test]
fn shared_log_of_a_real_machine_is_explained() {
    let Some(folder) = folder() else { return };
    let log = need(&folder, "azure/eventlog-ubuntu-2404-gce-snp.bin");
    let (values, told) = registers(&log);
    let mut vm = vm();
    vm.pcrs = values;
    let bag = Bag { log: Some(log.clone()), ..Bag::of(&vm) };
    let seen = bag.verify().unwrap().log.unwrap();
    let expected = told.map(|told| if told { Explanation::Explained } else { Explanation::NoLog });
    assert_eq!(told.iter().filter(|told| **told).count(), 11);
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
