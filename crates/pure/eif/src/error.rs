//! The error of reading, measuring and building an image: place, offset, expected and got.

use core::fmt;

use teeproof_core::Class;
use teeproof_wire::Error as WireError;

use crate::SectionKind;

/// Why an image is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EifError {
    /// The header, the table, or the sections are not as the format has them.
    Layout(LayoutError),
    /// The content of the signature section, whose number is given, is not as the format has it. The offset is that
    /// in the section's content.
    SignatureSection {
        /// The number of the section, counted from 0.
        index: usize,
        /// The problem.
        error: WireError,
    },
}

/// A violated rule of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayoutError {
    /// The rule.
    pub problem: LayoutProblem,
    /// The structure and its field.
    pub place: Place,
    /// The offset of the field in bytes from the start of the file.
    pub offset: u64,
    /// The expected value.
    pub expected: Expected,
    /// The value that was found, if it is a number.
    pub got: Option<u64>,
}

/// The rule of the format that is violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LayoutProblem {
    /// The file does not begin with `.eif`.
    Magic,
    /// A version that is not supported.
    Version,
    /// A flag that is not defined.
    Flags,
    /// A reserved value or an unused entry of the table that is not zero.
    Reserved,
    /// Fewer than 2 sections, or more than 32.
    SectionCount,
    /// Bytes between two sections, or before the first.
    Gap,
    /// A section that begins before the end of the one before it.
    Overlap,
    /// A section that ends beyond 2^64, or a signature section of more than 32768 bytes.
    TooLarge,
    /// The size in a section's header is not that of the table.
    SizeMismatch,
    /// A type of section that is not defined.
    SectionType,
    /// A second section of a kind that an image has once.
    Duplicate,
    /// A ramdisk before the kernel.
    Order,
    /// A section that an image must have.
    Missing,
    /// A NUL character in the command line.
    Nul,
    /// The file is empty.
    Empty,
    /// The file ends too early.
    Truncated,
    /// Bytes after the last section.
    Trailing,
    /// The checksum does not match.
    Checksum,
}

/// The structure of a value, and the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Place {
    /// A field of the header; an empty text for the header as a whole.
    Header(&'static str),
    /// A field of an entry of the header's table of sections.
    Table {
        /// The index of the entry, counted from 0.
        index: usize,
        /// The field.
        field: &'static str,
    },
    /// A field of a section, or its content.
    Section {
        /// The number of the section, counted from 0.
        index: usize,
        /// Its kind, where it is defined.
        kind: Option<SectionKind>,
        /// The field.
        field: &'static str,
    },
    /// The image as a whole.
    Image,
}

/// An expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Expected {
    /// In words.
    Text(&'static str),
    /// A number.
    Number(u64),
    /// So many bytes.
    Bytes(u64),
}

/// A violated rule, as an error.
pub(crate) const fn layout(
    problem: LayoutProblem,
    place: Place,
    offset: u64,
    expected: Expected,
    got: Option<u64>,
) -> EifError {
    EifError::Layout(LayoutError { problem, place, offset, expected, got })
}

impl EifError {
    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Layout(LayoutError {
                problem: LayoutProblem::Version | LayoutProblem::Flags | LayoutProblem::SectionType,
                ..
            }) => Class::Unsupported,
            Self::SignatureSection { error, .. } if error.is_unsupported() => Class::Unsupported,
            Self::Layout(_) | Self::SignatureSection { .. } => Class::Malformed,
        }
    }

    /// What to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Layout(error) => error.problem.hint(),
            Self::SignatureSection { .. } => {
                "build the image again and sign it, or measure the unsigned image: the section is not as nitro-cli \
                 writes it"
            }
        }
    }
}

impl LayoutProblem {
    /// What to do.
    #[must_use]
    pub const fn hint(self) -> &'static str {
        match self {
            Self::Magic | Self::Empty => "give an enclave image file, such as nitro-cli build-enclave writes",
            Self::Version => "build the image again, in version 4 of the format",
            Self::Flags | Self::Reserved => {
                "a newer format, or a damaged file: values that are reserved today are refused"
            }
            Self::SectionCount => "an image has a kernel, a command line, and up to 30 more sections",
            Self::Gap | Self::Overlap | Self::SizeMismatch => {
                "the table and the sections differ, so that two readers measure different images: build it again"
            }
            Self::TooLarge => "check that the file is complete; a signature section has at most 32768 bytes",
            Self::SectionType => {
                "only kernel (1), command line (2), ramdisk (3), signature (4) and metadata (5) exist"
            }
            Self::Duplicate => {
                "an image has one kernel, one command line, and at most one signature and metadata"
            }
            Self::Order => "the kernel stands before all ramdisks: build the image again",
            Self::Missing => {
                "an image has a kernel and a command line, and from version 4 on metadata: build it again"
            }
            Self::Nul => {
                "a kernel reads its command line up to the first NUL: what follows would be measured alone"
            }
            Self::Truncated => "the file is incomplete: copy or build it again",
            Self::Trailing => "no section has these bytes and no PCR measures them: build the image again",
            Self::Checksum => "the file was damaged or changed after it was built: copy or build it again",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header("") => f.write_str("EIF header"),
            Self::Header(field) => write!(f, "EIF header: {field}"),
            Self::Table { index, field } => write!(f, "EIF header: section_{field}s[{index}]"),
            Self::Section { index, kind: Some(kind), field } => {
                write!(f, "EIF section {index} ({kind}): {field}")
            }
            Self::Section { index, kind: None, field } => write!(f, "EIF section {index}: {field}"),
            Self::Image => f.write_str("EIF"),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{}", Shown(*number)),
            Self::Bytes(count) => write!(f, "{count} bytes"),
        }
    }
}

/// A number, from ten on also in hexadecimal.
struct Shown(u64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number @ ..10 => write!(f, "{number}"),
            number => write!(f, "{number} ({number:#x})"),
        }
    }
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, place, offset, expected, got } = self;
        if *problem == LayoutProblem::Empty {
            return f.write_str("the file is empty");
        }
        write!(f, "{place}: expected {expected}")?;
        match (got, problem) {
            (Some(got), LayoutProblem::Magic) => write!(f, ", got {got:#010x}")?,
            (Some(got), _) => write!(f, ", got {}", Shown(*got))?,
            (None, _) => {}
        }
        write!(f, " at offset {offset:#x}")
    }
}

impl fmt::Display for EifError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout(error) => error.fmt(f),
            Self::SignatureSection { index, error } => {
                write!(f, "EIF section {index} (signature): {error} of its content")
            }
        }
    }
}

impl core::error::Error for EifError {}
