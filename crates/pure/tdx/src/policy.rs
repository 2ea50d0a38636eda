//! The appraisal policy for TD quotes, and the appraisal of a verified quote.

use core::fmt;

use teeproof_core::{
    Bits, Check, CheckResult, Datum, FieldRule, List, Outcome, PolicyField, PolicyValue, Record, Relation,
    Rule, TakeDatum, TakeFieldRule, Text, Time, Waiver, Worded, no_order_no_mask,
};

use crate::urls::Fmspc;
use crate::verify::VerifiedQuote;
use crate::{TcbStatus, checks};

crate::tdx_policy_fields! { teeproof_core::policy_table }

/// Why `builtin:genuine` accepts a chain without a revocation list.
const NO_LISTS: &str = "builtin:genuine does not require CRLs; see tdx.revocation for what was checked";

/// Appraises a verified quote under a policy: records the finding of every rule, and returns whether all are
/// satisfied or waived.
pub fn appraise(verified: &VerifiedQuote<'_>, policy: &TdxPolicy<'_>, record: &mut dyn Record) -> bool {
    rules(verified, policy, record).into_iter().all(|holds| holds)
}

/// A status, by the name in Intel's collateral.
impl PolicyValue for TcbStatus {
    no_order_no_mask!(Self);

    fn seen(&self) -> &Self {
        self
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(seen.as_str())
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(&seen.as_str()));
    }
}

/// The date of a TCB, `tcbDate`. A floor is the baseline date: no part of the TCB may be older.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TcbDate(pub Time);

impl PolicyValue for TcbDate {
    type Seen = Self;
    type Floor = Self;
    type Mask = core::convert::Infallible;

    fn seen(&self) -> &Self {
        self
    }

    fn reaches(seen: &Self, floor: &Self) -> bool {
        seen >= floor
    }

    fn fits(_: &Self, mask: &Self::Mask) -> bool {
        match *mask {}
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&seen.0, f)
    }

    fn show_floor(floor: &Self, _: Option<&Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&floor.0, f)
    }

    fn show_mask(mask: &Self::Mask, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *mask {}
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(&seen.0));
    }

    fn floor_data(floor: &Self, _: Option<&Self>, take: &mut TakeDatum<'_>) {
        take(Relation::AtLeast, Datum::Text(&floor.0));
    }

    fn mask_bits(mask: &Self::Mask) -> Bits {
        match *mask {}
    }
}

/// The grace period: the greatest accepted number of days that an out-of-date TCB lacks an update.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DaysBehind<'p> {
    /// At most so many days between the first update that is lacking and the time of verification. A TCB that
    /// lacks no update is 0 days behind; one that lacks an update without a date is refused.
    AtMost {
        /// The days.
        days: u32,
        /// The line of the policy file, counted from 1; `None` without a file.
        line: Option<u32>,
    },
    /// Any number, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

/// Advisories that may concern the TCB.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AllowedAdvisories<'p> {
    /// None but these, such as `INTEL-SA-01036`.
    Only {
        /// The advisories.
        advisories: List<'p, Text<'p>>,
        /// The line of the policy file, counted from 1; `None` without a file.
        line: Option<u32>,
    },
    /// Any, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

/// Platforms whose TCB the other rules do not judge until a date.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TcbExceptions<'p> {
    /// These.
    List {
        /// The exceptions.
        exceptions: List<'p, TcbException>,
        /// The line of the policy file, counted from 1; `None` without a file.
        line: Option<u32>,
    },
    /// None, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

/// An exception for the platforms of one FMSPC: status, date, delay, advisories and evaluation data number of
/// their TCB are not judged until the date. A revoked TCB has no exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcbException {
    /// FMSPC, 6 bytes.
    pub fmspc: [u8; 6],
    /// The last second at which the exception applies.
    pub until: Time,
}

impl DaysBehind<'_> {
    /// At most so many days.
    #[must_use]
    pub const fn at_most(days: u32) -> Self {
        Self::AtMost { days, line: None }
    }
}

impl<'p> AllowedAdvisories<'p> {
    /// None but these.
    #[must_use]
    pub fn only(advisories: impl Into<List<'p, Text<'p>>>) -> Self {
        Self::Only { advisories: advisories.into(), line: None }
    }
}

impl<'p> TcbExceptions<'p> {
    /// These exceptions.
    #[must_use]
    pub fn list(exceptions: impl Into<List<'p, TcbException>>) -> Self {
        Self::List { exceptions: exceptions.into(), line: None }
    }
}

impl PolicyField for DaysBehind<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, rule: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(rule, each, take),
            Self::AtMost { days, line } => take(rule.expects(&format_args!("at most {days} days"), *line)),
        }
    }
}

impl PolicyField for AllowedAdvisories<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, rule: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(rule, each, take),
            Self::Only { advisories, line } => {
                take(rule.expects(&format_args!("{}", Names(advisories)), *line))
            }
        }
    }
}

