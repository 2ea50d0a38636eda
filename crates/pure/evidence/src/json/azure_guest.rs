//! Requests of Microsoft's clients to Azure Attestation, taken apart: what a guest sends about itself is
//! evidence for anybody.
//!
//! The paravisor's envelope is not part of them; its header is covered by no signature and no hash, and
//! is written anew around the hardware report and the claims.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;
use serde_json::value::RawValue;
use teeproof_wire::hcl::{REQUEST_TYPE, ReportType, SIGNATURE};
use teeproof_wire::snp::REPORT_BYTES;

use super::fields::{AnyBase64, Encoded};
use super::shapes::exactly;
use super::{JsonProblem, JsonShape, JsonValue, PcrProblem, Read, chain, checked, object, read as read_json};
use crate::encoding::MAX_LAYERS;
use crate::pcrs::Sha256Pcrs;
use crate::{InputError, InputKind, InputWarning, Part, Sniffed};

const KIB: usize = 1024;

/// The outer body, whose one member is the inner one as base64.
pub(super) fn outer(text: &str, layers: usize) -> Result<Sniffed, InputError> {
    #[derive(Deserialize)]
    struct Outer {
        #[serde(alias = "attestationInfo", rename = "AttestationInfo")]
        info: Encoded<AnyBase64<{ 1024 * KIB }>>,
    }
    const SHAPE: JsonShape = JsonShape::AttestationInfo;
    let inner = exactly::<Outer>(text, SHAPE)?.info.bytes;
    let layers = layers.saturating_add(1);
    match object(&inner) {
        Some(inner) if layers < MAX_LAYERS => {
            let sniffed = read_json(inner, None, layers)?;
            match sniffed.kind {
                InputKind::EvidenceJson => Ok(sniffed),
                found => Err(InputError::NotOfKind { said: InputKind::EvidenceJson, found }),
            }
        }
        Some(_) => Err(InputError::TooDeep),
        None => Err(JsonProblem::Base64.of(SHAPE)),
    }
}

