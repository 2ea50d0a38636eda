//! Rules of appraisal policies for PCRs: of a TPM (32 bytes each) or a Nitro enclave (48 bytes each).

use crate::{Absence, Check, CheckResult, List, Outcome, Record, Remark, Rule, Text};

/// The rules for PCRs, `N` bytes each.
#[derive(Clone, Debug, PartialEq)]
pub enum Pcrs<'p, const N: usize> {
    /// These rules, at least one. Other PCRs are not checked.
    Rules(List<'p, PcrRule<'p, N>>),
    /// No rule, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

/// The rule for one PCR. A PCR without a value in the evidence fails every rule except a waiver and, if its
/// absence is attested, [`Rule::absent`].
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

    /// With the line of the policy file, counted from 1.
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
    /// No PCR is checked, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    /// Compares the PCRs with every rule, each with the check of its index, and returns whether all are satisfied
    /// or waived. `all` is the check of a waiver of all PCRs, an empty list, or an index that does not exist;
    /// `absence` is whether the absence of a PCR's value is attested.
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
                fail("the policy names no PCR: waive the PCRs with a reason if that is meant")
            }
            Self::Rules(rules) if rules.iter().any(|rule| usize::from(rule.index) >= each.len()) => {
                fail("the policy names a PCR that does not exist")
            }
            Self::Rules(rules) => rules.iter().fold(true, |satisfied, rule| {
                let Some(check) = each.get(usize::from(rule.index)) else { return false };
                let value = value(rule.index);
                rule.rule.appraise_remarked(check, value, absence, Remark::None, record) && satisfied
            }),
        }
    }
}
