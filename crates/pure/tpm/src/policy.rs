//! What a relying party may demand of a machine's registers and boot log.

use teeproof_core::{Pcrs, Rule};

/// An appraisal policy for what a TPM quoted. Every field is an expectation or a waiver with a
/// reason; there is no default.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<'p> {
    /// The registers, SHA-256. One that the quote did not sign fails.
    pub pcrs: Pcrs<'p, 32>,
    /// Whether the firmware enforced secure boot, as the event log shows for the quoted PCR 7;
    /// absent without a log that explains it.
    pub secure_boot: Rule<'p, bool>,
    /// Whether the log explains every quoted register that it has events for; absent without a log.
    pub event_log: Rule<'p, bool>,
}

impl Policy<'_> {
    /// Nothing is demanded, for this reason.
    #[must_use]
    pub fn waived(reason: &'static str) -> Self {
        Self {
            pcrs: Pcrs::waived(reason),
            secure_boot: Rule::waived(reason),
            event_log: Rule::waived(reason),
        }
    }
}