/// The inner body: `AttestationProtocolVersion` 2.0.
#[derive(Deserialize)]
pub(super) struct AzureGuest {
    #[serde(rename = "AttestationProtocolVersion")]
    version: String,
    #[serde(rename = "TcgLogs", default)]
    log: Option<Encoded<AnyBase64<{ 768 * KIB }>>>,
    #[serde(rename = "TpmInfo")]
    tpm: TpmInfo,
    #[serde(rename = "IsolationInfo")]
    isolation: Isolation,
    #[serde(rename = "ClientPayload", default)]
    payload: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct TpmInfo {
    #[serde(rename = "AikCert", default)]
    certificate: Option<Encoded<AnyBase64<{ 64 * KIB }>>>,
    #[serde(rename = "PcrQuote")]
    quote: Encoded<AnyBase64<KIB>>,
    #[serde(rename = "PcrSignature")]
    signature: Encoded<AnyBase64<KIB>>,
    #[serde(rename = "PCRs")]
    pcrs: Vec<Pcr>,
    #[serde(rename = "EncKeyPub", default)]
    key: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Pcr {
    #[serde(rename = "Index")]
    index: u8,
    #[serde(rename = "Digest")]
    digest: Encoded<AnyBase64<64>>,
}

#[derive(Deserialize)]
struct Isolation {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Evidence", default)]
    evidence: Option<IsolationEvidence>,
}

#[derive(Deserialize)]
struct IsolationEvidence {
    #[serde(rename = "Proof")]
    proof: Encoded<AnyBase64<{ 128 * KIB }>>,
    #[serde(rename = "RunTimeData")]
    claims: Encoded<AnyBase64<{ 4 * KIB }>>,
}

const GUEST: JsonShape = JsonShape::AzureGuest;

impl AzureGuest {
    pub(super) fn parts(self) -> Result<Read, InputError> {
        if self.version != "2.0" {
            return Err(other("AttestationProtocolVersion", &self.version, r#""2.0""#));
        }
        let isolation = match (self.isolation.kind.as_str(), self.isolation.evidence) {
            ("SevSnp", Some(evidence)) => evidence,
            ("SevSnp", None) => return Err(JsonProblem::Missing.at("IsolationInfo.Evidence", GUEST)),
            // Neither is read on: however the name is written, it says why not.
            (kind, _) if kind.eq_ignore_ascii_case("Tdx") => return Err(JsonProblem::GuestOfTdx.of(GUEST)),
            (kind, _) if kind.eq_ignore_ascii_case("TrustedLaunch") => {
                return Err(JsonProblem::TrustedLaunch.of(GUEST));
            }
            (kind, _) => return Err(other("IsolationInfo.Type", kind, r#""SevSnp""#)),
        };
        let mut parts = proof(&isolation.proof.bytes, GUEST)?.parts(Some(&isolation.claims.bytes), GUEST)?;
        parts.push(checked(InputKind::TpmQuote, self.tpm.quote.bytes)?);
        parts.push(checked(InputKind::TpmSignature, self.tpm.signature.bytes)?);
        parts.push(Part::from(pcrs(&self.tpm.pcrs)?));
        let empty = |encoded: &Encoded<_>| !encoded.bytes.is_empty();
        if let Some(certificate) = self.tpm.certificate.filter(empty) {
            parts.push(checked(InputKind::Certificate, certificate.bytes)?);
        }
        if let Some(log) = self.log.filter(|log| !log.bytes.is_empty()) {
            parts.push(checked(InputKind::EventLog, log.bytes)?);
        }
        let unused = |member, because| InputWarning::UnusedMember { shape: GUEST, member, because };
        let key = self.tpm.key.map(|_| unused("EncKeyPub", "its certification is not checked"));
        let payload = self.payload.map(|_| unused("ClientPayload", "the quote's nonce does not cover it"));
        Ok(Read { parts, warnings: key.into_iter().chain(payload).collect() })
    }
}

/// The values, each of which names its PCR.
fn pcrs(values: &[Pcr]) -> Result<Sha256Pcrs, InputError> {
    let mut pcrs = [None; 24];
    for (Pcr { index, digest }, entry) in values.iter().zip(0_usize..) {
        let wrong = |problem| InputError::PcrEntry { entry, problem };
        let bytes = digest.bytes.as_slice();
        let value = bytes.try_into().map_err(|_| wrong(PcrProblem::Digest { bytes: bytes.len() }))?;
        let slot = pcrs.get_mut(usize::from(*index)).ok_or(wrong(PcrProblem::Index(*index)))?;
        if slot.replace(value).is_some() {
            return Err(wrong(PcrProblem::Twice(*index)));
        }
    }
    Sha256Pcrs::new(pcrs).ok_or(InputError::Registers)
}

/// A member that has another value than those that are known.
fn other(member: &'static str, found: &str, known: &'static str) -> InputError {
    let found = JsonValue::of(&alloc::format!("\"{found}\""));
    InputError::Value { format: "AzureGuest request", member, found, known }
}

/// `SevSnpVm`: a report, what endorses it, and what its REPORT_DATA is the hash of.
#[derive(Deserialize)]
pub(super) struct SevSnpVm {
    report: Encoded<AnyBase64<{ 128 * KIB }>>,
    #[serde(rename = "runtimeData", default)]
    runtime: Option<RuntimeData>,
}

#[derive(Deserialize)]
struct RuntimeData {
    data: Encoded<AnyBase64<{ 64 * KIB }>>,
}

impl SevSnpVm {
    pub(super) fn parts(self) -> Result<Read, InputError> {
        const SHAPE: JsonShape = JsonShape::SevSnpVm;
        let claims = self.runtime.map(|runtime| runtime.data.bytes).filter(|data| !data.is_empty());
        let of_paravisor = claims.as_deref().filter(|claims| is_claims(claims));
        let parts = proof(&self.report.bytes, SHAPE)?.parts(of_paravisor, SHAPE)?;
        let unused = claims.is_some() && of_paravisor.is_none();
        let warning = InputWarning::UnusedMember {
            shape: SHAPE,
            member: "runtimeData",
            because: "it holds no claims of Azure's paravisor; compare REPORT_DATA with its hash by a policy",
        };
        Ok(Read { parts, warnings: unused.then_some(warning).into_iter().collect() })
    }
}

/// `TdxVm`: a TD quote, which is read and not verified.
#[derive(Deserialize)]
pub(super) struct TdxVm {
    quote: Encoded<AnyBase64<{ 16 * KIB }>>,
}

impl TdxVm {
    pub(super) fn parts(self) -> Result<Read, InputError> {
        Ok(Vec::from([checked(InputKind::TdQuote, self.quote.bytes)?]).into())
    }
}

/// A report and its certificates, as both bodies hold them.
#[derive(Deserialize)]
struct Proof {
    #[serde(rename = "SnpReport")]
    report: Encoded<AnyBase64<REPORT_BYTES>>,
    #[serde(rename = "VcekCertChain", default)]
    chain: Option<Encoded<AnyBase64<{ 64 * KIB }>>>,
}

fn proof(text: &[u8], shape: JsonShape) -> Result<Proof, InputError> {
    let text = object(text).ok_or(JsonProblem::Type.of(shape))?;
    exactly(text, shape)
}

impl Proof {
    /// The report, in an envelope where claims came with it, and the certificates.
    fn parts(self, claims: Option<&[u8]>, shape: JsonShape) -> Result<Vec<Part>, InputError> {
        let report = self.report.bytes;
        let mut parts = Vec::from([match claims {
            None => checked(InputKind::SnpReport, report)?,
            Some(claims) => {
                checked(InputKind::HclReport, envelope(&report, claims).ok_or(JsonProblem::Type.of(shape))?)?
            }
        }]);
        if let Some(encoded) = self.chain.filter(|chain| !chain.bytes.is_empty()) {
            let text = core::str::from_utf8(&encoded.bytes).map_err(|_| JsonProblem::Type.of(shape))?;
            for der in chain(text)? {
                parts.push(checked(InputKind::Certificate, der)?);
            }
        }
        Ok(parts)
    }
}

/// Whether data are claims of the paravisor: they name the vTPM's attestation key.
fn is_claims(data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Claims<'t> {
        #[serde(borrow)]
        keys: Vec<&'t RawValue>,
    }
    #[derive(Deserialize)]
    struct Key {
        kid: String,
    }
    let is_ak =
        |raw: &&RawValue| serde_json::from_str::<Key>(raw.get()).is_ok_and(|key| key.kid == "HCLAkPub");
    serde_json::from_slice::<Claims<'_>>(data).is_ok_and(|claims| claims.keys.iter().any(is_ak))
}

/// The paravisor's envelope around a report of SEV-SNP and the claims: version 1, SHA-256.
fn envelope(report: &[u8], claims: &[u8]) -> Option<Vec<u8>> {
    let report: &[u8; REPORT_BYTES] = report.try_into().ok()?;
    let length = u32::try_from(claims.len()).ok()?;
    let data = length.checked_add(0x14)?;
    let size = data.checked_add(0x4c0)?;
    let mut bytes = Vec::new();
    for word in [SIGNATURE, 1, size, REQUEST_TYPE, 0, 0, 0, 0] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(report);
    for word in [data, 1, ReportType::SNP.0, 1, length] {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
    bytes.extend_from_slice(claims);
    Some(bytes)
}
