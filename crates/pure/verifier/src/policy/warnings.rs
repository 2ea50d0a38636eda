//! Warnings of weak rules: valid rules that accept any software, pin values that vary without a change of software, or
//! rest on values that anybody can make.
//!
//! A warning never makes a policy invalid: the relying party may mean the rule. Waivers carry their reasons and
//! show in every result; the warnings repeat three of them: who may read the guest's memory, whose the claims are,
//! and what software runs.

mod floors;
mod nitro;
mod tdx;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Check, Escaped, Expectation, PcrRule, Pcrs, PolicyValue, Rule, Technology};
use teeproof_hcl::{Ground, Origin};
use teeproof_snp::Vmpl;
use teeproof_tpm::{EventLogRule, FIRMWARE_PCRS, RESETTABLE_PCRS};
use teeproof_wire::tpm::REGISTERS;

use super::pcr_advice::{is_reset, volatile_in_tpm};
use super::{AzureSnpPolicy, AzureTdxPolicy, Policy};

/// A weak rule of a policy; see [`Policy::warnings`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyWarning {
    /// The field: `azure-snp.pcrs.10`; the section if the warning is about all of it.
    pub path: String,
    /// The line of the rule, counted from 1, if the policy is from a file.
    pub line: Option<u32>,
    /// The weakness: values that the policy accepts or rests on.
    pub message: String,
    /// An instruction: what to write instead.
    pub hint: &'static str,
}

/// `12: nitro.debug: the message`, without the hint.
impl fmt::Display for PolicyWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "{line}: ")?;
        }
        write!(f, "{}: {}", self.path, self.message)
    }
}

/// The warnings of a policy, section by section.
pub(super) fn of(policy: &Policy) -> Vec<PolicyWarning> {
    let mut warnings = Warnings { section: Technology::Snp, found: Vec::new() };
    if let Some(report) = &policy.snp {
        warnings.report(report);
        warnings.guest_software(report);
    }
    if let Some(quote) = &policy.tdx {
        warnings.section = Technology::Tdx;
        warnings.quote(quote);
        warnings.td_software(quote);
    }
    if let Some(AzureSnpPolicy { snp, vm }) = &policy.azure_snp {
        warnings.section = Technology::AzureSnp;
        warnings.report(snp);
        let measured = names(&snp.measurement, &[0; 48]);
        let signed = names(&snp.id_key_digest, &[0; 48]) && !is_waived(&snp.guest_svn);
        warnings.origin(vm, measured || signed, PIN_ORIGIN);
        warnings.id_key(vm, snp);
        warnings.beside_the_report(vm);
        warnings.booted(&vm.tpm);
    }
    if let Some(AzureTdxPolicy { tdx, vm }) = &policy.azure_tdx {
        warnings.section = Technology::AzureTdx;
        warnings.quote(tdx);
        warnings.origin(vm, names(&tdx.mrtd, &[0; 48]), PIN_TD_ORIGIN);
        warnings.beside_the_report(vm);
        warnings.booted(&vm.tpm);
    }
    if let Some(nitro) = &policy.nitro {
        warnings.section = Technology::Nitro;
        warnings.enclave(nitro);
    }
    if let Some(nitro_tpm) = &policy.nitro_tpm {
        warnings.section = Technology::NitroTpm;
        warnings.instance(nitro_tpm);
    }
    warnings.found
}

/// The warnings of one section after the other.
struct Warnings {
    section: Technology,
    found: Vec<PolicyWarning>,
}

impl Warnings {
    fn add(&mut self, key: &str, line: Option<u32>, message: impl Into<String>, hint: &'static str) {
        let section = self.section;
        let path = if key.is_empty() { section.to_string() } else { format!("{section}.{key}") };
        self.found.push(PolicyWarning { path, line, message: message.into(), hint });
    }

    /// Warns where a rule that demands something accepts this value.
    fn if_accepted<T: PolicyValue>(
        &mut self,
        key: &str,
        rule: &Rule<'_, T>,
        value: &T::Seen,
        message: &str,
        hint: &'static str,
    ) {
        if accepts(rule, value) {
            self.add(key, rule.line, message, hint);
        }
    }

