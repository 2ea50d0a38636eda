//! Errors of bundles that are parsed, made or redacted.

use core::fmt;

use teeproof_wire::Error as WireError;

use super::PartName;
use crate::{InputClass, InputKind};

/// A bundle cannot be read, made or redacted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// More bytes than a bundle has.
    TooLarge {
        /// How many it may have.
        limit: usize,
    },
    /// The CBOR is not the deterministic form of a bundle.
    Cbor(WireError),
    /// The JSON is not a collection of records.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// A collection of CMW records that is no bundle.
    OtherCollection,
    /// A record does not say what it must.
    Entry {
        /// Which one, if its label is known.
        name: Option<PartName>,
        /// Where it begins, in CBOR.
        offset: Option<usize>,
        /// What is wrong with it.
        problem: EntryProblem,
    },
    /// A part is not what its label says.
    Part {
        /// Which one.
        name: PartName,
        /// What is wrong, and where in the part.
        error: WireError,
    },
    /// The record about the collection is missing, or is not what it must be.
    Collection,
    /// The record about the collection is of a version that is not known.
    Version,
    /// The time of the collection is not a valid time from the year 0000 to 9999.
    Time,
    /// The name of the collecting program is too long, or not printable ASCII.
    Tool,
    /// No part is evidence.
    NoEvidence,
    /// A part is of a kind that bundles do not hold.
    NotAPart(InputKind),
    /// More parts of a kind than a bundle holds.
    TooMany(InputKind),
    /// More replaced places than a bundle has.
    TooManyRedactions,
    /// A place that is said to be replaced is not in the bundle.
    RedactionPlace,
    /// Identifiers were replaced before.
    AlreadyRedacted,
    /// There is no identifier to replace.
    NothingToRedact,
    /// The salt is so short that the identifiers behind it can be found by trying.
    ShortSalt,
    /// A part cannot be read completely, so that its identifiers cannot be found.
    Unreadable {
        /// Which one.
        name: PartName,
        /// What cannot be read, and where in the part.
        error: WireError,
    },
    /// More parts than those of a redacted bundle, which were redacted together.
    AddedToRedacted,
    /// More identifiers than one machine has.
    TooManyIdentifiers,
    /// Without its identifiers, a part could not be read any more, or would still name its machine.
    Unredactable(PartName),
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryProblem {
    /// The label is not known.
    UnknownLabel,
    /// The label is given twice.
    Duplicate,
    /// A certificate or list before it is missing.
    Number,
    /// The media type is not the label's.
    MediaType,
    /// The role is not the label's.
    Indicator,
    /// The value is not in the one form that is kept of its kind.
    Form,
    /// The value is larger than anything of its kind.
    TooLarge,
}

impl BundleError {
    /// Whether the parts were chosen wrongly, or the file is malformed.
    #[must_use]
    pub const fn class(&self) -> InputClass {
        match self {
            Self::NoEvidence
            | Self::NotAPart(_)
            | Self::TooMany(_)
            | Self::AlreadyRedacted
            | Self::AddedToRedacted
            | Self::NothingToRedact
            | Self::ShortSalt => InputClass::WrongFiles,
            _ => InputClass::Malformed,
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::AlreadyRedacted => "redact the bundle that was collected",
            Self::NothingToRedact => "the bundle can be passed on as it is, as far as these identifiers go",
            Self::ShortSalt => "take at least 16 bytes of a random generator",
            Self::AddedToRedacted => {
                "make a bundle of the files that were collected and redact that; a redacted bundle stays as it is"
            }
            Self::Unreadable { .. } => "leave the part out; what cannot be read cannot be redacted",
            Self::Time => "times from the year 0000 to 9999 can be written",
            Self::Tool => "name the program in at most 64 printable ASCII characters",
            Self::NoEvidence => "name the report or document too; certificates alone are no evidence",
            Self::NotAPart(_) => {
                "leave it out; a bundle holds evidence that can be verified, and its endorsements"
            }
            Self::Unredactable(_) => "leave the part out, or try another salt",
            Self::TooMany(_) | Self::TooManyRedactions | Self::TooManyIdentifiers => {
                "make a bundle for each piece of evidence"
            }
            Self::Entry { problem: EntryProblem::UnknownLabel, .. } | Self::Version => {
                "the bundle may be of a later teeproof"
            }
            _ => "give the bundle as it was written; docs/bundle.md tells the format",
        }
    }
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(f, "larger than {limit} bytes"),
            Self::Cbor(error) => write!(f, "{error}"),
            Self::Json { line, column } => {
                write!(
                    f,
                    "JSON: expected a collection of records, got something else at line {line}, column {column}"
                )
            }
            Self::OtherCollection => f.write_str("the collection is not a bundle"),
            Self::Entry { name, offset, problem } => {
                match name {
                    Some(name) => write!(f, "{name}: ")?,
                    None => f.write_str("a record: ")?,
                }
                write!(f, "{problem}")?;
                offset.iter().try_for_each(|offset| write!(f, " at offset {offset:#x}"))
            }
            Self::Part { name, error } => write!(f, "{name}: {error}"),
            Self::Collection => {
                f.write_str("the record teeproof-collection is missing or not in its one form")
            }
            Self::Version => f.write_str("the version is not supported"),
            Self::Time => {
                f.write_str("the time of the collection is not a valid time of the years 0000 to 9999")
            }
            Self::Tool => f.write_str("the name of the tool: expected at most 64 printable ASCII characters"),
            Self::NoEvidence => f.write_str("there is no evidence among the parts"),
            Self::NotAPart(kind) => write!(f, "bundles hold no {kind}"),
            Self::TooMany(kind) => write!(f, "too many parts of kind {kind}"),
            Self::TooManyRedactions => f.write_str("there are too many redactions"),
            Self::RedactionPlace => f.write_str("a redaction is not inside of its part"),
            Self::AlreadyRedacted => f.write_str("the bundle is redacted already"),
            Self::NothingToRedact => f.write_str("there is no identifier to redact"),
            Self::ShortSalt => f.write_str("the salt is too short"),
            Self::AddedToRedacted => f.write_str("nothing can be added to a redacted bundle"),
            Self::Unreadable { name, error } => {
                write!(f, "{name}: cannot be read completely, so it cannot be redacted: {error}")
            }
            Self::TooManyIdentifiers => f.write_str("there are too many identifiers to redact"),
            Self::Unredactable(name) => {
                write!(
                    f,
                    "{name}: could not be read any more, or would still name its machine, if it were redacted"
                )
            }
        }
    }
}

impl core::error::Error for BundleError {}

impl fmt::Display for EntryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownLabel => "the label is not supported",
            Self::Duplicate => "given twice",
            Self::Number => "the one before it is missing",
            Self::MediaType => "the media type is not the one of the label",
            Self::Indicator => "the role (ind) is not the one of the label",
            Self::Form => "the value is not in the form of its kind",
            Self::TooLarge => "the value is larger than anything of its kind",
        })
    }
}
