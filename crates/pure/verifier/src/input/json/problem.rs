//! What is wrong with evidence as JSON, in words that name no byte of it.

use alloc::string::ToString;
use core::fmt;

use crate::input::InputError;

/// The shapes of evidence as JSON that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonShape {
    /// The Confidential Containers attester on Azure with SEV-SNP, of this version.
    AzSnp(u8),
    /// The Confidential Containers attester on Azure with TDX, of this version.
    AzTdx(u8),
    /// attestation-rs: the same evidence of SEV-SNP under `platform` and `evidence`.
    EnvelopeSnp,
    /// attestation-rs: the same evidence of TDX under `platform` and `evidence`.
    EnvelopeTdx,
    /// A TPM's quote alone, as kinvolk's library writes its `Quote`.
    Quote,
    /// attested-tls of flashbots.
    AttestedTls,
}

impl JsonShape {
    /// The name in messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AzSnp(0) => "az-snp evidence, version 0",
            Self::AzSnp(1) => "az-snp evidence, version 1",
            Self::AzSnp(_) => "az-snp evidence, version 2",
            Self::AzTdx(0) => "az-tdx evidence, version 0",
            Self::AzTdx(1) => "az-tdx evidence, version 1",
            Self::AzTdx(_) => "az-tdx evidence, version 2",
            Self::EnvelopeSnp => "attestation-rs evidence of az-snp",
            Self::EnvelopeTdx => "attestation-rs evidence of az-tdx",
            Self::Quote => "kinvolk's Quote",
            Self::AttestedTls => "attested-tls evidence",
        }
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonProblem {
    /// A member that the shape demands is not there.
    Missing,
    /// A member that the shape does not have is there.
    Unknown,
    /// A member is given twice.
    Duplicate,
    /// A value is of another type, or of another number of entries.
    Type,
    /// Text is no hexadecimal of the length that is demanded.
    Hex,
    /// Text is no base64url.
    Base64,
    /// A value is larger than anything of its kind.
    TooLarge,
    /// There is no version, and the members are those of a later version than 0.
    VersionMissing,
    /// A version that is not known.
    Version,
    /// The version is no whole number.
    VersionType,
    /// A platform that is not known.
    Platform,
    /// A log of events came in a form that is not described anywhere.
    EventLog,
    /// Facts about the instance came in a form that is not described anywhere.
    InstanceInfo,
}

impl JsonProblem {
    pub(super) const fn of(self, shape: JsonShape) -> InputError {
        InputError::Evidence { shape, problem: self, line: 1, column: 1 }
    }

    /// What serde found, told by how its messages begin; whatever a peer wrote stays out.
    pub(super) fn from_serde(error: &serde_json::Error, shape: JsonShape) -> InputError {
        let (line, column) = (error.line(), error.column());
        if !error.is_data() {
            return InputError::Json { line, column };
        }
        let text = error.to_string();
        let known = WORDS.iter().find(|(word, _)| text.starts_with(word));
        let problem = known.map_or(Self::Type, |(_, problem)| *problem);
        InputError::Evidence { shape, problem, line, column }
    }
}

/// What the fields' readers and serde's derived ones say first.
const WORDS: &[(&str, JsonProblem)] = &[
    ("missing field", JsonProblem::Missing),
    ("unknown field", JsonProblem::Unknown),
    ("duplicate field", JsonProblem::Duplicate),
    (HEX, JsonProblem::Hex),
    (BASE64, JsonProblem::Base64),
    (TOO_LARGE, JsonProblem::TooLarge),
    (EVENT_LOG, JsonProblem::EventLog),
    (INSTANCE_INFO, JsonProblem::InstanceInfo),
];
pub(super) const HEX: &str = "no hexadecimal";
pub(super) const BASE64: &str = "no base64url";
pub(super) const TOO_LARGE: &str = "too large";
pub(super) const EVENT_LOG: &str = "an event log";
pub(super) const INSTANCE_INFO: &str = "instance info";

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "a member is missing",
            Self::Unknown => "a member is not known",
            Self::Duplicate => "a member is given twice",
            Self::Type => "a value is of another type or length than it should be",
            Self::Hex => "a value is not hexadecimal of the right length",
            Self::Base64 => "a value is not base64url",
            Self::TooLarge => "a value is larger than anything of its kind",
            Self::VersionMissing => {
                "there is no version, which makes it version 0, and the members are those of a later version"
            }
            Self::Version => "the version is not supported; known are 1, 2, and none at all for 0",
            Self::VersionType => "the version is not a whole number",
            Self::Platform => "the platform is not supported; known are az-snp and az-tdx",
            Self::EventLog => "a log in event_log is not supported; its form is not described anywhere",
            Self::InstanceInfo => "instance_info is not supported; its form is not described anywhere",
        })
    }
}
