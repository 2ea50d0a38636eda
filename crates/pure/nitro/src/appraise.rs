//! A verified document held against a policy: every rule, every finding.

use teeproof_core::{
    Check, CheckResult, Crypto, Datum, Expectation, Hex, OrNone, Outcome, PolicyValue, Record, Relation,
    Rule, Worded,
};

use crate::policy::rules;
use crate::{Digest384, MaxAge, NitroPolicy, VerifiedDocument, checks};

/// How an appraisal came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Appraisal {
    /// Every rule holds or was waived.
    Accepted,
    /// A rule does not hold.
    Refused,
    /// Every rule holds but one that demands an age, and the document was verified at its own
    /// time stamp: it was genuine then, and is not shown to be fresh.
    NotShownFresh,
}

/// Holds a verified document against a policy and records every finding. None is left out because
/// another one failed.
pub fn appraise(
    verified: &VerifiedDocument<'_>,
    policy: &NitroPolicy<'_>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Appraisal {
    rules(verified, policy, record, crypto).into_iter().fold(Appraisal::Accepted, Appraisal::and)
}

impl Appraisal {
    /// Both: a rule that does not hold outweighs a document that is not shown to be fresh.
    #[must_use]
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::NotShownFresh, _) | (_, Self::NotShownFresh) => Self::NotShownFresh,
            (Self::Accepted, Self::Accepted) => Self::Accepted,
        }
    }
}

impl From<bool> for Appraisal {
    /// Whether a rule holds.
    fn from(holds: bool) -> Self {
        if holds { Self::Accepted } else { Self::Refused }
    }
}

/// Holds a register against values that are computed from what a person knows: an instance's id,
/// a certificate's digest. What the document itself names in clear is told beside the register, which decides.
pub(crate) fn derived<T: PolicyValue>(
    rule: &Rule<'_, T>,
    verified: &VerifiedDocument<'_>,
    (index, named): (u8, Option<&str>),
    check: &'static Check,
    record: &mut dyn Record,
    compute: impl Fn(&T::Seen) -> Digest384,
) -> bool {
    let actual = verified.document().pcrs.get(index);
    let is = |expected: &T| actual.is_some_and(|actual| *actual == compute(expected.seen()));
    let holds = match &rule.expectation {
        Expectation::Exactly(expected) => is(expected),
        Expectation::OneOf(expected) => expected.iter().any(is),
        // Values with a register of their own are texts and digests, which have no order and no mask; that a
        // register is absent is a rule for the register.
        Expectation::AtLeast(_) | Expectation::Mask(_) | Expectation::Absent => false,
        Expectation::Waived(_) => return rule.appraise(check, None, record),
    };
    let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
    let shown = OrNone(actual.map(|pcr| Hex(pcr)));
    let finding = CheckResult::new(check, outcome).at_line(rule.line);
    match named {
        Some(named) => record.record(finding.compared(
            &rule.expectation,
            &format_args!("{named} by the document's module_id, PCR{index} {shown}"),
        )),
        None => record.record(finding.compared(&rule.expectation, &format_args!("PCR{index} {shown}"))),
    }
    holds
}

/// The parent instance as the signed document names it: what its module id begins with.
pub(crate) fn instance_of<'d>(verified: &VerifiedDocument<'d>) -> Option<&'d str> {
    let module_id = verified.document().module_id;
    // Not `split_once`: the search of `core` for a text indexes, and an index can panic.
    module_id.char_indices().find_map(|(at, _)| {
        let (instance, rest) = module_id.split_at_checked(at)?;
        rest.starts_with("-enc").then_some(instance)
    })
}

/// A greatest age in words. A type, because `format_args!` cannot be kept in a variable before
/// Rust 1.89.
struct SecondsAtMost(u32);

impl core::fmt::Display for SecondsAtMost {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "at most {} s", self.0)
    }
}

pub(crate) fn age(
    verified: &VerifiedDocument<'_>,
    max_age: &MaxAge<'_>,
    record: &mut dyn Record,
) -> Appraisal {
    let (secs, line) = match max_age {
        MaxAge::AtMost { secs, line } => (*secs, *line),
        MaxAge::Waived(waiver) => {
            waiver.record(checks::MAX_AGE, record);
            return Appraisal::Accepted;
        }
    };
    let limit = SecondsAtMost(secs);
    let expected =
        Worded { words: &limit, relation: Relation::AtMost, datum: Datum::Number(u64::from(secs)) };
    let mut found = |outcome, words: &dyn core::fmt::Display, datum| {
        let actual = &Worded { words, relation: Relation::Exactly, datum };
        let finding = CheckResult::new(checks::MAX_AGE, outcome).at_line(line);
        record.record(finding.compared(&expected, actual));
    };
    match verified.age_secs() {
        None => {
            found(Outcome::Fail, &"no age: verified at its own time stamp", Datum::Absent);
            Appraisal::NotShownFresh
        }
        Some(age) if age <= i64::from(secs) => {
            found(Outcome::Pass, &format_args!("{age} s"), Datum::Signed(age));
            Appraisal::Accepted
        }
        Some(age) => {
            found(Outcome::Fail, &format_args!("{age} s"), Datum::Signed(age));
            Appraisal::Refused
        }
    }
}
