//! Evidence of other attesters: every member is needed unless it is said to be optional, and none may stand there
//! twice. Others are ignored here and named by `shape`.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::fields::{Fields, Form};
use super::object::Object;
use super::{JsonProblem, JsonShape, JsonValue, Read, azure_guest, certificate, checked, snp};
use crate::pcrs::{COUNT, Sha256Pcrs};
use crate::{InputError, InputKind, InputWarning, Part};

const HCL: usize = 4096;
const TD_QUOTE: usize = 16 * 1024;
const TPM: usize = 1024;
const CERTIFICATE: usize = 64 * 1024;
const LOG: usize = 768 * 1024;
/// At most this many intermediate certificates of an attestation key.
const INTERMEDIATES: usize = 64;

/// The parts of evidence of this shape.
pub(super) fn parts_of(object: &Object<'_>, shape: JsonShape) -> Result<Read, InputError> {
    let fields = Fields::of(object, shape);
    match shape {
        JsonShape::AzSnp(0) => az_snp_of_numbers(fields),
        JsonShape::AzSnp(_) => az_snp(fields),
        JsonShape::AzTdx(0) => az_tdx_of_numbers(fields),
        JsonShape::AzTdx(_) => az_tdx(fields),
        JsonShape::EnvelopeAzSnp => az_snp(version_1(enveloped(fields)?)?),
        JsonShape::EnvelopeAzTdx => az_tdx(version_1(enveloped(fields)?)?),
        JsonShape::Snp => snp::parts_of(fields),
        JsonShape::EnvelopeSnp => snp::parts_of(enveloped(fields)?),
        JsonShape::Tdx => tdx(fields),
        JsonShape::EnvelopeTdx => tdx(enveloped(fields)?),
        JsonShape::Quote => quote_of_numbers(fields).map(Read::from),
        JsonShape::AttestedTls => attested_tls(fields),
        JsonShape::AzureGuest => azure_guest::guest(fields),
        JsonShape::SevSnpVm => azure_guest::sev_snp_vm(fields),
        JsonShape::TdxVm => azure_guest::tdx_vm(fields),
        // These have readers of their own.
        JsonShape::AttestationInfo
        | JsonShape::Thim
        | JsonShape::TcbInfo
        | JsonShape::QeIdentity
        | JsonShape::QuoteCollateral => Err(JsonProblem::Type.of(shape)),
    }
}

/// Evidence of az-snp, versions 1 and 2.
fn az_snp(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    fields.once("version")?;
    let vcek = checked(InputKind::Certificate, fields.bytes("vcek", Form::Base64Url, CERTIFICATE)?)?;
    with_log(azure(fields, vcek)?, fields)
}

/// Evidence of az-tdx, versions 1 and 2.
fn az_tdx(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    fields.once("version")?;
    let td_quote = checked(InputKind::TdQuote, fields.bytes("td_quote", Form::Base64Url, TD_QUOTE)?)?;
    with_log(azure(fields, td_quote)?, fields)
}

/// Report and quote as text, and one part more.
fn azure(fields: Fields<'_, '_>, last: Part) -> Result<Vec<Part>, InputError> {
    let quote = fields.object("tpm_quote")?;
    let message = quote.bytes("message", Form::Hex, TPM)?;
    let signature = quote.bytes("signature", Form::Hex, TPM)?;
    let quote = quote_parts(message, signature, quote.pcrs_as_hex("pcrs")?)?;
    around(fields.bytes("hcl_report", Form::Base64Url, HCL)?, quote, last)
}

fn az_snp_of_numbers(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let quote = quote_of_numbers(fields.object("quote")?)?;
    let vcek = certificate(&fields.text("vcek")?)?;
    around(fields.numbers("report", HCL)?, quote, vcek).map(Read::from)
}

fn az_tdx_of_numbers(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    // A later version without its version: recognised for the error alone, never taken.
    if fields.text("hcl_report").is_ok() && fields.text("td_quote").is_ok() {
        return Err(JsonProblem::VersionMissing.of(fields.shape));
    }
    let quote = quote_of_numbers(fields.object("tpm_quote")?)?;
    let td_quote = checked(InputKind::TdQuote, fields.numbers("td_quote", TD_QUOTE)?)?;
    around(fields.numbers("hcl_report", HCL)?, quote, td_quote).map(Read::from)
}

/// A TD without a vTPM, whose log is a CCEL.
fn tdx(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let td_quote = checked(InputKind::TdQuote, fields.bytes("quote", Form::Base64, TD_QUOTE)?)?;
    with_log_of(InputKind::CcEventLog, Vec::from([td_quote]), fields)
}