impl PolicyField for TcbExceptions<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, rule: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(rule, each, take),
            Self::List { exceptions, line } => {
                if exceptions.is_empty() {
                    take(rule.expects(&"no exceptions", *line));
                }
                for exception in exceptions.iter() {
                    take(rule.expects(&format_args!("{exception}"), *line));
                }
            }
        }
    }
}

/// `FMSPC 90C06F000000 until 2026-06-01T00:00:00Z`.
impl fmt::Display for TcbException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FMSPC {} until {}", Fmspc(self.fmspc), self.until)
    }
}

/// The exception that applies to a platform.
fn exception_for<'x>(verified: &VerifiedQuote<'_>, policy: &'x TdxPolicy<'_>) -> Option<&'x TcbException> {
    if verified.tcb().status() == TcbStatus::Revoked {
        return None;
    }
    match &policy.exceptions {
        TcbExceptions::Waived(_) => None,
        TcbExceptions::List { exceptions, .. } => {
            exceptions.iter().find(|one| one.fmspc == verified.pck().fmspc && verified.at() <= one.until)
        }
    }
}

/// Appraises a rule about the TCB, unless an exception applies: then the rule is waived.
fn unless_excepted(
    verified: &VerifiedQuote<'_>,
    policy: &TdxPolicy<'_>,
    check: &'static Check,
    record: &mut dyn Record,
    appraise: impl FnOnce(&mut dyn Record) -> bool,
) -> bool {
    match exception_for(verified, policy) {
        None => appraise(record),
        Some(exception) => {
            record.waive(check, &format_args!("exception of the policy: {exception}"));
            true
        }
    }
}

/// Records whether an exception applies.
fn exceptions(verified: &VerifiedQuote<'_>, policy: &TdxPolicy<'_>, record: &mut dyn Record) -> bool {
    match (&policy.exceptions, exception_for(verified, policy)) {
        (TcbExceptions::Waived(waiver), _) => waiver.record(checks::EXCEPTIONS, record),
        (_, Some(exception)) => record.warn(checks::EXCEPTIONS, &format_args!("applies: {exception}")),
        (_, None) => record.skip(checks::EXCEPTIONS, &"no exception applies to this platform at this time"),
    }
    true
}

/// Appraises the time for which the TCB has lacked an update.
fn days_behind(verified: &VerifiedQuote<'_>, limit: &DaysBehind<'_>, record: &mut dyn Record) -> bool {
    let (days, line) = match limit {
        DaysBehind::AtMost { days, line } => (*days, *line),
        DaysBehind::Waived(waiver) => {
            waiver.record(checks::DAYS_BEHIND, record);
            return true;
        }
    };
    let behind = verified.tcb().days_behind();
    let holds = behind.is_some_and(|behind| behind <= days);
    let limit = DaysAtMost(days);
    let expected =
        Worded { words: &limit, relation: Relation::AtMost, datum: Datum::Number(u64::from(days)) };
    let shown = Behind(behind);
    let datum = behind.map_or(Datum::Absent, |behind| Datum::Number(u64::from(behind)));
    let actual = Worded { words: &shown, relation: Relation::Exactly, datum };
    let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
    record.record(CheckResult::new(checks::DAYS_BEHIND, outcome).at_line(line).compared(&expected, &actual));
    holds
}

/// Appraises the advisories that concern the TCB.
fn advisories(
    verified: &VerifiedQuote<'_>,
    allowed: &AllowedAdvisories<'_>,
    record: &mut dyn Record,
) -> bool {
    let (allowed, line) = match allowed {
        AllowedAdvisories::Only { advisories, line } => (advisories, *line),
        AllowedAdvisories::Waived(waiver) => {
            waiver.record(checks::ADVISORIES, record);
            return true;
        }
    };
    let found = verified.tcb().advisories();
    let refused = found.iter().find(|advisory| !allowed.iter().any(|one| **one == ***advisory));
    let names = Names(allowed);
    let expected = Worded { words: &names, relation: Relation::OneOf, datum: Datum::Words };
    match refused {
        None => {
            record.pass(checks::ADVISORIES, &format_args!("{} advisories, all of them allowed", found.len()));
            true
        }
        Some(advisory) => {
            let actual =
                Worded { words: advisory, relation: Relation::Exactly, datum: Datum::Text(advisory) };
            let finding = CheckResult::new(checks::ADVISORIES, Outcome::Fail).at_line(line);
            record.record(finding.compared(&expected, &actual));
            false
        }
    }
}

/// The words for a greatest number of days. A type, because a variable cannot hold `format_args!` before Rust 1.89.
struct DaysAtMost(u32);

impl fmt::Display for DaysAtMost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} days", self.0)
    }
}

/// The words for the days behind.
struct Behind(Option<u32>);

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(days) => write!(f, "{days} days"),
            None => f.write_str("behind since an unknown date"),
        }
    }
}

/// Allowed advisories, in words.
struct Names<'l>(&'l [Text<'l>]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no advisories");
        }
        f.write_str("none but")?;
        let separators = core::iter::once(" ").chain(core::iter::repeat(", "));
        self.0.iter().zip(separators).try_for_each(|(name, separator)| write!(f, "{separator}{name}"))
    }
}
