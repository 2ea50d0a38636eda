//! Problems of evidence as JSON, in words that repeat no byte of it.

use core::fmt;

use super::JsonShape;
use crate::InputError;

/// A value of a member as the JSON has it, shortened: a few characters, none of which can do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JsonValue {
    text: [u8; SHOWN],
    cut: bool,
}

/// So many characters of a value are shown.
const SHOWN: usize = 24;

impl JsonValue {
    /// The value, as it stands in the JSON.
    pub(super) fn of(raw: &str) -> Self {
        let mut text = [b' '; SHOWN];
        for (place, byte) in text.iter_mut().zip(raw.bytes()) {
            *place = if byte.is_ascii_graphic() || byte == b' ' { byte } else { b'?' };
        }
        Self { text, cut: raw.len() > SHOWN }
    }
}

/// `"3.0"`, `3`, `[1, 2, …`.
impl fmt::Display for JsonValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = core::str::from_utf8(&self.text).unwrap_or_default();
        f.write_str(text.trim_end())?;
        f.write_str(if self.cut { "…" } else { "" })
    }
}

/// What is wrong with an entry of the PCRs of an AzureGuest request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PcrProblem {
    /// `Digest` is not 32 bytes long.
    Digest {
        /// How long it is.
        bytes: usize,
    },
    /// `Index` is above 23.
    Index(u8),
    /// `Index` is that of an entry before.
    Twice(u8),
}

impl fmt::Display for PcrProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest { bytes } => write!(f, "Digest`: expected 32 bytes (SHA-256), got {bytes}"),
            Self::Index(index) => write!(f, "Index`: expected 0 to 23, got {index}"),
            Self::Twice(index) => write!(f, "Index`: PCR {index} is given twice"),
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonProblem {
    /// A member that the shape needs is missing.
    Missing,
    /// A member that the shape does not have is there.
    Unknown,
    /// A member is given twice.
    Duplicate,
    /// A value is of another type, or of another number of entries.
    Type,
    /// Text is not hexadecimal of the expected length.
    Hex,
    /// Text is not base64 of the alphabet that is used there.
    Base64,
    /// Text is not PEM of certificates alone.
    Pem,
    /// A value is no revocation list as hexadecimal, base64, PEM or bytes.
    List,
    /// A signed value is not one JSON object, so that its exact bytes are not known.
    Signed,
    /// A value is larger than anything of its kind.
    TooLarge,
    /// There is no version, and the members are those of a later version than 0.
    VersionMissing,
    /// A request about a guest on TDX, which carries no TDREPORT.
    GuestOfTdx,
    /// A request about a trusted-launch VM, of which no hardware says anything.
    TrustedLaunch,
}

impl JsonProblem {
    pub(super) const fn of(self, shape: JsonShape) -> InputError {
        InputError::Evidence { shape, problem: self, member: None, line: 0, column: 0 }
    }

    /// The same about this member.
    pub(super) const fn at(self, member: &'static str, shape: JsonShape) -> InputError {
        InputError::Evidence { shape, problem: self, member: Some(member), line: 0, column: 0 }
    }

    /// Whether the evidence is well formed, and of a kind that is not verified.
    #[must_use]
    pub const fn is_unsupported(self) -> bool {
        matches!(self, Self::GuestOfTdx | Self::TrustedLaunch)
    }
}

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "a member is missing",
            Self::Unknown => "a member is not known",
            Self::Duplicate => "a member is given twice",
            Self::Type => "a value is of another type or length than it should be",
            Self::Hex => "a value is not hexadecimal of the right length",
            Self::Base64 => "a value is not base64 of the alphabet that is used there",
            Self::Pem => "a value is not PEM with certificates alone",
            Self::List => "a value is not a revocation list as hexadecimal, base64, PEM or a list of bytes",
            Self::Signed => "a signed value is not one JSON object from its first to its last byte",
            Self::TooLarge => "a value is larger than anything of its kind",
            Self::VersionMissing => {
                "there is no version, which makes it version 0, and the members are those of a later version"
            }
            Self::GuestOfTdx => "a guest on TDX is not supported: the request has a TD quote and no TDREPORT",
            Self::TrustedLaunch => "trusted-launch VMs are not supported: they have no hardware report",
        })
    }
}
