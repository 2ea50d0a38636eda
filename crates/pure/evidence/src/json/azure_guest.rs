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

use super::fields::{Fields, Form};
use super::object::Object;
use super::{JsonProblem, JsonShape, JsonValue, PcrProblem, Read, chain, checked, sniff_object};
use crate::encoding::{MAX_LAYERS, object_text};
use crate::pcrs::Sha256Pcrs;
use crate::{InputError, InputKind, InputWarning, Part, Sniffed};

const KIB: usize = 1024;

/// The outer body, whose one member is the inner one as base64.
pub(super) fn outer(object: &Object<'_>, layers: usize) -> Result<Sniffed, InputError> {
    const SHAPE: JsonShape = JsonShape::AttestationInfo;
    let [pascal, camel] = ["AttestationInfo", "attestationInfo"];
    let fields = Fields::of(object, SHAPE);
    if object.has(pascal) && object.has(camel) {
        return Err(fields.error(camel, JsonProblem::Duplicate));
    }
    let member = if object.has(pascal) { pascal } else { camel };
    let inner = fields.bytes(member, Form::Base64, 1024 * KIB)?;
    let layers = layers.saturating_add(1);
    match object_text(&inner) {
        Some(inner) if layers < MAX_LAYERS => {
            let sniffed = sniff_object(inner, None, layers)?;
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
pub(super) fn guest(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let version = fields.text("AttestationProtocolVersion")?;
    let tpm = fields.object("TpmInfo")?;
    let isolation = fields.object("IsolationInfo")?;
    if version != "2.0" {
        return Err(other("AttestationProtocolVersion", &version, r#""2.0""#));
    }
    let evidence = match &*isolation.text("Type")? {
        "SevSnp" => match isolation.optional_object("Evidence")? {
            Some(evidence) => evidence,
            None => return Err(JsonProblem::Missing.at("IsolationInfo.Evidence", fields.shape)),
        },
        // Neither is read on: however the name is written, the error says why.
        kind if kind.eq_ignore_ascii_case("Tdx") => return Err(JsonProblem::GuestOfTdx.of(fields.shape)),
        kind if kind.eq_ignore_ascii_case("TrustedLaunch") => {
            return Err(JsonProblem::TrustedLaunch.of(fields.shape));
        }
        kind => return Err(other("IsolationInfo.Type", kind, r#""SevSnp""#)),
    };
    let proof = evidence.bytes("Proof", Form::Base64, 128 * KIB)?;
    let claims = evidence.bytes("RunTimeData", Form::Base64, 4 * KIB)?;
    let mut parts = proof_parts(&proof, Some(&claims), fields.shape)?;
    parts.push(checked(InputKind::TpmQuote, tpm.bytes("PcrQuote", Form::Base64, KIB)?)?);
    parts.push(checked(InputKind::TpmSignature, tpm.bytes("PcrSignature", Form::Base64, KIB)?)?);
    parts.push(Part::from(pcrs(tpm)?));
    if let Some(der) = not_empty(tpm.optional_bytes("AikCert", Form::Base64, 64 * KIB)?) {
        parts.push(checked(InputKind::Certificate, der)?);
    }
    if let Some(log) = not_empty(fields.optional_bytes("TcgLogs", Form::Base64, 768 * KIB)?) {
        parts.push(checked(InputKind::EventLog, log)?);
    }
    let mut warnings = Vec::new();
    for (of, member, because) in [
        (tpm, "EncKeyPub", "its certification is not checked"),
        (fields, "ClientPayload", "the quote's nonce does not cover it"),
    ] {
        if of.has(member)? {
            warnings.push(InputWarning::UnusedMember { shape: fields.shape, member, because });
        }
    }
    Ok(Read { parts, warnings })
}

fn not_empty(bytes: Option<Vec<u8>>) -> Option<Vec<u8>> {
    bytes.filter(|bytes| !bytes.is_empty())
}

/// More entries than PCRs, so that the first one too many is named.
const ENTRIES: usize = 64;

/// The values, each of which names its PCR.
fn pcrs(tpm: Fields<'_, '_>) -> Result<Sha256Pcrs, InputError> {
    const PCRS: &str = "PCRs";
    tpm.raw(PCRS)?;
    let mut pcrs = [None; 24];
    for (raw, entry) in tpm.list(PCRS, ENTRIES)?.into_iter().zip(0_usize..) {
        let wrong = |problem| InputError::PcrEntry { entry, problem };
        let object = tpm.inner(PCRS, raw)?;
        let fields = Fields::of(&object, tpm.shape);
        let index = fields.raw("Index")?;
        let index: u8 = index.parse().map_err(|_| fields.error("Index", JsonProblem::Type))?;
        let digest = fields.bytes("Digest", Form::Base64, 64)?;
        let value =
            digest.as_slice().try_into().map_err(|_| wrong(PcrProblem::Digest { bytes: digest.len() }))?;
        let slot = pcrs.get_mut(usize::from(index)).ok_or(wrong(PcrProblem::Index(index)))?;
        if slot.replace(value).is_some() {
            return Err(wrong(PcrProblem::Twice(index)));
        }
    }
    Sha256Pcrs::new(pcrs).ok_or(InputError::PcrFormat)
}

/// A member that has another value than those that are known.
fn other(member: &'static str, found: &str, known: &'static str) -> InputError {
    let found = JsonValue::of(&alloc::format!("\"{found}\""));
    InputError::Value { format: "AzureGuest request", member, found, known }
}

/// `SevSnpVm`: a report, its certificates, and what its REPORT_DATA is the hash of.
pub(super) fn sev_snp_vm(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let proof = fields.bytes("report", Form::Base64, 128 * KIB)?;
    let claims = match fields.optional_object("runtimeData")? {
        Some(runtime) => not_empty(Some(runtime.bytes("data", Form::Base64, 64 * KIB)?)),
        None => None,
    };
    let of_paravisor = claims.as_deref().filter(|claims| is_claims(claims));
    let parts = proof_parts(&proof, of_paravisor, fields.shape)?;
    let unused = claims.is_some() && of_paravisor.is_none();
    let warning = InputWarning::UnusedMember {
        shape: fields.shape,
        member: "runtimeData",
        because: "these are not runtime claims of Azure's paravisor; compare REPORT_DATA with its hash by a policy",
    };
    Ok(Read { parts, warnings: unused.then_some(warning).into_iter().collect() })
}

/// `TdxVm`: a TD quote, which is read and not verified.
pub(super) fn tdx_vm(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    Ok(Vec::from([checked(InputKind::TdQuote, fields.bytes("quote", Form::Base64, 16 * KIB)?)?]).into())
}

/// A report and its certificates, as both bodies have them: in an envelope where claims are given.
fn proof_parts(text: &[u8], claims: Option<&[u8]>, shape: JsonShape) -> Result<Vec<Part>, InputError> {
    let wrong = JsonProblem::Type.of(shape);
    let object = Object::parse(object_text(text).ok_or(wrong)?)?;
    let fields = Fields::of(&object, shape);
    let report = fields.bytes("SnpReport", Form::Base64, REPORT_BYTES)?;
    let mut parts = Vec::from([match claims {
        None => checked(InputKind::SnpReport, report)?,
        Some(claims) => checked(InputKind::HclReport, envelope(&report, claims).ok_or(wrong)?)?,
    }]);
    if let Some(pem) = not_empty(fields.optional_bytes("VcekCertChain", Form::Base64, 64 * KIB)?) {
        for der in chain(core::str::from_utf8(&pem).map_err(|_| wrong)?)? {
            parts.push(checked(InputKind::Certificate, der)?);
        }
    }
    Ok(parts)
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
