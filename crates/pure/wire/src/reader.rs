//! The cursor of every parser, which requires that the input is read to its end.

use crate::{Error, ErrorKind};

/// A bounded cursor over untrusted bytes.
///
/// It is only made by [`Reader::all`], which fails if the closure leaves bytes unread, so that the check of
/// the end cannot be forgotten. Offsets in errors count from the start of the outermost input.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// Reads all of `bytes` with the closure; they begin at `base` in the outermost input.
    ///
    /// # Errors
    /// The closure's error, or [`ErrorKind::Trailing`] when it leaves bytes unread.
    #[inline]
    pub fn all<T>(
        bytes: &'a [u8],
        base: usize,
        what: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut reader = Self { rest: bytes, offset: base };
        let value = read(&mut reader)?;
        if reader.rest.is_empty() {
            Ok(value)
        } else {
            Err(reader.error(ErrorKind::Trailing, what, "the end of the input"))
        }
    }

    /// An error at the current offset.
    #[must_use]
    #[inline]
    pub fn error(&self, kind: ErrorKind, what: &'static str, expected: &'static str) -> Error {
        Error::new(kind, what, self.offset, expected)
    }

    /// The current offset, for an error that is detected later.
    #[must_use]
    #[inline]
    pub const fn at(&self) -> At {
        At(self.offset)
    }

    /// The current offset from the start of the outermost input.
    #[must_use]
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether everything was read.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The number of unread bytes.
    #[must_use]
    #[inline]
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The unread bytes; they are not consumed.
    #[must_use]
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte; it is not consumed.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when there are fewer.
    #[inline]
    pub fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Error> {
        let (taken, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| self.error(ErrorKind::Truncated, what, "more bytes"))?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
        Ok(taken)
    }

    /// The next `count` bytes, if there are so many; otherwise nothing is consumed.
    #[inline]
    pub(crate) fn take_if_there(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(count);
        Some(taken)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] when there are fewer.
    #[inline]
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<&'a [u8; N], Error> {
        let (taken, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.error(ErrorKind::Truncated, what, "more bytes"))?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(N);
        Ok(taken)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`ErrorKind::Truncated`] at the end.
    #[inline]
    pub fn byte(&mut self, what: &'static str) -> Result<u8, Error> {
        self.array::<1>(what).map(|[byte]| *byte)
    }
}

/// An offset in the input, for errors.
#[derive(Clone, Copy, Debug)]
pub struct At(usize);

impl At {
    /// An error at this place.
    #[must_use]
    pub const fn error(self, kind: ErrorKind, what: &'static str, expected: &'static str) -> Error {
        Error::new(kind, what, self.0, expected)
    }
}
