//! The appraisal policy for PCRs and event logs, and the appraisal of both.

mod event_log;

pub(crate) use event_log::is_excepted;
pub use event_log::{EventLogRule, ExceptedPcr};

use core::fmt;

use teeproof_core::{Absence, Pcrs, Record, Remark, Rule};

use crate::{NoSecureBoot, VerifiedLog, VerifiedPcrs, checks};

crate::tpm_policy_fields! { teeproof_core::policy_table }

/// The verified PCRs and event log of a machine.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Booted<'b, 'a> {
    /// The quoted PCRs, if their values were given.
    pub pcrs: Option<&'b VerifiedPcrs>,
    /// The replayed event log, if one was given.
    pub log: Option<&'b VerifiedLog<'a>>,
}

impl<'b, 'a> Booted<'b, 'a> {
    /// These PCRs and this event log, as far as the evidence has them.
    #[must_use]
    pub const fn new(pcrs: Option<&'b VerifiedPcrs>, log: Option<&'b VerifiedLog<'a>>) -> Self {
        Self { pcrs, log }
    }
}

impl Booted<'_, '_> {
    /// Whether the absence of a PCR value is attested: the quote signs its selection, but its sender can leave
    /// out the values, or the quote itself.
    pub(crate) const fn absence_of_pcrs(&self) -> Absence {
        match self.pcrs {
            Some(_) => Absence::Attested,
            None => Absence::NotAttested,
        }
    }

    /// Whether the firmware enforced secure boot.
    ///
    /// # Errors
    /// Why the log does not show it.
    pub fn secure_boot(&self) -> Result<bool, SecureBootUnknown> {
        let log = self.log.ok_or(SecureBootUnknown::NoLog)?;
        log.secure_boot().map(|known| known.enabled).map_err(SecureBootUnknown::Log)
    }
}

/// Why it is not known whether the firmware enforced secure boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

/// The source of the value of `secure-boot`, or why it is absent.
struct SecureBootSource(Result<bool, SecureBootUnknown>);

impl fmt::Display for SecureBootSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(_) => f.write_str("the events of the quoted PCR 7"),
            Err(reason) => reason.fmt(f),
        }
    }
}

/// Appraises PCRs and event log under a policy: records the finding of every rule, and returns whether all are
/// satisfied or waived. Without PCRs or without a log, each rule about them fails unless it is waived.
pub fn appraise(
    pcrs: Option<&VerifiedPcrs>,
    log: Option<&VerifiedLog<'_>>,
    policy: &TpmPolicy<'_>,
    record: &mut dyn Record,
) -> bool {
    rules(Booted { pcrs, log }, policy, record).into_iter().all(|holds| holds)
}
