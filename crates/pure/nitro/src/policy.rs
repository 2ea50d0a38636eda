//! Appraisal policy of an enclave's document, and its appraisal: every rule, every finding.
//!
//! Computed PCRs: AWS Nitro Enclaves, "Cryptographic attestation", platform configuration registers;
//! SHA-384, each PCR starting as 48 zero bytes.

use core::fmt;

use teeproof_core::{
    Absence, Check, CheckResult, Crypto, Datum, Expectation, FieldRule, Hex, List, OrNone, Outcome, Pcrs,
    PolicyField, PolicyValue, Record, Relation, Rule, TakeFieldRule, Text, Waiver, Worded,
};

use crate::computed::{ComputedPcr, Digest384, ImageSigner, pcr3_of_role, pcr4_of_instance};
use crate::{VerifiedDocument, checks};

crate::nitro_policy_fields! { teeproof_core::policy_table }

/// The greatest accepted age of a document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MaxAge<'p> {
    /// At most so many seconds between the document's time stamp and the time of verification.
    /// A document that is verified at its own time stamp has no age and fails.
    AtMost {
        /// The seconds.
        secs: u32,
        /// The line of the policy file, counted from 1; `None` for a policy that is not from a file.
        line: Option<u32>,
    },
    /// Any age, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

impl<'p> MaxAge<'p> {
    /// At most so many seconds.
    #[must_use]
    pub const fn at_most(secs: u32) -> Self {
        Self::AtMost { secs, line: None }
    }

    /// Any age, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self::Waived(Waiver::new(reason))
    }
}

impl PolicyField for MaxAge<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, demand: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(demand, each, take),
            Self::AtMost { secs, line } => take(demand.expects(&format_args!("at most {secs} s"), *line)),
        }
    }
}

/// The result of an appraisal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Appraisal {
    /// Every rule is met or waived.
    Accepted,
    /// A rule is not met.
    Refused,
    /// Every rule is met except for the greatest age, and the document was verified at its own time stamp:
    /// it was genuine then, and is not shown to be fresh.
    NotShownFresh,
}

/// Appraises a verified document under a policy, and records the finding of every rule.
pub fn appraise(
    verified: &VerifiedDocument<'_>,
    policy: &NitroPolicy<'_>,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Appraisal {
    rules(verified, policy, record, crypto).into_iter().fold(Appraisal::Accepted, Appraisal::and)
}

impl Appraisal {
    /// The result of two rules: one that is not met outweighs a document that is not shown to be fresh.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::NotShownFresh, _) | (_, Self::NotShownFresh) => Self::NotShownFresh,
            (Self::Accepted, Self::Accepted) => Self::Accepted,
        }
    }
}

impl From<bool> for Appraisal {
    /// The result of a rule that is met, or is not.
    fn from(met: bool) -> Self {
        if met { Self::Accepted } else { Self::Refused }
    }
}

/// Appraises a PCR that is computed from a known value, a name or a certificate's digest. `named` is that value as
/// the document states it, which is shown but not compared.
fn derived<T: PolicyValue + Eq>(
    rule: &Rule<'_, ComputedPcr<T>>,
    verified: &VerifiedDocument<'_>,
    (index, named): (u8, Option<&str>),
    check: &'static Check,
    record: &mut dyn Record,
    compute: impl Fn(&T) -> Digest384,
) -> bool {
    let actual = verified.document().pcrs.get(index);
    let is = |expected: &ComputedPcr<T>| actual.is_some_and(|actual| *actual == expected.pcr(&compute));
    let met = match &rule.expectation {
        Expectation::Exactly(expected) => is(expected),
        Expectation::OneOf(expected) => expected.iter().any(is),
        // Texts and digests have no order and no mask; the rule for an absent PCR is that of the PCR itself.
        Expectation::AtLeast(_) | Expectation::Mask(_) | Expectation::Absent => false,
        Expectation::Waived(_) => return rule.appraise(check, None, record),
    };
    let outcome = if met { Outcome::Pass } else { Outcome::Fail };
    let finding = CheckResult::new(check, outcome).at_line(rule.line);
    let words = ShownPcr { named, index, value: actual.map(|pcr| pcr.as_slice()) };
    let datum = words.value.map_or(Datum::Absent, Datum::Bytes);
    let actual = Worded { words: &words, relation: Relation::Exactly, datum };
    record.record(finding.compared(&rule.expectation, &actual));
    met
}

/// The words for a computed PCR: `i-0123… by the document's module_id, PCR4 89ab…`.
struct ShownPcr<'v> {
    named: Option<&'v str>,
    index: u8,
    value: Option<&'v [u8]>,
}

impl fmt::Display for ShownPcr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(named) = self.named {
            write!(f, "{named} by the document's module_id, ")?;
        }
        write!(f, "PCR{} {}", self.index, OrNone(self.value.map(Hex)))
    }
}

/// The id of the instance, with which a module id begins, before a mark (`-enc`, `-tpm`).
pub(crate) fn instance_of<'d>(module_id: &'d str, mark: &str) -> Option<&'d str> {
    // Not `split_once`: it contains an index, which can panic.
    module_id.char_indices().find_map(|(at, _)| {
        let (instance, rest) = module_id.split_at_checked(at)?;
        rest.starts_with(mark).then_some(instance)
    })
}

/// The words for a greatest age. A type, because a variable cannot hold `format_args!` before Rust 1.89.
struct SecondsAtMost(u32);

impl fmt::Display for SecondsAtMost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} s", self.0)
    }
}

/// Appraises a document's age, in seconds; one that was verified at its own time stamp has none.
pub(crate) fn age(
    age_secs: Option<i64>,
    max_age: &MaxAge<'_>,
    check: &'static Check,
    record: &mut dyn Record,
) -> Appraisal {
    let (secs, line) = match max_age {
        MaxAge::AtMost { secs, line } => (*secs, *line),
        MaxAge::Waived(waiver) => {
            waiver.record(check, record);
            return Appraisal::Accepted;
        }
    };
    let limit = SecondsAtMost(secs);
    let expected =
        Worded { words: &limit, relation: Relation::AtMost, datum: Datum::Number(u64::from(secs)) };
    let mut found = |outcome, words: &dyn fmt::Display, datum| {
        let actual = &Worded { words, relation: Relation::Exactly, datum };
        let finding = CheckResult::new(check, outcome).at_line(line).compared(&expected, actual);
        record.record(match datum {
            Datum::Absent => finding.because(&"verified at its own time stamp"),
            _ => finding,
        });
    };
    match age_secs {
        None => {
            found(Outcome::Fail, &"no age", Datum::Absent);
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
