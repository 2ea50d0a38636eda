//! Verified registers and their log held against a policy: every rule, every finding.

use core::fmt::Display;

use teeproof_core::{Finding, Record};

use crate::{Policy, VerifiedLog, VerifiedPcrs, checks};

/// Holds what was verified against a policy, records every finding, and says whether all rules
/// hold. Without registers or without a log, every rule about them fails that is not waived.
pub fn appraise(
    pcrs: Option<&VerifiedPcrs>,
    log: Option<&VerifiedLog<'_>>,
    policy: &Policy<'_>,
    record: &mut dyn Record,
) -> bool {
    let secure_boot = log.map(VerifiedLog::secure_boot);
    let enabled = secure_boot.as_ref().and_then(|known| known.as_ref().ok()).map(|known| known.enabled);
    let reason: &dyn Display = match &secure_boot {
        None => &"no event log was verified",
        Some(Err(reason)) => reason,
        Some(Ok(_)) => &"the events of the quoted register 7",
    };
    let held = [
        policy.pcrs.appraise(checks::REGISTERS, &checks::PCR, |index| pcrs?.get(index), record),
        policy.secure_boot.appraise(checks::SECURE_BOOT, enabled.as_ref(), &mut Because { record, reason }),
        policy.event_log.appraise(checks::EXPLAINS, log.map(VerifiedLog::explains_all).as_ref(), record),
    ];
    held.iter().all(|held| *held)
}

/// Hands findings on with a reason where they have none.
struct Because<'r> {
    record: &'r mut dyn Record,
    reason: &'r dyn Display,
}

impl Record for Because<'_> {
    fn record(&mut self, finding: Finding<'_>) {
        self.record.record(Finding { because: finding.because.or(Some(self.reason)), ..finding });
    }
}