/// A TPM's quote as lists of numbers.
fn quote_of_numbers(fields: Fields<'_, '_>) -> Result<Vec<Part>, InputError> {
    let message = fields.numbers("message", TPM)?;
    let signature = fields.numbers("signature", TPM)?;
    quote_parts(message, signature, fields.pcrs_as_numbers("pcrs")?)
}

fn quote_parts(
    message: Vec<u8>,
    signature: Vec<u8>,
    pcrs: [[u8; 32]; COUNT],
) -> Result<Vec<Part>, InputError> {
    Ok(Vec::from([
        checked(InputKind::TpmQuote, message)?,
        checked(InputKind::TpmSignature, signature)?,
        Part::from(Sha256Pcrs::new(pcrs.map(Some)).ok_or(InputError::PcrFormat)?),
    ]))
}

/// The report, the parts of a quote, and one part more.
fn around(report: Vec<u8>, quote: Vec<Part>, last: Part) -> Result<Vec<Part>, InputError> {
    let mut parts = Vec::from([checked(InputKind::HclReport, report)?]);
    parts.extend(quote);
    parts.push(last);
    Ok(parts)
}

/// The parts with the event log of the guest components, where there is one: base64, in either alphabet.
///
/// The log is optional and explains the PCRs of the quote. A value that is no text is not this format; text that
/// is no base64 is a log that cannot be used, which is a warning, so that the rest is verified.
fn with_log(parts: Vec<Part>, fields: Fields<'_, '_>) -> Result<Read, InputError> {
    with_log_of(InputKind::EventLog, parts, fields)
}

/// The same with a log of this kind. Empty text is no log, as for trustee's verifier.
fn with_log_of(kind: InputKind, mut parts: Vec<Part>, fields: Fields<'_, '_>) -> Result<Read, InputError> {
    const LOG_MEMBER: &str = "cc_eventlog";
    let mut warnings = Vec::new();
    match fields.optional_bytes(LOG_MEMBER, Form::Base64, LOG) {
        Ok(log) => {
            let log = log.filter(|log| !log.is_empty());
            parts.extend(log.map(|bytes| checked(kind, bytes)).transpose()?);
        }
        Err(InputError::Evidence { problem: JsonProblem::Base64, shape, .. }) => {
            warnings.push(InputWarning::UnusedMember {
                shape,
                member: LOG_MEMBER,
                because: "it is not base64",
            });
        }
        Err(error) => return Err(error),
    }
    Ok(Read { parts, warnings })
}

/// The evidence of attestation-rs. The platform was read before, to choose the shape.
fn enveloped<'o, 't>(fields: Fields<'o, 't>) -> Result<Fields<'o, 't>, InputError> {
    fields.once("platform")?;
    fields.object("evidence")
}

/// The same evidence, if it is of version 1, the only one that is known in an envelope.
fn version_1<'o, 't>(evidence: Fields<'o, 't>) -> Result<Fields<'o, 't>, InputError> {
    let raw = evidence.raw("version")?;
    match raw.parse::<u64>() {
        Ok(1) => Ok(evidence),
        Ok(version) => Err(InputError::Value {
            format: evidence.shape.as_str(),
            member: "evidence.version",
            found: JsonValue::of(&version.to_string()),
            known: "the number 1",
        }),
        Err(_) => Err(evidence.error("version", JsonProblem::Type)),
    }
}

fn attested_tls(fields: Fields<'_, '_>) -> Result<Read, InputError> {
    let tpm = fields.object("tpm_attestation")?;
    let quote = quote_of_numbers(tpm.object("quote")?)?;
    let td_quote = checked(InputKind::TdQuote, fields.bytes("tdx_quote_base64", Form::Base64Url, TD_QUOTE)?)?;
    let mut parts = around(fields.bytes("hcl_report_base64", Form::Base64Url, HCL)?, quote, td_quote)?;
    parts.push(certificate(&tpm.text("ak_certificate_pem")?)?);
    const CHAIN: &str = "ak_intermediate_certificates_pem";
    for raw in tpm.list(CHAIN, INTERMEDIATES)? {
        let pem = super::object::string(raw).ok_or_else(|| tpm.error(CHAIN, JsonProblem::Type))?;
        parts.push(certificate(&pem)?);
    }
    // Empty and null in everything that is known.
    let mut warnings = Vec::new();
    for (member, nothing) in [("event_log", "[]"), ("instance_info", "null")] {
        if tpm.optional_raw(member)?.is_some_and(|raw| raw != nothing) {
            let because = "its form is not described anywhere";
            warnings.push(InputWarning::UnusedMember { shape: fields.shape, member, because });
        }
    }
    Ok(Read { parts, warnings })
}
