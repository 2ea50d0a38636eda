//! Summary of the explained PCRs as text, for `log.replay` and for `log.explains`.

use core::fmt;

use super::{FIRMWARE_PCRS, VerifiedLog};
use crate::policy::is_excepted;
use crate::{ExceptedPcr, Explanation};

/// `replayed values match: 0 1 2; differ: 5; no events for: 8 9`, and why a rule is not satisfied.
pub(crate) struct Summary<'l, 'a> {
    log: &'l VerifiedLog<'a>,
    /// The PCRs that the policy excepts, where a rule is appraised.
    rule: Option<&'l [ExceptedPcr<'l>]>,
}

/// The PCRs that an operating system extends outside of the firmware's log.
const EXTENDED_BY_THE_SYSTEM: core::ops::RangeInclusive<u8> = 9..=11;

impl<'l, 'a> Summary<'l, 'a> {
    /// For `log.replay`.
    pub(crate) const fn of_replay(log: &'l VerifiedLog<'a>) -> Self {
        Self { log, rule: None }
    }

    /// For the rule that the log explains all PCRs except these.
    pub(crate) const fn of_rule(log: &'l VerifiedLog<'a>, excepted: &'l [ExceptedPcr<'l>]) -> Self {
        Self { log, rule: Some(excepted) }
    }

    fn is_excepted(&self, index: u8) -> bool {
        is_excepted(self.rule.unwrap_or_default(), index)
    }

    /// The PCRs of one explanation.
    fn pcrs_with(&self, which: Explanation) -> impl Iterator<Item = u8> + '_ {
        self.log.pcrs().filter(move |(_, pcr)| *pcr == which).map(|(index, _)| index)
    }
}

impl fmt::Display for Summary<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.log.format().is_of_firmware() {
            f.write_str("the attestation agent's log, not the firmware's: ")?;
        }
        let mut separator = "";
        for (what, which) in [
            ("replayed values match:", Explanation::Explained),
            ("differ:", Explanation::Unexplained),
            ("no events for:", Explanation::NoLog),
        ] {
            write!(f, "{separator}{what}")?;
            separator = "; ";
            let mut indices = self.pcrs_with(which).peekable();
            if indices.peek().is_none() {
                f.write_str(" none")?;
            }
            indices.try_for_each(|index| write!(f, " {index}"))?;
        }
        if let Some(excepted) = self.rule {
            self.show_excepted(excepted, f)?;
            self.show_firmware(f)?;
        }
        self.show_differing(f)
    }
}

impl Summary<'_, '_> {
    /// `; excepted by the policy: 9 11 (the log explains 9 of them)`.
    fn show_excepted(&self, excepted: &[ExceptedPcr<'_>], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if excepted.is_empty() {
            return Ok(());
        }
        f.write_str("; excepted by the policy:")?;
        excepted.iter().try_for_each(|pcr| write!(f, " {}", pcr.index))?;
        let matching = |pcr: &&ExceptedPcr<'_>| self.log.pcr(pcr.index) == Explanation::Explained;
        let mut matching = excepted.iter().filter(matching).peekable();
        if matching.peek().is_none() {
            return Ok(());
        }
        f.write_str(" (the log explains")?;
        matching.try_for_each(|pcr| write!(f, " {}", pcr.index))?;
        f.write_str(" of them)")
    }

    /// `; PCRs 0 to 7 are not all explained: not quoted: 0 1, no events for: 6`, or that no
    /// other PCR shows how the machine booted.
    fn show_firmware(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "; the firmware extends PCRs 0 to 7, of which";
        for (what, which) in [("not quoted:", Explanation::NotQuoted), ("no events for:", Explanation::NoLog)]
        {
            let missing = |index: &u8| FIRMWARE_PCRS.contains(index) && !self.is_excepted(*index);
            let mut missing = self.pcrs_with(which).filter(missing).peekable();
            if missing.peek().is_some() {
                write!(f, "{before} {what}")?;
                before = ",";
            }
            missing.try_for_each(|index| write!(f, " {index}"))?;
        }
        if !self.log.explains_any_but(|index| self.is_excepted(index)) {
            f.write_str("; no explained PCR is left that is not excepted and not resettable by software: the log shows nothing")?;
        }
        Ok(())
    }

    /// The probable reason why PCRs differ.
    fn show_differing(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differing = self.pcrs_with(Explanation::Unexplained);
        let mut differing = differing.filter(|index| !self.is_excepted(*index)).peekable();
        if differing.peek().is_none() {
            return Ok(());
        }
        f.write_str(match differing.all(|index| EXTENDED_BY_THE_SYSTEM.contains(&index)) {
            true => "; IMA extends PCR 10, systemd PCR 11 and from version 255 PCR 9, outside of this log",
            false => "; the log is of another boot or machine, or was altered",
        })
    }
}
