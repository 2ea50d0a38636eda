//! Both sides of a comparison as typed data, for programs.

use core::fmt::{self, Display};

use crate::{Bits, Hex, OrNone};

/// One value of a finding, with its type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Datum<'a> {
    /// No value.
    Absent,
    /// A Boolean.
    Bool(bool),
    /// A count, a level, a version.
    Number(u64),
    /// A number that can be negative: an age in seconds.
    Signed(i64),
    /// A bit field.
    Flags(u64),
    /// The required bits of a bit field.
    Mask(Bits),
    /// A byte string: a digest or an identifier.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a dyn Display),
    /// Levels by name, such as the components of a TCB; `None` where the platform has no such component.
    Levels(&'a [(&'static str, Option<u64>)]),
    /// The text of the whole side, by its [`Display`].
    Words,
}

/// The relation of an expected value to the actual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// The value itself.
    Exactly,
    /// One of several values, each passed singly; for the actual value, all of several.
    OneOf,
    /// The least accepted value.
    AtLeast,
    /// The least accepted value for a processor of this product line.
    AtLeastFor(&'static str),
    /// The greatest accepted value.
    AtMost,
    /// The required bits of a bit field.
    Mask,
    /// No value.
    Absent,
    /// All PCRs except those with these indices.
    AllBut,
}

/// Receives the values of one side of a comparison.
pub type TakeDatum<'t> = dyn FnMut(Relation, Datum<'_>) + 't;

/// One side of a comparison: text, by [`Display`], and data.
pub trait Comparand: Display {
    /// Passes every value of this side to `take`.
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(Relation::Exactly, Datum::Words);
    }
}

impl Comparand for str {}
impl Comparand for fmt::Arguments<'_> {}

#[cfg(feature = "alloc")]
impl Comparand for alloc::string::String {}

impl<T: Comparand + ?Sized> Comparand for &T {
    fn data(&self, take: &mut TakeDatum<'_>) {
        (**self).data(take);
    }
}

impl Comparand for Hex<'_> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(Relation::Exactly, Datum::Bytes(self.0));
    }
}

impl<T: Comparand> Comparand for OrNone<T> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        match &self.0 {
            Some(value) => value.data(take),
            None => take(Relation::Exactly, Datum::Absent),
        }
    }
}

/// A value whose text differs from that of its data.
pub struct Worded<'a> {
    /// The text.
    pub words: &'a dyn Display,
    /// The relation of the value to the other side.
    pub relation: Relation,
    /// The data.
    pub datum: Datum<'a>,
}

impl Display for Worded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.fmt(f)
    }
}

impl Comparand for Worded<'_> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        take(self.relation, self.datum);
    }
}
