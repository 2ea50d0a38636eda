//! The error of every parser: structure and field, offset, and expected value.

use core::fmt;

/// Malformed or unsupported input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The class of the error.
    pub kind: ErrorKind,
    /// The structure, and the field if there is one: `SNP report: signature_algo`.
    pub what: &'static str,
    /// The offset in bytes from the start of the outermost input.
    pub offset: usize,
    /// The value that is expected there.
    pub expected: &'static str,
    /// Whether `got` is a number that was found; a flag and a number are copied with `kind`, as one word.
    has_got: bool,
    /// The number that was found there; see [`Error::got`].
    got: u32,
}

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is too short.
    Truncated,
    /// Bytes follow after the end of the structure.
    Trailing,
    /// A value, tag or length that the format does not allow.
    Value,
    /// A value that is present twice.
    Duplicate,
    /// A required value is missing.
    Missing,
    /// A size or number above a limit of the parser.
    TooLarge,
    /// Well formed, but of an unsupported version, kind or algorithm.
    Unsupported,
}

impl Error {
    /// The error of a structure's field, at an offset in bytes from the start of the outermost input, and the value
    /// that is expected there.
    #[must_use]
    pub const fn new(kind: ErrorKind, what: &'static str, offset: usize, expected: &'static str) -> Self {
        Self { kind, what, offset, expected, has_got: false, got: 0 }
    }

    /// The error with the number that was found: a value, or a number of bytes.
    #[must_use]
    pub const fn with_got(mut self, got: u32) -> Self {
        self.has_got = true;
        self.got = got;
        self
    }

    /// The number that was found, a value or a number of bytes, where the parser says so.
    #[must_use]
    pub fn got(&self) -> Option<u32> {
        self.has_got.then_some(self.got)
    }

    /// Whether the kind is [`ErrorKind::Unsupported`].
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        matches!(self.kind, ErrorKind::Unsupported)
    }

    /// The error with its offset in an outer structure, in which the inner one begins at `base`.
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
        write!(f, "{what}: {problem} at offset {offset:#x}, expected {expected}")?;
        match self.got() {
            None => Ok(()),
            Some(got @ ..10) => write!(f, ", got {got}"),
            Some(got) => write!(f, ", got {got} ({got:#x})"),
        }
    }
}

impl core::error::Error for Error {}