    /// Warnings of the rules for an SNP report.
    fn report(&mut self, policy: &teeproof_snp::SnpPolicy<'_>) {
        if is_waived(&policy.debug) {
            self.add("debug", policy.debug.line, DEBUG_GUEST, NO_DEBUG);
        }
        self.if_accepted("debug", &policy.debug, &true, DEBUG_GUEST, NO_DEBUG);
        self.if_accepted("migration", &policy.migration, &true, MIGRATION, "migration = { exactly = false }");
        self.if_accepted(
            "host-requested",
            &policy.host_requested,
            &true,
            HOST,
            "host-requested = { exactly = false }",
        );
        self.if_accepted("vmpl", &policy.vmpl, &Vmpl::HOST, HOST, "name the privilege level of the guest");
        self.if_accepted("measurement", &policy.measurement, &[0; 48], ZERO, PIN_MEASUREMENT);
        self.left_out("revocation-list", &policy.revocation_list, "the revocation list", WAIVE_LIST);
        self.floors(policy);
    }

    /// That nothing of an SNP section says what software runs.
    fn guest_software(&mut self, policy: &teeproof_snp::SnpPolicy<'_>) {
        let teeproof_snp::SnpPolicy { measurement, id_key_digest, author_key_digest, .. } = policy;
        if ![measurement, id_key_digest, author_key_digest].into_iter().any(|rule| names(rule, &[0; 48])) {
            self.add("", measurement.line, NO_SOFTWARE, PIN_MEASUREMENT);
        }
    }

    /// Warnings of the rule for the origin of an Azure VM's report. `pinned` is whether the rules for the hardware's
    /// evidence pin a ground.
    fn origin(&mut self, policy: &teeproof_hcl::HclPolicy<'_>, pinned: bool, hint: &'static str) {
        match &policy.origin {
            Origin::Waived(waiver) => self.add("origin", waiver.line, NO_ORIGIN, hint),
            Origin::AnyOf { grounds, line } if grounds.contains(&Ground::AkCertificate) && !pinned => {
                self.add("origin", *line, CERTIFICATE_ALONE, hint);
            }
            // `Reported`: the result itself warns.
            _ => {}
        }
    }

    /// Warnings of the id key as a ground of the origin.
    fn id_key(&mut self, policy: &teeproof_hcl::HclPolicy<'_>, report: &teeproof_snp::SnpPolicy<'_>) {
        let Origin::AnyOf { grounds, line } = &policy.origin else { return };
        if !grounds.contains(&Ground::IdKeyDigest) {
            return;
        }
        if accepts(&report.guest_svn, &0) {
            self.add("guest-svn", report.guest_svn.line, ANY_GUEST_SVN, PIN_GUEST_SVN);
        }
        if accepts(&report.id_key_digest, &[0; 48]) {
            self.add("origin", *line, NO_ID_KEY, PIN_ORIGIN);
        }
    }

    /// That a rule is satisfied where something did not come.
    fn left_out(&mut self, key: &str, rule: &Rule<'_, bool>, what: &str, hint: &'static str) {
        if accepts(rule, &false) {
            let message = format!(
                "{what} need not come: whoever hands in the evidence can leave it out, so that this demands nothing"
            );
            self.add(key, rule.line, message, hint);
        }
    }

    /// The rules for what an Azure VM adds to the paravisor's report.
    fn beside_the_report(&mut self, policy: &teeproof_hcl::HclPolicy<'_>) {
        self.if_accepted("ak-certificate", &policy.ak_certificate, &false, NO_CERTIFICATE, WAIVE_AK);
        let list = "a revocation list of each issuer above the AK";
        self.left_out("ak-revocation-list", &policy.ak_revocation_list, list, WAIVE_AK_LIST);
        self.left_out("quote", &policy.quote, "a quote", WAIVE_QUOTE);
        self.left_out("fresh-report", &policy.fresh_report, "the nonce in user-data", WAIVE_FRESH);
    }

