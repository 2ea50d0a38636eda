//! Both sides of a comparison as data: what a program reads where a person reads words.

use core::fmt::{self, Display};

use crate::{Bits, Hex, OrNone};

/// One value of a finding, with its type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Datum<'a> {
    /// No value.
    Absent,
    /// Yes or no.
    Bool(bool),
    /// A count, a level, a version.
    Number(u64),
    /// A number that can be negative: an age in seconds.
    Signed(i64),
    /// A word of flags.
    Flags(u64),
    /// Which bits of a word of flags matter, and how they must be.
    Mask(Bits),
    /// A digest, an identifier, any byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a dyn Display),
    /// Levels by name, such as the components of a TCB; `None` where the platform has no such component.
    Levels(&'a [(&'static str, Option<u64>)]),
    /// The words of the whole side, as its [`Display`] writes them.
    Words,
}

/// How a value that is expected relates to the one that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// The value itself.
    Exactly,
    /// One of several values, which are handed over one by one; of a value that was found, all of several.
    OneOf,
    /// The least that is accepted.
    AtLeast,
    /// The least that is accepted of a processor of this product line.
    AtLeastFor(&'static str),
    /// The most that is accepted.
    AtMost,
    /// A mask over flags.
    Mask,
    /// No value.
    Absent,
    /// All PCRs but those whose numbers are handed over.
    AllBut,
}

/// Takes the values of one side of a comparison.
pub type TakeDatum<'t> = dyn FnMut(Relation, Datum<'_>) + 't;

/// One side of a comparison: words for people, which its [`Display`] writes, and data for programs.
pub trait Comparand: Display {
    /// Hands over every value of this side.
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

/// A value for programs with words of its own for people.
pub struct Worded<'a> {
    /// What a person reads.
    pub words: &'a dyn Display,
    /// How the value relates to the other side.
    pub relation: Relation,
    /// What a program reads.
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
