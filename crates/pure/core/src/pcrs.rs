//! What a policy may say of platform configuration registers: a TPM's (32 bytes each) or a Nitro
//! enclave's (48 bytes each).

use crate::{Absence, Check, CheckResult, List, Outcome, Record, Remark, Rule, Text};

/// The rules for PCRs, `N` bytes each.
#[derive(Clone, Debug, PartialEq)]
pub enum Pcrs<'p, const N: usize> {
    /// Each of these; the list must not be empty. PCRs that it does not name are not checked.
    Rules(List<'p, PcrRule<'p, N>>),
    /// None, for the reason given, which shows in the result.
    Waived(Waiver<'p>),
}

/// The rule for one PCR. One that the evidence has no value of fails every rule but a waiver and,
/// where its absence is attested, [`Rule::absent`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PcrRule<'p, const N: usize> {
    /// The number of the PCR.
    pub index: u8,
    /// The rule for its value, a digest of `N` bytes.
    pub rule: Rule<'p, [u8; N]>,
}

/// The reason why a field is not checked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Waiver<'p> {
    /// The reason.
    pub reason: Text<'p>,
    /// The line of the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
}

impl<'p, const N: usize> PcrRule<'p, N> {
    /// A rule for the PCR with this number.
    #[must_use]
    pub const fn new(index: u8, rule: Rule<'p, [u8; N]>) -> Self {
        Self { index, rule }
    }
}

impl<'p, const N: usize, L: Into<List<'p, PcrRule<'p, N>>>> From<L> for Pcrs<'p, N> {
    fn from(rules: L) -> Self {
        Self::Rules(rules.into())
    }
}

impl<'p> Waiver<'p> {
    /// A waiver with this reason.
    #[must_use]
    pub fn new(reason: impl Into<Text<'p>>) -> Self {
        Self { reason: reason.into(), line: None }
    }

    /// With the policy's line.
    #[must_use]
    pub const fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// Records that the check is waived.
    pub fn record(&self, check: &'static Check, record: &mut dyn Record) {
        let finding = CheckResult::new(check, Outcome::Skip).because(&self.reason);
        record.record(CheckResult { line: self.line, waived: true, ..finding });
    }
}

impl<'p, const N: usize> Pcrs<'p, N> {
    /// None of the registers is looked at, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    /// Holds every rule against the registers, each with the check of its number; `all` is the
    /// check for what concerns the registers as a whole, and `absence` says whether it is attested
    /// that a register has no value. Returns whether every rule is satisfied.
    pub fn appraise<'v>(
        &self,
        all: &'static Check,
        each: &[&'static Check],
        value: impl Fn(u8) -> Option<&'v [u8; N]>,
        absence: Absence,
        record: &mut dyn Record,
    ) -> bool {
        let mut fail = |because: &'static str| {
            record.record(CheckResult::new(all, Outcome::Fail).because(&because));
            false
        };
        match self {
            Self::Waived(waiver) => {
                waiver.record(all, record);
                true
            }
            Self::Rules(rules) if rules.is_empty() => {
                fail("the policy names no register; waive the registers by name if that is meant")
            }
            Self::Rules(rules) if rules.iter().any(|rule| usize::from(rule.index) >= each.len()) => {
                fail("the policy names a register that does not exist")
            }
            Self::Rules(rules) => rules.iter().fold(true, |satisfied, rule| {
                let Some(check) = each.get(usize::from(rule.index)) else { return false };
                let value = value(rule.index);
                rule.rule.appraise_remarked(check, value, absence, Remark::None, record) && satisfied
            }),
        }
    }
}
