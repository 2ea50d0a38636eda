//! Fields of a TPM, PCRs and event log, in the sections of technologies that have one.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::Technology;
use teeproof_tpm::{Booted, Explanation, FIRMWARE_PCRS, TpmPolicy, VerifiedLog, checks};
use teeproof_wire::tpm::REGISTERS;

use super::event_log::LogExplains;
use super::kinds::{YesNo, text};
use super::lines::Lines;
use super::pcr_advice::{is_reset, measured_by_the_system, volatile_in_tpm};
use super::pcrs::PcrTable;
use super::problems::{Problems, Reported};
use super::rule::Kind;
use super::section::Section;
use super::table::{FieldKind, PolicyKey, section};

teeproof_tpm::tpm_policy_fields! { section }

/// Where the values are found.
type Source<'b, 'a> = Booted<'b, 'a>;

fn pcrs(lines: &mut Lines<'_>, key: &str, found: &[Booted<'_, '_>]) {
    let values = |booted: &Booted<'_, '_>| -> Vec<(u8, [u8; 32])> {
        let pcrs = booted.pcrs.into_iter();
        pcrs.flat_map(|pcrs| pcrs.iter().map(|(index, value)| (index, *value))).collect()
    };
    let banks: Vec<_> = found.iter().map(values).collect();
    let logs: Vec<_> = found.iter().map(|booted| booted.log).collect();
    lines.pcrs(key, &banks, volatile_in_tpm, |index, piece, value| {
        unexplained(index, value, logs.get(piece).copied().flatten())
    });
}

/// Whether the firmware enforced secure boot, or the log's own reason why it does not show that.
fn secure_boot(lines: &mut Lines<'_>, key: &str, found: &[Booted<'_, '_>]) {
    let known = |booted: &Booted<'_, '_>| match booted.secure_boot() {
        Ok(enabled) => Ok(<YesNo as Kind>::toml(&enabled)),
        Err(reason) => Err(reason.to_string()),
    };
    lines.known(key, found.iter().map(known), WHOLE_LOG);
}

/// PCRs that only a late launch (DRTM) resets and extends.
const LATE_LAUNCH: core::ops::RangeInclusive<u8> = 17..=22;

/// The firmware's event log. The attestation agent's log tells of its own events alone and explains no boot.
fn firmware_log<'l, 'a>(log: Option<&'l VerifiedLog<'a>>) -> Option<&'l VerifiedLog<'a>> {
    log.filter(|log| log.format().is_of_firmware())
}

/// Why a quoted PCR is not pinned, or `None` where the firmware's event log explains its value.
fn unexplained(index: u8, value: &[u8], log: Option<&VerifiedLog<'_>>) -> Option<String> {
    let explanation = firmware_log(log).map(|log| log.pcr(index));
    if explanation == Some(Explanation::Explained) {
        return None;
    }
    if is_reset(value) && explanation != Some(Explanation::Unexplained) {
        let what =
            if LATE_LAUNCH.contains(&index) { "no late launch took place" } else { "nothing was measured" };
        return Some(format!("not extended: it holds its reset value, {what}"));
    }
    let what = match explanation {
        Some(Explanation::NoLog) => "the event log has no events of it",
        Some(_) => "the event log does not explain it",
        None => "no event log explains it",
    };
    Some(match measured_by_the_system(index) {
        Some(who) => format!("{what}: {who}"),
        None => what.to_string(),
    })
}

/// That the event log explains the quoted PCRs, all or all but those that it does not in some of the evidence.
fn event_log(lines: &mut Lines<'_>, key: &str, found: &[Booted<'_, '_>]) {
    let logs: Vec<_> = found.iter().filter_map(|booted| firmware_log(booted.log)).collect();
    if logs.len() < found.len() {
        return match logs.is_empty() {
            true => lines.lacking(key, false, "the evidence has no event log of the firmware", NO_LOG),
            false => lines.lacking(key, true, "it has no event log of the firmware", WHOLE_LOG),
        };
    }
    let not_quoted = |index: &u8| logs.iter().any(|log| log.pcr(*index) == Explanation::NotQuoted);
    let not_quoted: Vec<String> = FIRMWARE_PCRS.filter(not_quoted).map(|index| index.to_string()).collect();
    if !not_quoted.is_empty() {
        let is_whole = |log: &&VerifiedLog<'_>| {
            FIRMWARE_PCRS.into_iter().all(|index| log.pcr(index) != Explanation::NotQuoted)
        };
        return lines.lacking(key, logs.iter().any(is_whole), &not_all_quoted(&not_quoted), QUOTE_ALL);
    }
    let unexplained = |index: &u8| logs.iter().any(|log| is_unexplained(log, *index));
    let excepted: Vec<u8> = (0..REGISTERS).filter(unexplained).collect();
    if !logs.iter().all(|log| log.explains_all_but(|index| excepted.contains(&index))) {
        let why = "the event log explains no PCR that shows how the machine booted";
        return lines.lacking(key, false, why, WHOLE_LOG);
    }
    if excepted.is_empty() {
        return lines.line(&format!("{key} = {{ exactly = true }}"));
    }
    let without_events = |index: u8| logs.iter().all(|log| log.pcr(index) != Explanation::Unexplained);
    let reason = |index: &u8| match without_events(*index) {
        true => {
            format!("{index} = {}", text("the event log has no events of it, and it holds its reset value"))
        }
        false => format!("{index} = {}", text(outside_of_the_log(*index))),
    };
    let excepted: Vec<String> = excepted.iter().map(reason).collect();
    lines.line(&format!("{key} = {{ explained-except = {{ {} }} }}", excepted.join(", ")));
}

/// Why no rule for the log accepts evidence that leaves out PCRs of the firmware.
fn not_all_quoted(pcrs: &[String]) -> String {
    format!("PCR {} not quoted: whoever quotes so few shows nothing of what booted", pcrs.join(", "))
}

/// Whether a rule for the log has to except a PCR.
fn is_unexplained(log: &VerifiedLog<'_>, index: u8) -> bool {
    match log.pcr(index) {
        Explanation::Explained => false,
        Explanation::Unexplained => true,
        Explanation::NoLog | Explanation::NotQuoted => FIRMWARE_PCRS.contains(&index),
    }
}

/// Why a PCR need not be explained by the event log.
fn outside_of_the_log(index: u8) -> &'static str {
    let who = volatile_in_tpm(index).or(measured_by_the_system(index));
    who.unwrap_or("the event log does not explain it: it is of another boot or machine, or was altered")
}

const QUOTE_ALL: &str = "quote PCRs 0 to 7 at least";
const NO_LOG: &str = "collect with the event log, or pin the PCRs whose values you know to be right";
const WHOLE_LOG: &str = "quote PCR 7 and collect with the event log of that start, unaltered";
