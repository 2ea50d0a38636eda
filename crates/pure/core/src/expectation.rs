//! Rules of appraisal policies for one value.

use core::borrow::Borrow;
use core::convert::Infallible;
use core::fmt::{self, Display};

use crate::{Check, CheckResult, Comparand, Datum, Hex, List, Outcome, Record, Relation, TakeDatum, Text};

/// A value that a policy can have a rule for.
pub trait PolicyValue: Clone + fmt::Debug + PartialEq {
    /// The type of the value in evidence: `str` for a text, `[u8]` for bytes.
    type Seen: ?Sized + Eq;
    /// The type of the operand of `at-least`; [`Infallible`] for values without an order, so that such a rule
    /// cannot be written.
    type Floor: Clone + fmt::Debug + PartialEq;
    /// The type of the operand of `mask`; [`Infallible`] for values that are not bit fields.
    type Mask: Clone + fmt::Debug + PartialEq;

    /// The value in the type of evidence.
    fn seen(&self) -> &Self::Seen;
    /// Whether a value in evidence equals this one.
    fn is(&self, seen: &Self::Seen) -> bool {
        self.seen() == seen
    }
    /// Whether a value reaches the floor.
    fn reaches(seen: &Self::Seen, floor: &Self::Floor) -> bool;
    /// Whether a value has the bits that the mask requires.
    fn fits(seen: &Self::Seen, mask: &Self::Mask) -> bool;
    /// Writes a value as text.
    ///
    /// # Errors
    /// Those of the formatter.
    fn show(seen: &Self::Seen, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Writes a floor as text; if there is a value in evidence, the part of the floor that applies to it.
    ///
    /// # Errors
    /// Those of the formatter.
    fn show_floor(floor: &Self::Floor, seen: Option<&Self::Seen>, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Writes a mask as text.
    ///
    /// # Errors
    /// Those of the formatter.
    fn show_mask(mask: &Self::Mask, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Passes a value as data to `take`.
    fn datum(seen: &Self::Seen, take: &mut dyn FnMut(Datum<'_>));
    /// Passes a floor as data to `take`; if there is a value in evidence, the part of the floor that applies to it.
    fn floor_data(floor: &Self::Floor, seen: Option<&Self::Seen>, take: &mut TakeDatum<'_>);
    /// A mask as data.
    fn mask_bits(mask: &Self::Mask) -> Bits;
}

/// The expectation for one value, or the waiver of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation<'p, T: PolicyValue> {
    /// This value.
    Exactly(T),
    /// One of these values.
    OneOf(List<'p, T>),
    /// At least this; a TCB is compared component by component.
    AtLeast(T::Floor),
    /// The required values of some bits.
    Mask(T::Mask),
    /// No value. Satisfied only if the absence is attested by signed evidence ([`Absence::Attested`]).
    Absent,
    /// No expectation, for this reason, which is part of the result.
    Waived(Text<'p>),
}

/// A remark about a value, for its finding.
#[derive(Clone, Copy)]
pub enum Remark<'a> {
    /// No remark.
    None,
    /// The source of the value, or the reason of its absence.
    Because(&'a dyn Display),
    /// The reason why the check does not apply to this evidence: a rule that the value satisfies is skipped and
    /// never passes; one that it does not satisfy fails.
    NotApplicable(&'a dyn Display),
}

/// Whether the absence of a value is attested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Signed evidence shows that there is no such value.
    Attested,
    /// It is not attested: the sender of the evidence may have omitted the value, or it was not verified.
    NotAttested,
}

/// Why a value that is missing does not satisfy [`Expectation::Absent`].
const LEFT_OUT: &str =
    "no signature covers that it is absent: whoever hands in the evidence can leave it out";

/// A missing value whose absence is not attested, as a finding shows it. It has no fields, so that a rule
/// whose finding does not show it builds nothing.
struct NotSigned;

impl Display for NotSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("absent, but nothing signed says so")
    }
}

impl Comparand for NotSigned {
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(Relation::Exactly, Datum::Absent);
    }
}

/// An expectation and its line in the policy file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule<'p, T: PolicyValue> {
    /// The expectation.
    pub expectation: Expectation<'p, T>,
    /// The line of the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
}

impl<'p, T: PolicyValue> Rule<'p, T> {
    /// The value must equal this one.
    #[must_use]
    pub const fn exactly(value: T) -> Self {
        Self { expectation: Expectation::Exactly(value), line: None }
    }

    /// The value must equal one of these.
    #[must_use]
    pub fn one_of(values: impl Into<List<'p, T>>) -> Self {
        Self { expectation: Expectation::OneOf(values.into()), line: None }
    }

    /// The value must be at least this.
    #[must_use]
    pub const fn at_least(floor: T::Floor) -> Self {
        Self { expectation: Expectation::AtLeast(floor), line: None }
    }

    /// The value must have the bits that the mask requires.
    #[must_use]
    pub const fn mask(mask: T::Mask) -> Self {
        Self { expectation: Expectation::Mask(mask), line: None }
    }

    /// The value must be absent, and its absence attested.
    #[must_use]
    pub const fn absent() -> Self {
        Self { expectation: Expectation::Absent, line: None }
    }

    /// The value is not checked, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self { expectation: Expectation::Waived(reason.into()), line: None }
    }

    /// With the line of the policy file, counted from 1.
    #[must_use]
    pub const fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// Compares a verified value with the rule and records the finding; returns whether the rule is satisfied or
    /// waived. A missing value fails every rule except a waiver.
    pub fn appraise(&self, check: &'static Check, actual: Option<&T::Seen>, record: &mut dyn Record) -> bool {
        self.appraise_as(check, actual, Absence::NotAttested, Remark::None, record)
    }

    /// As [`Rule::appraise`], for an owned or borrowed value, with whether its absence is attested, and a remark.
    #[inline]
    pub fn appraise_remarked<S: Borrow<T::Seen>>(
        &self,
        check: &'static Check,
        actual: Option<S>,
        absence: Absence,
        remark: Remark<'_>,
        record: &mut dyn Record,
    ) -> bool {
        self.appraise_as(check, actual.as_ref().map(S::borrow), absence, remark, record)
    }

    fn appraise_as(
        &self,
        check: &'static Check,
        actual: Option<&T::Seen>,
        absence: Absence,
        remark: Remark<'_>,
        record: &mut dyn Record,
    ) -> bool {
        let line = self.line;
        let finding = |outcome| CheckResult { line, ..CheckResult::new(check, outcome) };
        if let Expectation::Waived(reason) = &self.expectation {
            let shown = actual.map(Shown::<T>);
            let actual = shown.as_ref().map(|value| -> &dyn Comparand { value });
            record.record(CheckResult {
                actual,
                because: Some(reason),
                waived: true,
                ..finding(Outcome::Skip)
            });
            return true;
        }
        let holds = match actual {
            Some(value) => self.holds(value),
            None => matches!(self.expectation, Expectation::Absent) && absence == Absence::Attested,
        };
        let because: Option<&dyn Display> = match remark {
            Remark::NotApplicable(because) if holds => {
                record.record(finding(Outcome::Skip).because(because));
                return true;
            }
            Remark::None if actual.is_none() && matches!(self.expectation, Expectation::Absent) && !holds => {
                Some(&LEFT_OUT)
            }
            Remark::None => None,
            Remark::Because(because) | Remark::NotApplicable(because) => Some(because),
        };
        let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
        let expected = Expected { expectation: &self.expectation, seen: actual };
        let shown = crate::OrNone(actual.map(Shown::<T>));
        let shown: &dyn Comparand = match (&self.expectation, actual) {
            // Absent as expected, but not attested.
            (Expectation::Absent, None) if !holds => &NotSigned,
            _ => &shown,
        };
        record.record(CheckResult { because, ..finding(outcome).compared(&expected, shown) });
        holds
    }

    fn holds(&self, seen: &T::Seen) -> bool {
        match &self.expectation {
            Expectation::Exactly(expected) => expected.is(seen),
            Expectation::OneOf(expected) => expected.iter().any(|expected| expected.is(seen)),
            Expectation::AtLeast(floor) => T::reaches(seen, floor),
            Expectation::Mask(mask) => T::fits(seen, mask),
            Expectation::Absent => false,
            Expectation::Waived(_) => true,
        }
    }
}

/// An expectation as a finding shows it: of a floor, the part that is for the value that was found.
struct Expected<'a, 'p, T: PolicyValue> {
    expectation: &'a Expectation<'p, T>,
    seen: Option<&'a T::Seen>,
}

impl<T: PolicyValue> Display for Expected<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expectation {
            Expectation::AtLeast(floor) => {
                f.write_str("at least ")?;
                T::show_floor(floor, self.seen, f)
            }
            other => other.fmt(f),
        }
    }
}

