//! The shapes: every member is demanded unless it is said to be optional, and none may come twice. Others
//! are ignored here and named by `members`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

use super::azure_guest::{AzureGuest, SevSnpVm, TdxVm};
use super::fields::{AnyBase64, AsBase64, AsHex, Encoded, Form, Numbers, Register};
use super::problem::TOO_LARGE;
use super::{JsonProblem, JsonShape, JsonValue, Read, certificate, checked, snp};
use crate::pcrs::Sha256Pcrs;
use crate::{InputError, InputKind, InputWarning, Part};

const HCL: usize = 4096;
const TD_QUOTE: usize = 16 * 1024;
const TPM: usize = 1024;
const CERTIFICATE: usize = 64 * 1024;
const LOG: usize = 768 * 1024;

/// The parts of evidence of this shape.
pub(super) fn read(text: &str, shape: JsonShape) -> Result<Read, InputError> {
    match shape {
        JsonShape::AzSnp(0) => exactly::<SnpNumbers>(text, shape)?.parts().map(Read::from),
        JsonShape::AzSnp(_) => exactly::<SnpText>(text, shape)?.parts(shape),
        JsonShape::AzTdx(0) => match exactly::<TdxNumbers>(text, shape) {
            // Only for better words: nothing is read as a later version than it says.
            Err(_) if serde_json::from_str::<TdxUnversioned>(text).is_ok() => {
                Err(JsonProblem::VersionMissing.of(shape))
            }
            read => read?.parts().map(Read::from),
        },
        JsonShape::AzTdx(_) => exactly::<TdxText>(text, shape)?.parts(shape),
        JsonShape::EnvelopeAzSnp => {
            exactly::<Envelope<SnpText>>(text, shape)?.evidence.first(shape)?.parts(shape)
        }
        JsonShape::EnvelopeAzTdx => {
            exactly::<Envelope<TdxText>>(text, shape)?.evidence.first(shape)?.parts(shape)
        }
        JsonShape::Snp | JsonShape::EnvelopeSnp => snp::read(text, shape),
        JsonShape::Tdx => exactly::<Tdx>(text, shape)?.parts(shape),
        JsonShape::EnvelopeTdx => exactly::<Envelope<Tdx>>(text, shape)?.evidence.parts(shape),
        JsonShape::Quote => exactly::<QuoteNumbers>(text, shape)?.parts().map(Read::from),
        JsonShape::AttestedTls => exactly::<AttestedTls<'_>>(text, shape)?.parts(),
        JsonShape::AzureGuest => exactly::<AzureGuest>(text, shape)?.parts(),
        JsonShape::SevSnpVm => exactly::<SevSnpVm>(text, shape)?.parts(),
        JsonShape::TdxVm => exactly::<TdxVm>(text, shape)?.parts(),
        // Both have a reader of their own.
        JsonShape::AttestationInfo | JsonShape::Thim => Err(JsonProblem::Type.of(shape)),
    }
}

pub(super) fn exactly<'de, T: Deserialize<'de>>(text: &'de str, shape: JsonShape) -> Result<T, InputError> {
    serde_json::from_str(text).map_err(|error| JsonProblem::from_serde(&error, shape))
}

/// The event log of the guest components, where there is one: base64, in either alphabet.
///
/// The log is optional and explains the PCRs of the quote. A value that is no text is not this format; text that
/// is no base64 is a log that cannot be used, which is a warning, so that the rest is verified.
#[derive(Default)]
struct CcEventLog(Option<Result<Vec<u8>, &'static str>>);

impl<'de> Deserialize<'de> for CcEventLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        if raw == "null" {
            return Ok(Self(None));
        }
        let text: String = serde_json::from_str(raw)
            .map_err(|_| D::Error::custom("expected a string or null in `cc_eventlog`"))?;
        match AnyBase64::<LOG>::decode(&text) {
            Err(TOO_LARGE) => Err(D::Error::custom(format_args!("{TOO_LARGE}: `cc_eventlog`"))),
            decoded => Ok(Self(Some(decoded))),
        }
    }
}

/// The parts of evidence with its log, where that can be used.
fn log(mut parts: Vec<Part>, log: CcEventLog, shape: JsonShape) -> Result<Read, InputError> {
    let mut warnings = Vec::new();
    match log.0 {
        None => {}
        Some(Ok(bytes)) => parts.push(checked(InputKind::EventLog, bytes)?),
        Some(Err(_)) => warnings.push(InputWarning::UnusedMember {
            shape,
            member: "cc_eventlog",
            because: "it is not base64",
        }),
    }
    Ok(Read { parts, warnings })
}

/// A TPM's quote as arrays of numbers.
#[derive(Deserialize)]
struct QuoteNumbers {
    signature: Numbers<TPM>,
    message: Numbers<TPM>,
    pcrs: [[u8; 32]; 24],
}

impl QuoteNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        quote(self.message.0, self.signature.0, self.pcrs)
    }
}

/// A TPM's quote as hexadecimal.
#[derive(Deserialize)]
struct QuoteText {
    signature: Encoded<AsHex<TPM>>,
    message: Encoded<AsHex<TPM>>,
    pcrs: [Register; 24],
}

impl QuoteText {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        quote(self.message.bytes, self.signature.bytes, self.pcrs.map(|value| value.0))
    }
}

