//! What a relying party may demand of a machine's PCRs and event log, and both held against it.

mod event_log;

pub(crate) use event_log::is_excepted;
pub use event_log::{EventLogRule, ExceptedPcr};

use core::fmt;

use teeproof_core::{Absence, Pcrs, Record, Remark, Rule};

use crate::{NoSecureBoot, VerifiedLog, VerifiedPcrs, checks};

crate::tpm_policy_fields! { teeproof_core::policy_table }

/// What is verified of how a machine booted.
#[derive(Clone, Copy, Debug)]
pub struct Booted<'b, 'a> {
    /// The PCRs that were quoted, where their values came.
    pub pcrs: Option<&'b VerifiedPcrs>,
    /// The event log, where one came that explains them.
    pub log: Option<&'b VerifiedLog<'a>>,
}

impl Booted<'_, '_> {
    /// Whether it is attested that a PCR has no value: the quote signs which PCRs it covers, but whoever hands
    /// it in can leave out the values, or the quote itself.
    pub(crate) const fn absence_of_pcrs(&self) -> Absence {
        match self.pcrs {
            Some(_) => Absence::Attested,
            None => Absence::NotAttested,
        }
    }

    /// Whether the firmware enforced secure boot.
    ///
    /// # Errors
    /// Why the log does not say.
    pub fn secure_boot(&self) -> Result<bool, SecureBootUnknown> {
        let log = self.log.ok_or(SecureBootUnknown::NoLog)?;
        log.secure_boot().map(|known| known.enabled).map_err(SecureBootUnknown::Log)
    }
}

/// Why it is not known whether the firmware enforced secure boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureBootUnknown {
    /// No event log was verified.
    NoLog,
    /// The log does not show it.
    Log(NoSecureBoot),
}

impl fmt::Display for SecureBootUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLog => f.write_str("no event log was verified"),
            Self::Log(reason) => reason.fmt(f),
        }
    }
}

impl core::error::Error for SecureBootUnknown {}

/// Where the answer about secure boot comes from, or why there is none.
struct SecureBootSource(Result<bool, SecureBootUnknown>);

impl fmt::Display for SecureBootSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(_) => f.write_str("the events of the quoted PCR 7"),
            Err(reason) => reason.fmt(f),
        }
    }
}

/// Holds what was verified against a policy, records every finding, and says whether all rules
/// hold. Without PCRs or without a log, every rule about them fails that is not waived.
pub fn appraise(
    pcrs: Option<&VerifiedPcrs>,
    log: Option<&VerifiedLog<'_>>,
    policy: &TpmPolicy<'_>,
    record: &mut dyn Record,
) -> bool {
    rules(Booted { pcrs, log }, policy, record).into_iter().all(|holds| holds)
}
