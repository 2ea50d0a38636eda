//! Why files cannot be taken, and what a person can do.

use core::fmt;

use teeproof_core::Technology;
use teeproof_wire::Error as WireError;

use super::Kind;

/// Files cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// There are no bytes.
    Empty,
    /// The bytes look like nothing known.
    Unknown,
    /// The text is neither PEM nor JSON nor hex nor base64.
    Text,
    /// The PEM cannot be decoded.
    Pem,
    /// The PEM holds something else than certificates and revocation lists, or nothing.
    PemSection,
    /// The JSON cannot be read.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
    },
    /// The JSON is not an answer of the THIM service.
    NotThim,
    /// The content is not what it looks like, or what it was said to be.
    Wire(Kind, WireError),
    /// There is more than one piece of evidence.
    TwoEvidences {
        /// The first one's technology.
        first: Technology,
        /// The second one's technology.
        second: Technology,
    },
    /// There is no evidence, only endorsements.
    NoEvidence,
    /// Endorsements were given for evidence that brings its own.
    NotTogether,
}

impl InputError {
    /// The exit code of the command: 2 where the files were chosen wrongly, 3 where one is bad.
    #[must_use]
    pub const fn exit(&self) -> u8 {
        match self {
            Self::TwoEvidences { .. } | Self::NoEvidence | Self::NotTogether => 2,
            _ => 3,
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Empty => {
                "check how the file was written; a failed download or redirection leaves an empty file"
            }
            Self::Unknown => {
                "known are SNP reports (1184 bytes), Nitro documents, certificates and CRLs, raw, PEM, hex or base64, and THIM's JSON; --as names the kind"
            }
            Self::Text => "give the raw bytes, or their hex or base64 alone, without other text",
            Self::Pem => "each block needs its BEGIN and END line, and base64 between them",
            Self::PemSection => "CERTIFICATE and X509 CRL blocks are read; keys are never needed",
            Self::Json { .. } => "give the answer of the service as it came",
            Self::NotThim => {
                "the members vcekCert and certificateChain are needed, as THIM's /amd/certification answers"
            }
            Self::Wire(..) => "the file may be cut, or of another kind; --as names the kind",
            Self::TwoEvidences { .. } => {
                "verify one piece of evidence at a time, each with its own endorsements"
            }
            Self::NoEvidence => "name the report or document too; certificates alone are no evidence",
            Self::NotTogether => {
                "leave them out: a Nitro document brings its certificates along, and a VCEK belongs to an SNP report"
            }
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Unknown => f.write_str("the content is of no known kind"),
            Self::Text => f.write_str("the file is text where binary, PEM, JSON, hex or base64 is expected"),
            Self::Pem => f.write_str("the PEM cannot be decoded"),
            Self::PemSection => {
                f.write_str("the PEM holds no certificate or revocation list, or something else besides")
            }
            Self::Json { line, column } => {
                write!(f, "the JSON cannot be read at line {line}, column {column}")
            }
            Self::NotThim => f.write_str("the JSON is not an answer of the THIM service"),
            Self::Wire(kind, error) => write!(f, "read as {kind}: {error}"),
            Self::TwoEvidences { first, second } => {
                write!(
                    f,
                    "two pieces of evidence were given ({first} and {second}), which do not belong together"
                )
            }
            Self::NoEvidence => f.write_str("there is no evidence among the files"),
            Self::NotTogether => f.write_str("the certificates or lists do not belong to the Nitro document"),
        }
    }
}

impl core::error::Error for InputError {}