    /// Warnings of the rules for PCRs and event log.
    fn booted(&mut self, policy: &teeproof_tpm::TpmPolicy<'_>) {
        self.if_accepted("secure-boot", &policy.secure_boot, &false, NO_SECURE_BOOT, DEMAND_SECURE_BOOT);
        match &policy.event_log {
            EventLogRule::Explains(rule) => {
                self.if_accepted("event-log", rule, &false, UNEXPLAINED, EXPLAINED_EXCEPT);
            }
            EventLogRule::ExplainsAllBut { excepted, line } => {
                let is_excepted = |index| excepted.iter().any(|pcr| pcr.index == index);
                if (0..REGISTERS).filter(|index| !RESETTABLE_PCRS.contains(index)).all(is_excepted) {
                    self.add("event-log", *line, ALL_EXCEPTED, WAIVE_LOG);
                }
                for pcr in excepted.iter().filter(|pcr| FIRMWARE_PCRS.contains(&pcr.index)) {
                    self.add(
                        &format!("event-log.explained-except.{}", pcr.index),
                        pcr.waiver.line,
                        UNEXPLAINED_FIRMWARE,
                        "give the event log of the machine that was quoted, since its last start",
                    );
                }
            }
            _ => {}
        }
        let (rules, line) = pcrs(&policy.pcrs);
        for PcrRule { index, rule, .. } in rules {
            let key = format!("pcrs.{index}");
            if let Some(why) = volatile_in_tpm(*index).filter(|_| !is_waived(rule)) {
                self.add(&key, rule.line, format!("pinned although it varies: {why}"), WAIVE_PCR);
            }
            if RESETS.iter().any(|value| accepts(rule, value)) {
                self.add(&key, rule.line, RESET, WAIVE_PCR);
            }
        }
        let pins = |index: u8| rules.iter().any(|pcr| pcr.index == index && pins_a_measurement(pcr));
        if !SOFTWARE_OF_TPM.iter().any(|index| pins(*index)) {
            let message = if pins(SECURE_BOOT_PCR) { SECURE_BOOT_ALONE } else { NO_SOFTWARE };
            self.add("pcrs", line, message, PIN_BOOT);
        }
        // Where no PCR is pinned, nothing is said of the boot anyway.
        if let Expectation::Waived(why) = &policy.secure_boot.expectation
            && rules.iter().any(pins_a_measurement)
        {
            let message = format!("secure boot is not demanded: {}", Escaped(why));
            self.add("secure-boot", policy.secure_boot.line, message, SHOW_SECURE_BOOT);
        }
    }
}

/// What the PCRs of a TPM hold of which nothing was measured.
const RESETS: [[u8; 32]; 2] = [[0; 32], [u8::MAX; 32]];

/// The rules of PCRs, or none and the line of their waiver.
fn pcrs<'r, 'p, const N: usize>(pcrs: &'r Pcrs<'p, N>) -> (&'r [PcrRule<'p, N>], Option<u32>) {
    match pcrs {
        Pcrs::Rules(rules) => (rules, rules.first().and_then(|pcr| pcr.rule.line)),
        Pcrs::Waived(waiver) => (&[], waiver.line),
    }
}

/// The PCRs of a TPM that say what software runs: what the firmware starts, what the boot loader reads and runs, and
/// the unified kernel image. The others say how the firmware is configured, or what differs between machines.
const SOFTWARE_OF_TPM: [u8; 4] = [4, 8, 9, 11];

/// The PCR of secure boot's keys: any software that they allow has the same value.
const SECURE_BOOT_PCR: u8 = 7;

/// Whether a PCR of a TPM is pinned to what was measured into it.
fn pins_a_measurement(pcr: &PcrRule<'_, 32>) -> bool {
    let values: &[[u8; 32]] = match &pcr.rule.expectation {
        Expectation::Exactly(value) => core::slice::from_ref(value),
        Expectation::OneOf(values) => values,
        _ => &[],
    };
    volatile_in_tpm(pcr.index).is_none() && !values.is_empty() && !values.iter().any(|value| is_reset(value))
}

fn is_waived<T: PolicyValue>(rule: &Rule<'_, T>) -> bool {
    matches!(rule.expectation, Expectation::Waived(_))
}

/// Whether a rule demands something, and accepts this value.
fn accepts<T: PolicyValue>(rule: &Rule<'_, T>, value: &T::Seen) -> bool {
    !is_waived(rule) && rule.appraise(ANY_CHECK, Some(value), &mut ())
}

