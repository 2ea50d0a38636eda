//! The fields of a TPM: PCRs and event log, in the sections of technologies that have one.

use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_tpm::{Booted, Policy, VerifiedLog, checks};

use super::event_log::LogExplains;
use super::kinds::YesNo;
use super::lines::Lines;
use super::pcrs::PcrTable;
use super::problems::{Problems, Reported};
use super::section::Section;
use super::table::{FieldKind, PolicyKey, section, toml};

teeproof_tpm::tpm_policy_fields! { section }

/// Where the values are found.
type Source<'b, 'a> = Booted<'b, 'a>;

fn pcrs(lines: &mut Lines, key: &str, found: &[Booted<'_, '_>]) {
    let values = |booted: &Booted<'_, '_>| -> Vec<(u8, [u8; 32])> {
        let pcrs = booted.pcrs.into_iter();
        pcrs.flat_map(|pcrs| pcrs.iter().map(|(index, value)| (index, *value))).collect()
    };
    let banks: Vec<_> = found.iter().map(values).collect();
    lines.pcrs(key, &banks, VOLATILE);
}

/// PCRs that say something of one machine or one start.
const VOLATILE: &[(u8, &str)] = &[
    (5, "how often the boot loader tried to leave the firmware: differs from start to start"),
    (6, "holds the VM's id: one machine's alone"),
    (16, "for debugging: anybody can reset it"),
    (23, "for applications: anybody can reset it"),
];

fn event_log(lines: &mut Lines, key: &str, found: &[Booted<'_, '_>]) {
    let explains = |booted: &Booted<'_, '_>| toml::<YesNo, _>(booted.log.map(VerifiedLog::explains_all));
    lines.found(key, found.iter().map(explains));
}
