//! The exact shapes: every member is demanded, no other is let pass, none may come twice.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::fields::{AsBase64, AsHex, Encoded, Numbers, Register, empty, null};
use super::{JsonProblem, JsonShape, certificate, checked};
use crate::input::pcrs::Registers;
use crate::input::{InputError, Kind, Part};

const HCL: usize = 4096;
const TD_QUOTE: usize = 16 * 1024;
const TPM: usize = 1024;
const CERTIFICATE: usize = 64 * 1024;

/// The parts of evidence of this shape.
pub(super) fn read(text: &str, shape: JsonShape) -> Result<Vec<Part>, InputError> {
    match shape {
        JsonShape::AzSnp(0) => exactly::<SnpNumbers>(text, shape)?.parts(),
        JsonShape::AzSnp(_) => exactly::<SnpText>(text, shape)?.parts(),
        JsonShape::AzTdx(0) => match exactly::<TdxNumbers>(text, shape) {
            // Only for better words: nothing is read as a later version than it says.
            Err(_) if serde_json::from_str::<TdxUnversioned>(text).is_ok() => {
                Err(JsonProblem::VersionMissing.of(shape))
            }
            read => read?.parts(),
        },
        JsonShape::AzTdx(_) => exactly::<TdxText>(text, shape)?.parts(),
        JsonShape::EnvelopeSnp => exactly::<Envelope<SnpText>>(text, shape)?.evidence.first(shape)?.parts(),
        JsonShape::EnvelopeTdx => exactly::<Envelope<TdxText>>(text, shape)?.evidence.first(shape)?.parts(),
        JsonShape::Quote => exactly::<QuoteNumbers>(text, shape)?.parts(),
        JsonShape::AttestedTls => exactly::<AttestedTls>(text, shape)?.parts(),
    }
}

fn exactly<'de, T: Deserialize<'de>>(text: &'de str, shape: JsonShape) -> Result<T, InputError> {
    serde_json::from_str(text).map_err(|error| JsonProblem::from_serde(&error, shape))
}

/// A TPM's quote as arrays of numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuoteNumbers {
    signature: Numbers<TPM>,
    message: Numbers<TPM>,
    pcrs: [[u8; 32]; 24],
}

impl QuoteNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        quote(&self.message.0, &self.signature.0, &self.pcrs.map(Some))
    }
}

/// A TPM's quote as hexadecimal.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QuoteText {
    signature: Encoded<AsHex<TPM>>,
    message: Encoded<AsHex<TPM>>,
    pcrs: [Register; 24],
}

impl QuoteText {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let registers = self.pcrs.map(|register| Some(register.0));
        quote(&self.message.bytes, &self.signature.bytes, &registers)
    }
}

fn quote(message: &[u8], signature: &[u8], registers: &Registers) -> Result<Vec<Part>, InputError> {
    Ok(Vec::from([
        checked(Kind::TpmQuote, message)?,
        checked(Kind::TpmSignature, signature)?,
        Part::registers(registers),
    ]))
}

/// The report and what endorses it, around the parts of a quote.
fn with(report: &[u8], quote: Vec<Part>, last: Part) -> Result<Vec<Part>, InputError> {
    let mut parts = Vec::from([checked(Kind::HclReport, report)?]);
    parts.extend(quote);
    parts.push(last);
    Ok(parts)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnpNumbers {
    quote: QuoteNumbers,
    report: Numbers<HCL>,
    vcek: String,
}

impl SnpNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        with(&self.report.0, self.quote.parts()?, certificate(&self.vcek)?)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnpText {
    version: u64,
    tpm_quote: QuoteText,
    hcl_report: Encoded<AsBase64<HCL>>,
    vcek: Encoded<AsBase64<CERTIFICATE>>,
}

impl SnpText {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let vcek = checked(Kind::Certificate, &self.vcek.bytes)?;
        with(&self.hcl_report.bytes, self.tpm_quote.parts()?, vcek)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TdxNumbers {
    tpm_quote: QuoteNumbers,
    hcl_report: Numbers<HCL>,
    td_quote: Numbers<TD_QUOTE>,
}

impl TdxNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let td_quote = checked(Kind::TdQuote, &self.td_quote.0)?;
        with(&self.hcl_report.0, self.tpm_quote.parts()?, td_quote)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TdxText {
    version: u64,
    tpm_quote: QuoteText,
    hcl_report: Encoded<AsBase64<HCL>>,
    td_quote: Encoded<AsBase64<TD_QUOTE>>,
}

impl TdxText {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let td_quote = checked(Kind::TdQuote, &self.td_quote.bytes)?;
        with(&self.hcl_report.bytes, self.tpm_quote.parts()?, td_quote)
    }
}

/// A later version of az-tdx without its version: recognised, never taken.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only whether it can be read is asked")]
struct TdxUnversioned {
    tpm_quote: QuoteText,
    hcl_report: String,
    td_quote: String,
}

/// Evidence that says of which version it is.
trait Versioned: Sized {
    fn version(&self) -> u64;

    /// The evidence, if it is of version 1, the only one that is known in an envelope.
    fn first(self, shape: JsonShape) -> Result<Self, InputError> {
        if self.version() == 1 { Ok(self) } else { Err(JsonProblem::Version.of(shape)) }
    }
}

impl Versioned for SnpText {
    fn version(&self) -> u64 {
        self.version
    }
}

impl Versioned for TdxText {
    fn version(&self) -> u64 {
        self.version
    }
}

/// attestation-rs. The platform was read before, to choose the type of the evidence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<T> {
    #[serde(rename = "platform")]
    _platform: String,
    evidence: T,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttestedTls {
    tdx_quote_base64: Encoded<AsBase64<TD_QUOTE>>,
    hcl_report_base64: Encoded<AsBase64<HCL>>,
    tpm_attestation: TpmAttestation,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TpmAttestation {
    ak_certificate_pem: String,
    #[serde(default)]
    ak_intermediate_certificates_pem: Vec<String>,
    quote: QuoteNumbers,
    #[serde(rename = "event_log", deserialize_with = "empty")]
    _event_log: (),
    #[serde(rename = "instance_info", deserialize_with = "null")]
    _instance_info: (),
}

impl AttestedTls {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let Self { tdx_quote_base64, hcl_report_base64, tpm_attestation } = self;
        let td_quote = checked(Kind::TdQuote, &tdx_quote_base64.bytes)?;
        let mut parts = with(&hcl_report_base64.bytes, tpm_attestation.quote.parts()?, td_quote)?;
        parts.push(certificate(&tpm_attestation.ak_certificate_pem)?);
        for pem in &tpm_attestation.ak_intermediate_certificates_pem {
            parts.push(certificate(pem)?);
        }
        Ok(parts)
    }
}