fn quote(message: Vec<u8>, signature: Vec<u8>, pcrs: [[u8; 32]; 24]) -> Result<Vec<Part>, InputError> {
    Ok(Vec::from([
        checked(InputKind::TpmQuote, message)?,
        checked(InputKind::TpmSignature, signature)?,
        Part::from(Sha256Pcrs::new(pcrs.map(Some)).ok_or(InputError::Registers)?),
    ]))
}

/// The report and what endorses it, around the parts of a quote.
fn with(report: Vec<u8>, quote: Vec<Part>, last: Part) -> Result<Vec<Part>, InputError> {
    let mut parts = Vec::from([checked(InputKind::HclReport, report)?]);
    parts.extend(quote);
    parts.push(last);
    Ok(parts)
}

#[derive(Deserialize)]
struct SnpNumbers {
    quote: QuoteNumbers,
    report: Numbers<HCL>,
    vcek: String,
}

impl SnpNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        with(self.report.0, self.quote.parts()?, certificate(&self.vcek)?)
    }
}

#[derive(Deserialize)]
struct SnpText {
    version: u64,
    tpm_quote: QuoteText,
    hcl_report: Encoded<AsBase64<HCL>>,
    vcek: Encoded<AsBase64<CERTIFICATE>>,
    #[serde(default)]
    cc_eventlog: CcEventLog,
}

impl SnpText {
    fn parts(self, shape: JsonShape) -> Result<Read, InputError> {
        let vcek = checked(InputKind::Certificate, self.vcek.bytes)?;
        let parts = with(self.hcl_report.bytes, self.tpm_quote.parts()?, vcek)?;
        log(parts, self.cc_eventlog, shape)
    }
}

#[derive(Deserialize)]
struct TdxNumbers {
    tpm_quote: QuoteNumbers,
    hcl_report: Numbers<HCL>,
    td_quote: Numbers<TD_QUOTE>,
}

impl TdxNumbers {
    fn parts(self) -> Result<Vec<Part>, InputError> {
        let td_quote = checked(InputKind::TdQuote, self.td_quote.0)?;
        with(self.hcl_report.0, self.tpm_quote.parts()?, td_quote)
    }
}

#[derive(Deserialize)]
struct TdxText {
    version: u64,
    tpm_quote: QuoteText,
    hcl_report: Encoded<AsBase64<HCL>>,
    td_quote: Encoded<AsBase64<TD_QUOTE>>,
    #[serde(default)]
    cc_eventlog: CcEventLog,
}

impl TdxText {
    fn parts(self, shape: JsonShape) -> Result<Read, InputError> {
        let td_quote = checked(InputKind::TdQuote, self.td_quote.bytes)?;
        let parts = with(self.hcl_report.bytes, self.tpm_quote.parts()?, td_quote)?;
        log(parts, self.cc_eventlog, shape)
    }
}

/// A TD without a vTPM.
#[derive(Deserialize)]
struct Tdx {
    quote: Encoded<AnyBase64<TD_QUOTE>>,
    #[serde(default)]
    cc_eventlog: CcEventLog,
}

impl Tdx {
    fn parts(self, shape: JsonShape) -> Result<Read, InputError> {
        let parts = Vec::from([checked(InputKind::TdQuote, self.quote.bytes)?]);
        log(parts, self.cc_eventlog, shape)
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
        match self.version() {
            1 => Ok(self),
            version => Err(InputError::Value {
                format: shape.as_str(),
                member: "evidence.version",
                found: JsonValue::of(&version.to_string()),
                known: "the number 1",
            }),
        }
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
struct Envelope<T> {
    #[serde(rename = "platform")]
    _platform: String,
    evidence: T,
}

#[derive(Deserialize)]
struct AttestedTls<'t> {
    tdx_quote_base64: Encoded<AsBase64<TD_QUOTE>>,
    hcl_report_base64: Encoded<AsBase64<HCL>>,
    #[serde(borrow)]
    tpm_attestation: TpmAttestation<'t>,
}

#[derive(Deserialize)]
struct TpmAttestation<'t> {
    ak_certificate_pem: String,
    #[serde(default)]
    ak_intermediate_certificates_pem: Vec<String>,
    quote: QuoteNumbers,
    /// An empty list in everything that is known.
    #[serde(borrow, default)]
    event_log: Option<&'t RawValue>,
    /// Null in everything that is known.
    #[serde(borrow, default)]
    instance_info: Option<&'t RawValue>,
}

impl AttestedTls<'_> {
    fn parts(self) -> Result<Read, InputError> {
        let Self { tdx_quote_base64, hcl_report_base64, tpm_attestation } = self;
        let td_quote = checked(InputKind::TdQuote, tdx_quote_base64.bytes)?;
        let mut parts = with(hcl_report_base64.bytes, tpm_attestation.quote.parts()?, td_quote)?;
        parts.push(certificate(&tpm_attestation.ak_certificate_pem)?);
        for pem in &tpm_attestation.ak_intermediate_certificates_pem {
            parts.push(certificate(pem)?);
        }
        let says = |raw: Option<&RawValue>, nothing: &str| raw.is_some_and(|raw| raw.get() != nothing);
        let unused = |member| InputWarning::UnusedMember {
            shape: JsonShape::AttestedTls,
            member,
            because: "its form is not described anywhere",
        };
        let log = says(tpm_attestation.event_log, "[]").then(|| unused("event_log"));
        let info = says(tpm_attestation.instance_info, "null").then(|| unused("instance_info"));
        Ok(Read { parts, warnings: log.into_iter().chain(info).collect() })
    }
}
