//! The rule for the event log: it explains all quoted PCRs, or all except PCRs that are waived one by one.

use core::fmt;

use teeproof_core::{
    Absence, Check, CheckResult, Comparand, Datum, FieldRule, List, OrNone, Outcome, PolicyField,
    PolicyValue, Record, Relation, Remark, Rule, TakeDatum, TakeFieldRule, Waiver,
};

use crate::log::Summary;
use crate::{VerifiedLog, checks};

/// The rule for the event log.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventLogRule<'p> {
    /// Whether it explains PCRs 0 to 7, all of them quoted, and every other quoted PCR that it has events for.
    Explains(Rule<'p, bool>),
    /// It explains the same PCRs, except these, and at least one that is not resettable by software.
    ExplainsAllBut {
        /// The PCRs that need not be explained, each with the reason.
        excepted: List<'p, ExceptedPcr<'p>>,
        /// The policy's line, counted from 1, where the policy was read from a file.
        line: Option<u32>,
    },
}

/// A PCR that the event log need not explain.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExceptedPcr<'p> {
    /// The PCR's number.
    pub index: u8,
    /// The reason, which is part of the result.
    pub waiver: Waiver<'p>,
}

impl<'p> ExceptedPcr<'p> {
    /// The PCR of this number, 0 to 23, with the reason.
    #[must_use]
    pub const fn new(index: u8, waiver: Waiver<'p>) -> Self {
        Self { index, waiver }
    }
}

/// Whether a PCR is one of these.
pub(crate) fn is_excepted(excepted: &[ExceptedPcr<'_>], index: u8) -> bool {
    excepted.iter().any(|pcr| pcr.index == index)
}

impl<'p> From<Rule<'p, bool>> for EventLogRule<'p> {
    fn from(rule: Rule<'p, bool>) -> Self {
        Self::Explains(rule)
    }
}

impl EventLogRule<'_> {
    /// Appraises a log: records the rule's finding and a waiver for each excepted PCR, and returns whether the rule
    /// is satisfied or waived.
    pub fn appraise(&self, log: Option<&VerifiedLog<'_>>, record: &mut dyn Record) -> bool {
        match self {
            Self::Explains(rule) => {
                let explains = log.map(VerifiedLog::explains_all);
                let summary = ReplaySummary { log, excepted: &[] };
                let remark = Remark::Because(&summary);
                rule.appraise_remarked(checks::EXPLAINS, explains, Absence::NotAttested, remark, record)
            }
            Self::ExplainsAllBut { excepted, line } => {
                let holds = explains_all_but(log, excepted, *line, record);
                excepted.iter().for_each(|pcr| pcr.record(record));
                holds
            }
        }
    }
}

fn explains_all_but(
    log: Option<&VerifiedLog<'_>>,
    excepted: &[ExceptedPcr<'_>],
    line: Option<u32>,
    record: &mut dyn Record,
) -> bool {
    let explains = log.map(|log| log.explains_all_but(|index| is_excepted(excepted, index)));
    let holds = explains == Some(true);
    let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
    let shown = OrNone(log.map(|log| Explains { log, excepted, holds }));
    let because = ReplaySummary { log, excepted };
    let expected = AllBut(excepted);
    let finding = CheckResult::new(checks::EXPLAINS, outcome).compared(&expected, &shown).because(&because);
    record.record(finding.at_line(line));
    holds
}

impl ExceptedPcr<'_> {
    /// Records the waiver of this PCR.
    fn record(&self, record: &mut dyn Record) {
        let finding = CheckResult::new(checks::EXPLAINS, Outcome::Skip).because(self);
        record.record(finding.at_line(self.waiver.line).waived());
    }
}

/// `PCR 11: systemd extends it`.
impl fmt::Display for ExceptedPcr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PCR {}: {}", self.index, self.waiver.reason)
    }
}

impl PolicyField for EventLogRule<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Explains(Rule::waived(reason))
    }

    fn field_rules(&self, demand: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Explains(rule) => rule.field_rules(demand, each, take),
            Self::ExplainsAllBut { excepted, line } => {
                take(demand.expects(&AllBut(excepted), *line));
                for pcr in excepted.iter() {
                    take(demand.waived(pcr, pcr.waiver.line));
                }
            }
        }
    }
}

/// `yes, for all PCRs but 9, 11`; without PCRs, `yes`.
struct AllBut<'a>(&'a [ExceptedPcr<'a>]);

impl fmt::Display for AllBut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("yes");
        }
        f.write_str("yes, for all PCRs but")?;
        let separators = core::iter::once(" ").chain(core::iter::repeat(", "));
        self.0.iter().zip(separators).try_for_each(|(pcr, separator)| write!(f, "{separator}{}", pcr.index))
    }
}

impl Comparand for AllBut<'_> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        if self.0.is_empty() {
            return take(Relation::Exactly, Datum::Bool(true));
        }
        self.0.iter().for_each(|pcr| take(Relation::AllBut, Datum::Number(u64::from(pcr.index))));
    }
}

/// Whether the log explains the required PCRs; `no PCR but those` where it explains only excepted ones.
struct Explains<'b, 'a> {
    log: &'b VerifiedLog<'a>,
    excepted: &'b [ExceptedPcr<'b>],
    holds: bool,
}

impl fmt::Display for Explains<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, excepted, holds } = self;
        if log.explains_any_but(|_| false) && !log.explains_any_but(|index| is_excepted(excepted, index)) {
            return f.write_str("no PCR but those");
        }
        bool::show(holds, f)
    }
}

impl Comparand for Explains<'_, '_> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(Relation::Exactly, Datum::Bool(self.holds));
    }
}

/// Which PCRs the log explains, or that there is no log.
struct ReplaySummary<'b, 'a> {
    log: Option<&'b VerifiedLog<'a>>,
    excepted: &'b [ExceptedPcr<'b>],
}

impl fmt::Display for ReplaySummary<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.log {
            Some(log) => Summary::of_rule(log, self.excepted).fmt(f),
            None => f.write_str("no event log was verified"),
        }
    }
}
