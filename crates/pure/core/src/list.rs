//! Lists and texts that a policy borrows, or owns where there is an allocator.

use core::ops::Deref;

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};

/// A list of values, borrowed or (feature `alloc`) owned.
#[derive(Clone, Debug)]
pub struct List<'p, T>(Inner<'p, T>);

#[derive(Clone, Debug)]
enum Inner<'p, T> {
    Borrowed(&'p [T]),
    #[cfg(feature = "alloc")]
    Owned(Vec<T>),
}

impl<T> Deref for List<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Inner::Borrowed(values) => values,
            #[cfg(feature = "alloc")]
            Inner::Owned(values) => values,
        }
    }
}

impl<'p, T> From<&'p [T]> for List<'p, T> {
    fn from(values: &'p [T]) -> Self {
        Self(Inner::Borrowed(values))
    }
}

#[cfg(feature = "alloc")]
impl<T> From<Vec<T>> for List<'_, T> {
    fn from(values: Vec<T>) -> Self {
        Self(Inner::Owned(values))
    }
}

/// Lists are equal if their values are, borrowed or owned.
impl<T: PartialEq> PartialEq for List<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: Eq> Eq for List<'_, T> {}

/// A text, borrowed or (feature `alloc`) owned.
#[derive(Clone, Debug)]
pub struct Text<'p>(TextInner<'p>);

#[derive(Clone, Debug)]
enum TextInner<'p> {
    Borrowed(&'p str),
    #[cfg(feature = "alloc")]
    Owned(String),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            TextInner::Borrowed(text) => text,
            #[cfg(feature = "alloc")]
            TextInner::Owned(text) => text,
        }
    }
}

impl<'p> From<&'p str> for Text<'p> {
    fn from(text: &'p str) -> Self {
        Self(TextInner::Borrowed(text))
    }
}

#[cfg(feature = "alloc")]
impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(TextInner::Owned(text))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text<'_> {}

impl core::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self)
    }
}
