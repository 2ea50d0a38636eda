//! What an appraisal policy may say about one value.

use core::convert::Infallible;
use core::fmt::{self, Display};

use crate::{Check, Finding, Hex, List, Outcome, Record, Text};

/// A value that a policy can speak about.
pub trait Value: Eq + Clone + fmt::Debug {
    /// What `at-least` compares with; [`Infallible`] where an order has no meaning, so that such
    /// a rule cannot be written.
    type Floor: Eq + Clone + fmt::Debug;
    /// What `mask` compares with; [`Infallible`] where masking has no meaning.
    type Mask: Eq + Clone + fmt::Debug;

    /// Whether the value reaches the floor.
    fn reaches(&self, floor: &Self::Floor) -> bool;
    /// Whether the bits that the mask cares for are as it says.
    fn fits(&self, mask: &Self::Mask) -> bool;
    /// The value as people read it.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// The floor as people read it.
    fn show_floor(floor: &Self::Floor, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// The mask as people read it.
    fn show_mask(mask: &Self::Mask, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// What is expected of one value, or that nothing is, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation<'p, T: Value> {
    /// This value.
    Exactly(T),
    /// One of these values.
    OneOf(List<'p, T>),
    /// At least this; a TCB is compared component by component.
    AtLeast(T::Floor),
    /// The bits that matter, and how they must be.
    Mask(T::Mask),
    /// Nothing is expected. The reason shows in the result.
    Waived(Text<'p>),
}

/// An expectation and the line of the policy that holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule<'p, T: Value> {
    /// What is expected.
    pub expectation: Expectation<'p, T>,
    /// The policy's line, counted from 1, where the policy came from a file.
    pub line: Option<u32>,
}

impl<'p, T: Value> Rule<'p, T> {
    /// The value must be this one.
    #[must_use]
    pub const fn exactly(value: T) -> Self {
        Self { expectation: Expectation::Exactly(value), line: None }
    }

    /// The value must be one of these.
    #[must_use]
    pub fn one_of(values: impl Into<List<'p, T>>) -> Self {
        Self { expectation: Expectation::OneOf(values.into()), line: None }
    }

    /// The value must reach this.
    #[must_use]
    pub const fn at_least(floor: T::Floor) -> Self {
        Self { expectation: Expectation::AtLeast(floor), line: None }
    }

    /// The bits that the mask cares for must be as it says.
    #[must_use]
    pub const fn mask(mask: T::Mask) -> Self {
        Self { expectation: Expectation::Mask(mask), line: None }
    }

    /// The value may be anything, for the reason given.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self { expectation: Expectation::Waived(reason.into()), line: None }
    }

    /// With the policy's line.
    #[must_use]
    pub const fn at_line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    /// Holds the rule against what was verified and records the finding. A value that is absent
    /// fails every rule but a waiver. Says whether the rule holds or was waived.
    pub fn appraise(&self, check: &'static Check, actual: Option<&T>, record: &mut dyn Record) -> bool {
        let finding = Finding { line: self.line, ..Finding::new(check, Outcome::Skip) };
        if let Expectation::Waived(reason) = &self.expectation {
            let shown = actual.map(Shown);
            let actual = shown.as_ref().map(|value| -> &dyn Display { value });
            record.record(Finding { actual, because: Some(reason), waived: true, ..finding });
            return true;
        }
        let holds = actual.is_some_and(|value| self.holds(value));
        let outcome = if holds { Outcome::Pass } else { Outcome::Fail };
        let shown = crate::OrNone(actual.map(Shown));
        record.record(Finding { outcome, ..finding.compared(&self.expectation, &shown) });
        holds
    }

    fn holds(&self, value: &T) -> bool {
        match &self.expectation {
            Expectation::Exactly(expected) => value == expected,
            Expectation::OneOf(expected) => expected.contains(value),
            Expectation::AtLeast(floor) => value.reaches(floor),
            Expectation::Mask(mask) => value.fits(mask),
            Expectation::Waived(_) => true,
        }
    }
}

impl<T: Value> Display for Expectation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(value) => value.show(f),
            Self::OneOf(values) => {
                f.write_str("one of")?;
                values.iter().enumerate().try_for_each(|(index, value)| {
                    f.write_str(if index == 0 { " " } else { ", " })?;
                    value.show(f)
                })
            }
            Self::AtLeast(floor) => {
                f.write_str("at least ")?;
                T::show_floor(floor, f)
            }
            Self::Mask(mask) => T::show_mask(mask, f),
            Self::Waived(reason) => write!(f, "anything ({reason})"),
        }
    }
}

/// A value shown by its own [`Value::show`].
struct Shown<'a, T>(&'a T);

impl<T: Value> Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

/// Bits that matter (`care`) and how they must be (`value`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bits {
    /// The bits that matter.
    pub care: u64,
    /// How they must be; bits outside of `care` must be zero.
    pub value: u64,
}

/// Implements the parts of [`Value`] that have no meaning for a type without order and bits.
macro_rules! no_order_no_mask {
    () => {
        type Floor = Infallible;
        type Mask = Infallible;
        fn reaches(&self, floor: &Infallible) -> bool {
            match *floor {}
        }
        fn fits(&self, mask: &Infallible) -> bool {
            match *mask {}
        }
        fn show_floor(floor: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *floor {}
        }
        fn show_mask(mask: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            match *mask {}
        }
    };
}

/// Digests and identifiers: equal or not, as hex.
impl<const N: usize> Value for [u8; N] {
    no_order_no_mask!();
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self).fmt(f)
    }
}

/// Byte strings of any length: equal or not, as hex.
impl Value for List<'_, u8> {
    no_order_no_mask!();
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self).fmt(f)
    }
}

/// Texts: equal or not.
impl Value for Text<'_> {
    no_order_no_mask!();
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Yes or no.
impl Value for bool {
    no_order_no_mask!();
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self { "yes" } else { "no" })
    }
}

/// Version numbers and levels, decimal.
impl Value for u32 {
    type Floor = Self;
    type Mask = Infallible;
    fn reaches(&self, floor: &Self) -> bool {
        self >= floor
    }
    fn fits(&self, mask: &Infallible) -> bool {
        match *mask {}
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
    fn show_floor(floor: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(floor, f)
    }
    fn show_mask(mask: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *mask {}
    }
}

/// Flag words, hexadecimal.
impl Value for u64 {
    type Floor = Infallible;
    type Mask = Bits;
    fn reaches(&self, floor: &Infallible) -> bool {
        match *floor {}
    }
    fn fits(&self, mask: &Bits) -> bool {
        self & mask.care == mask.value
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#x}")
    }
    fn show_floor(floor: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *floor {}
    }
    fn show_mask(mask: &Bits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} in the bits {:#x}", mask.value, mask.care)
    }
}