impl<T: PolicyValue> Comparand for Expected<'_, '_, T> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        match self.expectation {
            Expectation::AtLeast(floor) => T::floor_data(floor, self.seen, take),
            other => other.data(take),
        }
    }
}

impl<T: PolicyValue> Comparand for Expectation<'_, T> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        match self {
            Self::Exactly(value) => T::datum(value.seen(), &mut |datum| take(Relation::Exactly, datum)),
            Self::OneOf(values) => values
                .iter()
                .for_each(|value| T::datum(value.seen(), &mut |datum| take(Relation::OneOf, datum))),
            Self::AtLeast(floor) => T::floor_data(floor, None, take),
            Self::Mask(mask) => take(Relation::Mask, Datum::Mask(T::mask_bits(mask))),
            Self::Absent => take(Relation::Absent, Datum::Absent),
            Self::Waived(_) => take(Relation::Exactly, Datum::Words),
        }
    }
}

impl<T: PolicyValue> Display for Expectation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => T::show(value.seen(), f),
            Self::OneOf(values) => {
                f.write_str("one of")?;
                let separators = core::iter::once(" ").chain(core::iter::repeat(", "));
                values.iter().zip(separators).try_for_each(|(value, separator)| {
                    f.write_str(separator)?;
                    T::show(value.seen(), f)
                })
            }
            Self::AtLeast(floor) => {
                f.write_str("at least ")?;
                T::show_floor(floor, None, f)
            }
            Self::Mask(mask) => T::show_mask(mask, f),
            Self::Absent => f.write_str("absent"),
            Self::Waived(reason) => write!(f, "anything ({reason})"),
        }
    }
}

