//! The shapes of evidence as JSON, and how each is recognised: by the names of its members and its version.

use super::object::Object;
use super::{JsonProblem, JsonValue};
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
    /// Every shape, each version by itself.
    pub const ALL: &'static [Self] = &[
        Self::AzSnp(0),
        Self::AzSnp(1),
        Self::AzSnp(2),
        Self::AzTdx(0),
        Self::AzTdx(1),
        Self::AzTdx(2),
        Self::Snp,
        Self::Tdx,
        Self::EnvelopeAzSnp,
        Self::EnvelopeAzTdx,
        Self::EnvelopeSnp,
        Self::EnvelopeTdx,
        Self::Quote,
        Self::AttestedTls,
        Self::AzureGuest,
        Self::AttestationInfo,
        Self::SevSnpVm,
        Self::TdxVm,
        Self::Thim,
    ];

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

/// What each shape demands of its outermost members.
const DEMANDED: &[(JsonShape, &[&str])] = &[
    (JsonShape::AzSnp(2), &["version", "tpm_quote", "hcl_report", "vcek"]),
    (JsonShape::AzTdx(2), &["version", "tpm_quote", "hcl_report", "td_quote"]),
    (JsonShape::AzSnp(0), &["quote", "report", "vcek"]),
    (JsonShape::EnvelopeAzSnp, &["platform", "evidence"]),
    (JsonShape::Quote, &["message", "signature", "pcrs"]),
    (JsonShape::SevSnpVm, &["report", "runtimeData"]),
    (JsonShape::Tdx, &["quote", "cc_eventlog"]),
    (JsonShape::Snp, &["attestation_report", "cert_chain"]),
    (JsonShape::AzureGuest, &["AttestationProtocolVersion", "TpmInfo", "IsolationInfo"]),
    (JsonShape::AttestedTls, &["tdx_quote_base64", "hcl_report_base64", "tpm_attestation"]),
];

/// Whether text is YAML with the outermost members of evidence, as peers keep it among their test files.
///
/// The blocks of PEM in such a file are indented, and are not what the file is.
pub(crate) fn is_fixture(text: &str) -> bool {
    if text.lines().any(|line| line.starts_with("-----BEGIN ")) {
        return false;
    }
    let has = |name: &str| {
        text.lines().any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':')))
    };
    // Nobody else calls anything so; the other names are those of many files.
    DEMANDED.iter().any(|(shape, members)| match shape {
        JsonShape::AttestedTls => members.iter().any(|member| has(member)),
        _ => members.iter().filter(|member| **member != "version").all(|member| has(member)),
    })
}

impl Object<'_> {
    /// The shape, if it is one of evidence.
    pub(super) fn shape(&self) -> Result<Option<JsonShape>, InputError> {
        if self.has_all(&["platform", "evidence"]) {
            return self.envelope().map(Some);
        }
        if self.has("tpm_attestation") || self.has("tdx_quote_base64") {
            return Ok(Some(JsonShape::AttestedTls));
        }
        if self.has_all(&["message", "signature", "pcrs"]) {
            return Ok(Some(JsonShape::Quote));
        }
        if let Some(shape) = self.request() {
            return Ok(Some(shape));
        }
        if self.has("attestation_report") {
            return Ok(Some(JsonShape::Snp));
        }
        if self.has_all(&["quote", "cc_eventlog"]) {
            return Ok(Some(JsonShape::Tdx));
        }
        let is_azure = self.has_all(&["quote", "report"]) || self.has_all(&["tpm_quote", "hcl_report"]);
        if !is_azure {
            return Ok(None);
        }
        let version = self.version()?;
        let shape = if self.has("td_quote") { JsonShape::AzTdx } else { JsonShape::AzSnp };
        // What version 0 of az-snp calls its members, nothing else does.
        if version == 0 && self.has("hcl_report") && !self.has("td_quote") {
            return Err(JsonProblem::VersionMissing.of(JsonShape::AzSnp(0)));
        }
        Ok(Some(shape(version)))
    }

    /// The shape, if it is one of a request to Azure Attestation.
    fn request(&self) -> Option<JsonShape> {
        if self.has("AttestationProtocolVersion") {
            return Some(JsonShape::AzureGuest);
        }
        if self.has("AttestationInfo") || self.has("attestationInfo") {
            return Some(JsonShape::AttestationInfo);
        }
        match (self.has("runtimeData"), self.has("report"), self.has("quote")) {
            (true, true, false) => Some(JsonShape::SevSnpVm),
            (true, false, true) => Some(JsonShape::TdxVm),
            _ => None,
        }
    }

    /// That the shape is none that is known, and which one it is closest to: the one of which most
    /// members are there.
    pub(super) fn unknown(&self) -> InputError {
        let score = |members: &[&str]| members.iter().filter(|member| self.has(member)).count();
        let best = DEMANDED.iter().map(|(shape, members)| (score(members), *shape, *members));
        // The first of the best: the list is in the order of how much the names say.
        let best = best.rev().max_by_key(|(score, ..)| *score).filter(|(score, ..)| *score > 0);
        let closest = best.and_then(|(_, shape, members)| {
            Some((shape, members.iter().copied().find(|member| !self.has(member))?))
        });
        InputError::UnknownJson { closest }
    }

    /// The version: 0 where there is none, and only there.
    fn version(&self) -> Result<u8, InputError> {
        match self.raw("version") {
            None => Ok(0),
            Some("1") => Ok(1),
            Some("2") => Ok(2),
            Some(found) => Err(InputError::Value {
                format: if self.has("td_quote") { "az-tdx evidence" } else { "az-snp evidence" },
                member: "version",
                found: JsonValue::of(found),
                known: "the numbers 1 and 2, and no `version` at all for version 0",
            }),
        }
    }

    fn envelope(&self) -> Result<JsonShape, InputError> {
        match self.string("platform").as_deref() {
            Some("az-snp") => Ok(JsonShape::EnvelopeAzSnp),
            Some("az-tdx") => Ok(JsonShape::EnvelopeAzTdx),
            Some("snp") => Ok(JsonShape::EnvelopeSnp),
            Some("tdx") => Ok(JsonShape::EnvelopeTdx),
            _ => Err(InputError::Value {
                format: "attestation-rs evidence",
                member: "platform",
                found: JsonValue::of(self.raw("platform").unwrap_or("null")),
                known: r#""az-snp", "az-tdx", "snp" and "tdx""#,
            }),
        }
    }
}
