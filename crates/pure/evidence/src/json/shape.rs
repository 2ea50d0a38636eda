//! The shapes of evidence as JSON: how each is recognised, by the names of its members and its version, and which
//! members it has, so that others can be named.

use alloc::string::String;
use alloc::vec::Vec;

use super::object::{MAX_UNKNOWN, Name, Object, Value};
use super::{JsonProblem, JsonValue};
use crate::{InputError, InputWarning, bytes};

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
    /// The Confidential Containers attester on TDX without a vTPM, or a response of Azure's quote service.
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
    /// What Intel's PCS answers to a request for TCB info.
    TcbInfo,
    /// What Intel's PCS answers to a request for the identity of the quoting enclave.
    QeIdentity,
    /// Collateral of a quote as dcap-qvl and attested-tls write it, `QuoteCollateralV3`.
    QuoteCollateral,
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
        Self::TcbInfo,
        Self::QeIdentity,
        Self::QuoteCollateral,
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
            Self::TcbInfo => "TCB info of Intel's PCS",
            Self::QeIdentity => "QE identity of Intel's PCS",
            Self::QuoteCollateral => "collateral of a quote (QuoteCollateralV3)",
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
    (
        JsonShape::QuoteCollateral,
        &["tcb_info", "tcb_info_issuer_chain", "qe_identity", "pck_crl", "root_ca_crl"],
    ),
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
    /// The shape, if it is one of collateral.
    pub(super) fn collateral(&self) -> Option<JsonShape> {
        if self.has("tcbInfo") {
            return Some(JsonShape::TcbInfo);
        }
        if self.has("enclaveIdentity") {
            return Some(JsonShape::QeIdentity);
        }
        self.has_all(&["tcb_info", "qe_identity"]).then_some(JsonShape::QuoteCollateral)
    }

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
        if self.has_all(&["quote", "cc_eventlog"]) || self.is_td_quote() {
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

    /// Whether `quote` is a TD quote as base64: the log next to it is optional, and Azure's quote service sends none.
    fn is_td_quote(&self) -> bool {
        let Some(Value::Text(text)) = self.member("quote").map(|quote| &quote.value) else { return false };
        let head = text.get(..12).and_then(bytes::base64);
        matches!(head.as_deref(), Some([4 | 5, 0, _, _, 0x81, 0, 0, 0, ..]))
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

    /// The error about an unknown shape, with the known one of which most members are there.
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

    /// The version: 0 where the member is missing, and only there.
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

/// The members of an object, and those of the objects within.
pub(super) struct Members(&'static [(&'static str, Option<&'static Members>)]);

const QUOTE: Members = Members(&[("signature", None), ("message", None), ("pcrs", None)]);
const AZ_SNP_0: Members = Members(&[("quote", Some(&QUOTE)), ("report", None), ("vcek", None)]);
const AZ_SNP: Members = Members(&[
    ("version", None),
    ("tpm_quote", Some(&QUOTE)),
    ("hcl_report", None),
    ("vcek", None),
    ("cc_eventlog", None),
]);
const AZ_TDX: Members = Members(&[
    ("version", None),
    ("tpm_quote", Some(&QUOTE)),
    ("hcl_report", None),
    ("td_quote", None),
    ("cc_eventlog", None),
]);
pub(super) const SNP_CHAIN: Members =
    Members(&[("vcek", None), ("vlek", None), ("ask", None), ("ark", None)]);
/// Report and chain are read whole, whatever they are.
const SNP: Members = Members(&[("attestation_report", None), ("cert_chain", None)]);
const TDX: Members = Members(&[("quote", None), ("cc_eventlog", None)]);
const ENVELOPE_SNP: Members = Members(&[("platform", None), ("evidence", Some(&AZ_SNP))]);
const ENVELOPE_TDX: Members = Members(&[("platform", None), ("evidence", Some(&AZ_TDX))]);
const ENVELOPE_BARE_SNP: Members = Members(&[("platform", None), ("evidence", Some(&SNP))]);
const ENVELOPE_BARE_TDX: Members = Members(&[("platform", None), ("evidence", Some(&TDX))]);
const ATTESTED_TLS: Members = Members(&[
    ("tdx_quote_base64", None),
    ("hcl_report_base64", None),
    (
        "tpm_attestation",
        Some(&Members(&[
            ("ak_certificate_pem", None),
            ("ak_intermediate_certificates_pem", None),
            ("quote", Some(&QUOTE)),
            ("event_log", None),
            ("instance_info", None),
        ])),
    ),
]);
const AZURE_GUEST: Members = Members(&[
    ("AttestationProtocolVersion", None),
    ("OSType", None),
    ("OSDistro", None),
    ("OSVersionMajor", None),
    ("OSVersionMinor", None),
    ("OSBuild", None),
    ("TcgLogs", None),
    ("ClientPayload", None),
    (
        "TpmInfo",
        Some(&Members(&[
            ("AikCert", None),
            ("AikPub", None),
            ("PcrQuote", None),
            ("PcrSignature", None),
            ("PcrSet", None),
            ("PCRs", None),
            ("EncKeyPub", None),
            ("EncKeyCertifyInfo", None),
            ("EncKeyCertifyInfoSignature", None),
        ])),
    ),
    (
        "IsolationInfo",
        Some(&Members(&[
            ("Type", None),
            ("Evidence", Some(&Members(&[("Proof", None), ("RunTimeData", None)]))),
        ])),
    ),
]);
const RUNTIME_DATA: Members = Members(&[("data", None), ("dataType", None)]);
const SEV_SNP_VM: Members = Members(&[
    ("report", None),
    ("runtimeData", Some(&RUNTIME_DATA)),
    ("initTimeData", None),
    ("draftPolicyForAttestation", None),
    ("nonce", None),
]);
const TDX_VM: Members = Members(&[
    ("quote", None),
    ("runtimeData", Some(&RUNTIME_DATA)),
    ("initTimeData", None),
    ("draftPolicyForAttestation", None),
    ("nonce", None),
]);
/// What Azure's THIM answers to `/amd/certification`.
const THIM: Members =
    Members(&[("vcekCert", None), ("tcbm", None), ("certificateChain", None), ("cacheControl", None)]);
const TCB_INFO: Members = Members(&[("tcbInfo", None), ("signature", None)]);
const QE_IDENTITY: Members = Members(&[("enclaveIdentity", None), ("signature", None)]);
const QUOTE_COLLATERAL: Members = Members(&[
    ("pck_crl_issuer_chain", None),
    ("root_ca_crl", None),
    ("pck_crl", None),
    ("tcb_info_issuer_chain", None),
    ("tcb_info", None),
    ("tcb_info_signature", None),
    ("qe_identity_issuer_chain", None),
    ("qe_identity", None),
    ("qe_identity_signature", None),
    ("pck_certificate_chain", None),
]);
const ATTESTATION_INFO: Members = Members(&[("AttestationInfo", None), ("attestationInfo", None)]);

const fn of_shape(shape: JsonShape) -> &'static Members {
    match shape {
        JsonShape::AzSnp(0) => &AZ_SNP_0,
        JsonShape::AzSnp(_) => &AZ_SNP,
        JsonShape::AzTdx(_) => &AZ_TDX,
        JsonShape::Snp => &SNP,
        JsonShape::Tdx => &TDX,
        JsonShape::EnvelopeAzSnp => &ENVELOPE_SNP,
        JsonShape::EnvelopeAzTdx => &ENVELOPE_TDX,
        JsonShape::EnvelopeSnp => &ENVELOPE_BARE_SNP,
        JsonShape::EnvelopeTdx => &ENVELOPE_BARE_TDX,
        JsonShape::Quote => &QUOTE,
        JsonShape::AttestedTls => &ATTESTED_TLS,
        JsonShape::AzureGuest => &AZURE_GUEST,
        JsonShape::AttestationInfo => &ATTESTATION_INFO,
        JsonShape::SevSnpVm => &SEV_SNP_VM,
        JsonShape::TdxVm => &TDX_VM,
        JsonShape::Thim => &THIM,
        JsonShape::TcbInfo => &TCB_INFO,
        JsonShape::QeIdentity => &QE_IDENTITY,
        JsonShape::QuoteCollateral => &QUOTE_COLLATERAL,
    }
}

/// Warnings about the members of evidence that its shape does not have.
pub(super) fn unknown_members(object: &Object<'_>, shape: JsonShape) -> Vec<InputWarning> {
    unknown_members_in(object, of_shape(shape), "", shape)
}

/// The same for an object with these members, which is the value of `path`.
pub(super) fn unknown_members_in(
    object: &Object<'_>,
    members: &'static Members,
    path: &str,
    shape: JsonShape,
) -> Vec<InputWarning> {
    let mut names = Vec::new();
    collect(object, members, path, &mut names);
    names.truncate(MAX_UNKNOWN);
    names.into_iter().map(|member| InputWarning::UnknownMember { shape, member }).collect()
}

fn collect(object: &Object<'_>, members: &'static Members, path: &str, names: &mut Vec<String>) {
    for member in object.members() {
        let known = match &member.name {
            Name::Known(name) => members.0.iter().find(|(known, _)| known == name),
            Name::Unknown(_) => None,
        };
        match (known, &member.value) {
            (Some((name, Some(inner))), Value::Object(object)) => collect(object, inner, name, names),
            (Some(_), _) => {}
            (None, _) => names.push(placed(path, &member.name)),
        }
    }
}

/// A name with the object that has it.
fn placed(path: &str, name: &Name) -> String {
    let name = match name {
        Name::Known(name) => alloc::format!("`{name}`"),
        Name::Unknown(shown) => shown.clone(),
    };
    if path.is_empty() { name } else { alloc::format!("{name} of `{path}`") }
}

#[cfg(test)]
mod tests {
    use super::super::object::{ENTERED, KNOWN};
    use super::*;

    fn check(members: &Members) {
        for (name, inner) in members.0 {
            assert!(KNOWN.contains(name), "{name} is a member of a shape");
            assert_eq!(inner.is_some(), inner.is_some() && ENTERED.contains(name), "{name} has members");
            inner.iter().for_each(|inner| check(inner));
        }
    }

    #[test]
    fn every_member_of_every_shape_is_kept_by_the_pass() {
        assert!(KNOWN.is_sorted() && ENTERED.iter().all(|name| KNOWN.contains(name)));
        for shape in JsonShape::ALL {
            check(of_shape(*shape));
        }
        check(&SNP_CHAIN);
    }
}
