//! The one error of the wire: what was being read, where, and what was expected there.

use core::fmt;

/// Bytes are not what their format says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The structure, and the field where there is one: `SNP report: signature_algo`.
    pub what: &'static str,
    /// Where, in bytes from the start of the outermost input.
    pub offset: usize,
    /// What the format demands there.
    pub expected: &'static str,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ends too early.
    Truncated,
    /// Bytes follow after the end of the structure.
    Trailing,
    /// A value, a tag or a length is not one that the format allows.
    Value,
    /// A value is given twice.
    Duplicate,
    /// A value that must be there is not.
    Missing,
    /// Something is larger or more numerous than this reader's stated bound.
    TooLarge,
    /// Well formed, but of a version, kind or algorithm that is not supported.
    Unsupported,
}

impl Error {
    pub(crate) const fn new(
        kind: ErrorKind,
        what: &'static str,
        offset: usize,
        expected: &'static str,
    ) -> Self {
        Self { kind, what, offset, expected }
    }

    /// Whether the input is well formed, but of a kind that is not supported.
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        matches!(self.kind, ErrorKind::Unsupported)
    }

    /// The same error as seen from an outer structure, in which the inner one begins at `base`.
    #[must_use]
    pub const fn within(mut self, base: usize) -> Self {
        self.offset = self.offset.saturating_add(base);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.kind {
            ErrorKind::Truncated => "the input ends too early",
            ErrorKind::Trailing => "bytes follow after the end",
            ErrorKind::Value => "unexpected value",
            ErrorKind::Duplicate => "given twice",
            ErrorKind::Missing => "missing",
            ErrorKind::TooLarge => "too large",
            ErrorKind::Unsupported => "not supported",
        };
        let Self { what, offset, expected, .. } = self;
        write!(f, "{what}: {problem} at offset {offset:#x}, expected {expected}")
    }
}

impl core::error::Error for Error {}