/// Whether a rule demands a digest, and none that is all zeros.
fn names(rule: &Rule<'_, [u8; 48]>, zeros: &[u8; 48]) -> bool {
    matches!(rule.expectation, Expectation::Exactly(_) | Expectation::OneOf(_)) && !accepts(rule, zeros)
}

/// Nothing is recorded of what a rule would accept.
const ANY_CHECK: &Check = crate::POLICY_TECHNOLOGY;

const DEBUG_GUEST: &str = "a guest whose memory the host can read is accepted";
const NO_DEBUG: &str = "debug = { exactly = false }";
const MIGRATION: &str = "a guest that a migration agent can move is accepted";
const HOST: &str = "reports that the host requested are accepted: no guest chose their REPORT_DATA";
const ZERO: &str = "zeros are accepted, which name no software";
const RESET: &str = "the value of a PCR into which nothing was measured is accepted, which names no software";
const NO_SOFTWARE: &str = "nothing in this section says what software runs";
const NO_ORIGIN: &str = "the origin is waived: claims that any confidential guest can make are accepted";
const CERTIFICATE_ALONE: &str =
    "an AK certificate alone is accepted: it shows whose the key is, not who made the claims";
const NO_ID_KEY: &str = "zeros are accepted as the ID key, which every guest without an ID block has";
const NO_SECURE_BOOT: &str = "a machine without secure boot is accepted";
const UNEXPLAINED: &str =
    "an event log that does not explain the PCRs is accepted: it shows nothing of what booted";
const EXPLAINED_EXCEPT: &str = "event-log = { explained-except = { 11 = \"<why>\" } } names the PCRs that are extended outside of the log";
const UNEXPLAINED_FIRMWARE: &str = "an event log is accepted that does not explain a PCR of the firmware, which logs all that \
                                    it measures: of another boot or machine, or altered";
const ALL_EXCEPTED: &str =
    "no evidence satisfies this: every PCR that shows how the machine booted is excepted";
const WAIVE_LOG: &str =
    "event-log = { waived = \"<why>\" }, or name the PCRs alone that are extended outside of the log";
const WAIVE_LIST: &str =
    "revocation-list = { waived = \"<why>\" } says the same with its reason, { exactly = true } demands it";
const WAIVE_AK_LIST: &str = "ak-revocation-list = { waived = \"<why>\" } says the same with its reason, { exactly = true } demands them";
const NO_CERTIFICATE: &str = "no evidence has `false` here: without a certificate there is no value to compare, and the rule does not hold";
const WAIVE_AK: &str =
    "ak-certificate = { waived = \"<why>\" } where none has to come, { exactly = true } demands one";
const WAIVE_QUOTE: &str =
    "quote = { waived = \"<why>\" } says the same with its reason, { exactly = true } demands it";
const WAIVE_FRESH: &str =
    "fresh-report = { waived = \"<why>\" } says the same with its reason, { exactly = true } demands it";
const PIN_MEASUREMENT: &str =
    "pin the measurement of your image, or the digest of the key that signs its ID block";
const PIN_ORIGIN: &str =
    "origin = { one-of = [\"measurement\", \"reference-value\"] }, with measurement pinned";
const WAIVE_PCR: &str = "waive it with its reason, or leave it out";
const DEMAND_SECURE_BOOT: &str = "secure-boot = { exactly = true }";
const SHOW_SECURE_BOOT: &str = "secure-boot = { exactly = true }; where no log shows it, collect with the event log of that start, unaltered";
const PIN_BOOT: &str = "pin the PCRs that your image determines: 4 and 7, and 8, 9 or 11";
const SECURE_BOOT_ALONE: &str =
    "PCR 7 alone is pinned: any software that the keys of secure boot allow is accepted, and it names none";
const ANY_GUEST_SVN: &str = "any security version of the paravisor is accepted, also those whose keys a guest could replace (CVE-2025-49707)";
const PIN_GUEST_SVN: &str =
    "guest-svn = { at-least = 10 }; the reference values list the versions that were seen";
const PIN_TD_ORIGIN: &str = "origin = { one-of = [\"measurement\", \"reference-value\"] }, with mrtd pinned";
