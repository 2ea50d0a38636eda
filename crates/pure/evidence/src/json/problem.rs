//! What is wrong with evidence as JSON, in words that name no byte of it.

use alloc::string::ToString;
use core::fmt;

use crate::InputError;

/// The shapes of evidence as JSON that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonShape {
    /// The Confidential Containers attester on Azure with SEV-SNP, of this version.
    AzSnp(u8),
    /// The Confidential Containers attester on Azure with TDX, of this version.
    AzTdx(u8),
    /// The Confidential Containers attester on SEV-SNP without a vTPM.
    Snp,
    /// The Confidential Containers attester on TDX without a vTPM.
    Tdx,
    /// attestation-rs: evidence of Azure with SEV-SNP under `platform` and `evidence`.
    EnvelopeAzSnp,
    /// attestation-rs: evidence of Azure with TDX under `platform` and `evidence`.
    EnvelopeAzTdx,
    /// attestation-rs: evidence of SEV-SNP without a vTPM under `platform` and `evidence`.
    EnvelopeSnp,
    /// attestation-rs: evidence of TDX without a vTPM under `platform` and `evidence`.
    EnvelopeTdx,
    /// A TPM's quote alone, as kinvolk's library writes its `Quote`.
    Quote,
    /// attested-tls of flashbots.
    AttestedTls,
    /// What a client sends to Azure Attestation about a guest: report, claims, quote, PCRs, certificates.
    AzureGuest,
    /// The same in its outer body, as base64.
    AttestationInfo,
    /// What a client sends to Azure Attestation about a report of SEV-SNP.
    SevSnpVm,
    /// What a client sends to Azure Attestation about a TD quote.
    TdxVm,
    /// What Azure's THIM answers: certificates.
    Thim,
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
            Self::Snp => "snp evidence of Confidential Containers",
            Self::Tdx => "tdx evidence of Confidential Containers",
            Self::EnvelopeAzSnp => "attestation-rs evidence of az-snp",
            Self::EnvelopeAzTdx => "attestation-rs evidence of az-tdx",
            Self::EnvelopeSnp => "attestation-rs evidence of snp",
            Self::EnvelopeTdx => "attestation-rs evidence of tdx",
            Self::Quote => "kinvolk's Quote",
            Self::AttestedTls => "attested-tls evidence",
            Self::AzureGuest => "AzureGuest request, protocol 2.0",
            Self::AttestationInfo => "AzureGuest request",
            Self::SevSnpVm => "SevSnpVm request",
            Self::TdxVm => "TdxVm request",
            Self::Thim => "THIM's answer",
        }
    }
}

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
    /// Text is no base64 of the alphabet that is used there.
    Base64,
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

    /// What serde found, told by how its messages begin; whatever a peer wrote stays out.
    pub(super) fn from_serde(error: &serde_json::Error, shape: JsonShape) -> InputError {
        let (line, column) = (error.line(), error.column());
        if !error.is_data() {
            return InputError::Json { line, column };
        }
        let text = error.to_string();
        let known = WORDS.iter().find(|(word, _)| text.starts_with(word));
        let problem = known.map_or(Self::Type, |(_, problem)| *problem);
        InputError::Evidence { shape, problem, member: member(&text), line, column }
    }
}

/// The member that a message names, where it is one of ours; a peer's stay out.
fn member(text: &str) -> Option<&'static str> {
    let (_, rest) = text.split_once('`')?;
    let (name, _) = rest.split_once('`')?;
    MEMBERS.iter().copied().find(|member| *member == name)
}

/// What a message can name: members that are demanded.
const MEMBERS: &[&str] = &[
    "AttestationInfo",
    "AttestationProtocolVersion",
    "Digest",
    "IsolationInfo",
    "Index",
    "PCRs",
    "PcrQuote",
    "PcrSignature",
    "Proof",
    "RunTimeData",
    "SnpReport",
    "TpmInfo",
    "Type",
    "ak_certificate_pem",
    "attestation_report",
    "cc_eventlog",
    "cert_chain",
    "data",
    "evidence",
    "hcl_report",
    "hcl_report_base64",
    "message",
    "pcrs",
    "quote",
    "report",
    "runtimeData",
    "signature",
    "td_quote",
    "tdx_quote_base64",
    "tpm_attestation",
    "tpm_quote",
    "vcek",
    "version",
];

/// What the fields' readers and serde's derived ones say first.
const WORDS: &[(&str, JsonProblem)] = &[
    ("missing field", JsonProblem::Missing),
    ("unknown field", JsonProblem::Unknown),
    ("duplicate field", JsonProblem::Duplicate),
    (HEX, JsonProblem::Hex),
    (BASE64, JsonProblem::Base64),
    (TOO_LARGE, JsonProblem::TooLarge),
];
pub(super) const HEX: &str = "no hexadecimal";
pub(super) const BASE64: &str = "no base64";
pub(super) const TOO_LARGE: &str = "too large";

impl fmt::Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "a member is missing",
            Self::Unknown => "a member is not known",
            Self::Duplicate => "a member is given twice",
            Self::Type => "a value is of another type or length than it should be",
            Self::Hex => "a value is not hexadecimal of the right length",
            Self::Base64 => "a value is not base64 of the alphabet that is used there",
            Self::TooLarge => "a value is larger than anything of its kind",
            Self::VersionMissing => {
                "there is no version, which makes it version 0, and the members are those of a later version"
            }
            Self::GuestOfTdx => "a guest on TDX is not supported: the request has a TD quote and no TDREPORT",
            Self::TrustedLaunch => "trusted-launch VMs are not supported: they have no hardware report",
        })
    }
}