/// A value shown by its own [`PolicyValue::show`].
struct Shown<'a, T: PolicyValue>(&'a T::Seen);

impl<T: PolicyValue> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::show(self.0, f)
    }
}

impl<T: PolicyValue> Comparand for Shown<'_, T> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        T::datum(self.0, &mut |datum| take(Relation::Exactly, datum));
    }
}

/// A mask of bits and their required values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// The mask: the bits that are compared.
    pub care: u64,
    /// The required values of these bits; zero outside of `care`.
    pub value: u64,
}

/// Implements the parts of [`PolicyValue`] that have no meaning for a type without order and bits; the
/// argument is its [`PolicyValue::Seen`].
#[macro_export]
macro_rules! no_order_no_mask {
    ($seen:ty) => {
        type Seen = $seen;
        type Floor = ::core::convert::Infallible;
        type Mask = ::core::convert::Infallible;
        fn reaches(_: &Self::Seen, floor: &Self::Floor) -> bool {
            match *floor {}
        }
        fn fits(_: &Self::Seen, mask: &Self::Mask) -> bool {
            match *mask {}
        }
        fn show_floor(
            floor: &Self::Floor,
            _: ::core::option::Option<&Self::Seen>,
            _: &mut ::core::fmt::Formatter<'_>,
        ) -> ::core::fmt::Result {
            match *floor {}
        }
        fn show_mask(mask: &Self::Mask, _: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match *mask {}
        }
        fn floor_data(
            floor: &Self::Floor,
            _: ::core::option::Option<&Self::Seen>,
            _: &mut $crate::TakeDatum<'_>,
        ) {
            match *floor {}
        }
        fn mask_bits(mask: &Self::Mask) -> $crate::Bits {
            match *mask {}
        }
    };
}

/// Digests and identifiers: equal or not, as hex.
impl<const N: usize> PolicyValue for [u8; N] {
    no_order_no_mask!(Self);
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(seen).fmt(f)
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Bytes(seen));
    }
}

/// Byte strings of any length: equal or not, as hex.
impl PolicyValue for List<'_, u8> {
    no_order_no_mask!([u8]);
    fn seen(&self) -> &[u8] {
        self
    }
    fn show(seen: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(seen).fmt(f)
    }
    fn datum(seen: &[u8], take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Bytes(seen));
    }
}

/// Texts: equal or not.
impl PolicyValue for Text<'_> {
    no_order_no_mask!(str);
    fn seen(&self) -> &str {
        self
    }
    fn show(seen: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(seen)
    }
    fn datum(seen: &str, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(&seen));
    }
}

/// Yes or no.
impl PolicyValue for bool {
    no_order_no_mask!(Self);
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *seen { "yes" } else { "no" })
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Bool(*seen));
    }
}

/// Version numbers and levels, decimal.
impl PolicyValue for u32 {
    type Seen = Self;
    type Floor = Self;
    type Mask = Infallible;
    fn reaches(seen: &Self, floor: &Self) -> bool {
        seen >= floor
    }
    fn fits(_: &Self::Seen, mask: &Infallible) -> bool {
        match *mask {}
    }
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(seen, f)
    }
    fn show_floor(floor: &Self, _: Option<&Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(floor, f)
    }
    fn show_mask(mask: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *mask {}
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Number(u64::from(*seen)));
    }
    fn floor_data(floor: &Self, _: Option<&Self>, take: &mut TakeDatum<'_>) {
        take(Relation::AtLeast, Datum::Number(u64::from(*floor)));
    }
    fn mask_bits(mask: &Infallible) -> Bits {
        match *mask {}
    }
}

/// Flag words, hexadecimal.
impl PolicyValue for u64 {
    type Seen = Self;
    type Floor = Infallible;
    type Mask = Bits;
    fn reaches(_: &Self::Seen, floor: &Infallible) -> bool {
        match *floor {}
    }
    fn fits(seen: &Self, mask: &Bits) -> bool {
        seen & mask.care == mask.value
    }
    fn seen(&self) -> &Self {
        self
    }
    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{seen:#x}")
    }
    fn show_floor(floor: &Infallible, _: Option<&Self>, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *floor {}
    }
    fn show_mask(mask: &Bits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} in the bits {:#x}", mask.value, mask.care)
    }
    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Flags(*seen));
    }
    fn floor_data(floor: &Infallible, _: Option<&Self>, _: &mut TakeDatum<'_>) {
        match *floor {}
    }
    fn mask_bits(mask: &Bits) -> Bits {
        *mask
    }
}
