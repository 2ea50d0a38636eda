//! Why files are refused, and what of them was ignored.

mod hint;
mod message;

use alloc::string::String;
use core::fmt;

use teeproof_core::Technology;
use teeproof_wire::Error as WireError;

use crate::bundle::BundleError;
use crate::{
    DocumentMembers, InputClass, InputKind, JsonProblem, JsonShape, JsonValue, NitroForm, PartError,
    PcrProblem,
};

/// Why a file, or files together, are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputError {
    /// The file is empty.
    Empty,
    /// Binary content of no known kind.
    Unknown,
    /// The text is neither PEM nor JSON nor PCR values nor hex nor base64.
    Text,
    /// The PEM cannot be decoded.
    Pem,
    /// The PEM has certificates with other blocks, several other blocks, or none.
    PemSection,
    /// The PEM holds a private key.
    PrivateKey,
    /// The text is YAML.
    Yaml,
    /// More than four nested encodings.
    TooDeep,
    /// Binary data that was decoded as UTF-8, which replaced some bytes.
    Mangled,
    /// The file is text in UTF-16.
    Utf16,
    /// The quote of an SGX enclave, of this version.
    SgxQuote {
        /// The version.
        version: u16,
    },
    /// The file is an enclave image (EIF) of AWS Nitro Enclaves.
    EnclaveImage,
    /// A damaged Nitro document.
    NitroForm(NitroForm),
    /// A JSON list with something else than numbers from 0 to 255.
    Integers {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// A JSON list without entries.
    EmptyList,
    /// The JSON cannot be read.
    Json {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// The JSON is not an answer of the THIM service.
    NotThim,
    /// The JSON has the schema of a sealing key, and is not a valid one.
    SealingKey {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
    /// The JSON has the members of no known shape.
    UnknownJson {
        /// The shape that it is closest to, and the first member that is missing for it.
        closest: Option<(JsonShape, &'static str)>,
    },
    /// A member where a Nitro document is expected has something else.
    NoDocument(DocumentMembers),
    /// Several members of a JSON answer hold Nitro documents.
    SeveralDocuments(DocumentMembers),
    /// The file was given as JSON and is not JSON.
    NotJson,
    /// Evidence as JSON that is not as its shape needs it.
    Evidence {
        /// The shape, by its members.
        shape: JsonShape,
        /// The problem.
        problem: JsonProblem,
        /// The member, where it is one of the shape's.
        member: Option<&'static str>,
        /// The line, counted from 1; 0 for the whole text.
        line: usize,
        /// The column in bytes, counted from 1; 0 for the whole text.
        column: usize,
    },
    /// A member of evidence has a version, platform or type that is not supported.
    Value {
        /// The format, without its version.
        format: &'static str,
        /// The member, with the path to it.
        member: &'static str,
        /// Its value.
        found: JsonValue,
        /// The values that are supported there.
        known: &'static str,
    },
    /// An entry of `TpmInfo.PCRs` in an AzureGuest request.
    PcrEntry {
        /// The index of the entry, from 0.
        entry: usize,
        /// The problem.
        problem: PcrProblem,
    },
    /// The file was given as one kind and is of another.
    NotOfKind {
        /// The kind that was given.
        said: InputKind,
        /// The kind of the structure.
        found: InputKind,
    },
    /// A container was given as one part.
    Container(InputKind),
    /// The bytes are not a quote as bincode.
    Bincode,
    /// The content is not a response of Intel's PCS with the signed member of this kind.
    NotResponse(InputKind),
    /// PCR values in an unknown format.
    PcrFormat,
    /// A line of PCR values that is not a PCR of its bank, or is given twice.
    PcrLine {
        /// The line, counted from 1.
        line: usize,
    },
    /// More bytes than the kind may have.
    TooLarge {
        /// The kind of the structure.
        kind: InputKind,
        /// The most bytes of that kind.
        limit: usize,
    },
    /// The content cannot be parsed as the kind that was recognised or given.
    Wire(InputKind, WireError),
    /// Bytes follow after the end of the structure.
    Trailing {
        /// The kind of the structure.
        kind: InputKind,
        /// The error of its parser.
        error: WireError,
        /// How many bytes follow.
        extra: usize,
    },
    /// The bundle cannot be read.
    Bundle(BundleError),
    /// Two reports, documents or quotes, where one is verified at a time.
    TwoEvidences {
        /// The first one's technology.
        first: Technology,
        /// The second one's technology.
        second: Technology,
    },
    /// There are two parts of a kind of which evidence has one.
    TwoOfAKind(InputKind),
    /// There are more endorsements of a kind than are verified with one piece of evidence.
    TooMany {
        /// The kind of the endorsements.
        kind: InputKind,
        /// How many there may be.
        limit: usize,
    },
    /// There is no evidence, only endorsements.
    NoEvidence,
    /// Evidence of a kind that this version can read and not verify.
    Unverified(InputKind),
    /// A file that is not evidence of a machine.
    NotEvidence(InputKind),
    /// Certificates or other parts with a Nitro document, which has its own.
    NotTogether,
    /// A part of Azure's evidence without its HCL report.
    WithoutReport(InputKind),
    /// A TD quote with the HCL report of an SEV-SNP machine.
    TdQuoteOfSnp,
    /// A TPM quote without its signature.
    QuoteWithoutSignature,
    /// PCR values or a signature without the TPM quote that they belong to.
    WithoutQuote(InputKind),
    /// An event log without the PCR values that it explains.
    LogWithoutPcrs,
    /// A CCEL or its table, whose events extend the RTMRs of a TD and no PCR.
    OfRtmrs(InputKind),
    /// PCR values of another bank than SHA-256, by its TPM_ALG_ID.
    OtherBank(u16),
    /// The text is not what `tpm2_quote` prints, or something of it is missing.
    QuoteText,
    /// The signature in what `tpm2_quote` printed is of a scheme that is not supported, or not in its form.
    QuoteTextScheme {
        /// The scheme by its name in tpm2-tools; `None` for one that they do not have.
        scheme: Option<&'static str>,
    },
    /// A line of what `tpm2_quote` prints cannot be read.
    QuoteTextLine {
        /// The line, counted from 1.
        line: usize,
    },
}

impl InputError {
    /// The error of a parser about a structure of this many bytes.
    pub fn wire(kind: InputKind, error: WireError, bytes: usize) -> Self {
        PartError::wire(kind, error, bytes).into()
    }

    /// Whether a file is malformed, of an unsupported kind, or does not belong with the others.
    #[must_use]
    pub const fn class(&self) -> InputClass {
        match self {
            Self::TwoEvidences { .. }
            | Self::TwoOfAKind(_)
            | Self::TooMany { .. }
            | Self::NoEvidence
            | Self::EnclaveImage
            | Self::NotEvidence(_)
            | Self::NotTogether
            | Self::WithoutReport(_)
            | Self::TdQuoteOfSnp
            | Self::QuoteWithoutSignature
            | Self::WithoutQuote(_)
            | Self::LogWithoutPcrs
            | Self::OfRtmrs(_) => InputClass::WrongFiles,
            _ if self.is_unsupported() => InputClass::Unsupported,
            _ => InputClass::Malformed,
        }
    }

    /// The kind of the part that an error about files that do not belong together is about.
    #[must_use]
    pub const fn kind(&self) -> Option<InputKind> {
        match self {
            Self::WithoutReport(kind)
            | Self::WithoutQuote(kind)
            | Self::Unverified(kind)
            | Self::NotEvidence(kind)
            | Self::OfRtmrs(kind)
            | Self::TooMany { kind, .. } => Some(*kind),
            Self::OtherBank(_) => Some(InputKind::OtherPcrValues),
            Self::TdQuoteOfSnp => Some(InputKind::TdQuote),
            Self::QuoteWithoutSignature => Some(InputKind::TpmQuote),
            Self::LogWithoutPcrs => Some(InputKind::EventLog),
            _ => None,
        }
    }

    /// Whether the file is well formed, and of a kind or version that is not supported.
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        match self {
            Self::Wire(_, error) => error.is_unsupported(),
            Self::Unverified(_) | Self::QuoteTextScheme { .. } | Self::SgxQuote { .. } => true,
            Self::Evidence { problem, .. } => problem.is_unsupported(),
            _ => false,
        }
    }
}

impl core::error::Error for InputError {}

impl From<BundleError> for InputError {
    fn from(error: BundleError) -> Self {
        Self::Bundle(error)
    }
}

impl From<PartError> for InputError {
    fn from(error: PartError) -> Self {
        match error {
            PartError::Container(kind) => Self::Container(kind),
            PartError::Wire(kind, error) => Self::Wire(kind, error),
            PartError::Trailing { kind, error, extra } => Self::Trailing { kind, error, extra },
            PartError::TooLarge { kind, limit } => Self::TooLarge { kind, limit },
            PartError::Pcrs => Self::PcrFormat,
            PartError::Response(kind) => Self::NotResponse(kind),
        }
    }
}

/// Content of a file that was ignored. It is a warning in the attestation result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputWarning {
    /// A member that the description of the format does not have.
    UnknownMember {
        /// The format.
        shape: JsonShape,
        /// Where the member stands: `tpm_quote.extra`; fit to be shown.
        member: String,
    },
    /// A member that is known and that verification does not use.
    UnusedMember {
        /// The format.
        shape: JsonShape,
        /// The member.
        member: &'static str,
        /// Why it is not used.
        because: &'static str,
    },
    /// An entry of a host's certificate table that holds neither a certificate nor a revocation list.
    TableEntry,
}

impl fmt::Display for InputWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember { shape, member } => {
                write!(f, "{}: the member {member} is not known and was ignored", shape.as_str())
            }
            Self::UnusedMember { shape, member, because } => {
                write!(f, "{}: the member `{member}` was not used: {because}", shape.as_str())
            }
            Self::TableEntry => f.write_str(
                "certificate table: an entry that is neither a certificate nor a revocation list was ignored",
            ),
        }
    }
}

/// How many characters of a foreign name are shown.
const MAX_SHOWN: usize = 64;

/// A foreign name in quotes: without control or format characters, and no longer than a line can bear.
pub(crate) fn shown(name: &str) -> String {
    let mut text = String::from("`");
    text.extend(name.chars().take(MAX_SHOWN).flat_map(char::escape_debug));
    text.push_str(if name.chars().nth(MAX_SHOWN).is_some() { "…`" } else { "`" });
    text
}
