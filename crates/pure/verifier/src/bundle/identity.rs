//! The identifiers of a bundle: found where each kind of part has them, and written in every form
//! in which they are known to stand elsewhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::Hex;
use teeproof_hcl::VmId;
use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::nitro::{Document, Limits};
use teeproof_wire::snp::Report;

use super::{Identifier, PartName, pck};
use crate::input::{Kind, Part};

/// One identifier of the machine that the evidence is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) what: Identifier,
    value: Value,
}

/// How an identifier stands where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Bytes(Vec<u8>),
    /// A GUID: its bytes in the order of its digits.
    Guid(Vec<u8>),
    /// Words before digits that are hexadecimal: `i-`, `0123456789abcdef0`.
    Digits {
        before: &'static str,
        digits: String,
    },
}

/// What stands in a part, and what is to stand there.
pub(super) struct Form {
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
}

/// The identifiers in one part; nothing where the part cannot be read.
pub(super) fn of(name: PartName, part: &Part) -> Option<Vec<Identity>> {
    match name.kind {
        Kind::SnpReport => of_report(&part.bytes),
        Kind::HclReport => of_envelope(&part.bytes),
        Kind::Certificate => of_certificate(&part.bytes),
        Kind::NitroDocument => of_document(&part.bytes),
        Kind::TdQuote => {
            let id = |id: Vec<u8>| Identity::bytes(Identifier::PlatformId, &id);
            Some(pck::ids(&part.bytes)?.into_iter().filter_map(id).collect())
        }
        _ => Some(Vec::new()),
    }
}

fn of_report(bytes: &[u8]) -> Option<Vec<Identity>> {
    let report = Report::parse(bytes).ok()?;
    let chip = Identity::chip(&report.chip_id);
    let guests =
        [&report.report_id, &report.report_id_ma].map(|id| Identity::bytes(Identifier::ReportId, id));
    Some(guests.into_iter().chain([chip]).flatten().collect())
}

fn of_envelope(bytes: &[u8]) -> Option<Vec<Identity>> {
    let envelope = HclReport::parse(bytes).ok()?;
    let mut identities = match envelope.hardware() {
        Hardware::Snp(report) => of_report(report)?,
        _ => Vec::new(),
    };
    let claims: serde_json::Value = serde_json::from_slice(envelope.claims()).ok()?;
    if let Some(id) = claims.get("vm-configuration").and_then(|vm| vm.get("vmUniqueId")) {
        let VmId(digits) = id.as_str()?.parse().ok()?;
        if !is_blank(&digits) {
            identities.push(Identity { what: Identifier::VmId, value: Value::Guid(digits.to_vec()) });
        }
    }
    Some(identities)
}

fn of_certificate(der: &[u8]) -> Option<Vec<Identity>> {
    let certificate = Certificate::parse(der).ok()?;
    let hwid = certificate.extensions().find(HWID).and_then(|extension| match extension.value {
        [0x04, 0x40, id @ ..] if id.len() == 64 => Identity::chip(id),
        id => Identity::chip(id),
    });
    Some(hwid.into_iter().chain(ak(der)).collect())
}

/// The digits in front of the words that every attestation key's certificate has in its subject.
fn ak(der: &[u8]) -> Option<Identity> {
    let words: [&[u8]; 2] = [b".ConfidentialVM.Azure.", b".TrustedVM.Azure."];
    let at = words.iter().find_map(|word| der.windows(word.len()).position(|window| window == *word))?;
    let before = der.get(..at)?;
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_hexdigit()).take(AK_DIGITS).count();
    let digits = core::str::from_utf8(before.get(at.checked_sub(digits)?..)?).ok()?;
    Identity::digits(Identifier::AkId, "", digits)
}

fn of_document(bytes: &[u8]) -> Option<Vec<Identity>> {
    let envelope = Sign1::parse(bytes).ok()?;
    let limits = Limits { field_bytes: teeproof_wire::cose::MAX_BYTES };
    let document = Document::parse(envelope.payload(), envelope.payload_offset(), &limits).ok()?;
    let (instance, second) = document.module_id.strip_prefix("i-")?.split_at_checked(INSTANCE_DIGITS)?;
    // An enclave, or a machine with NitroTPM.
    let second = second.strip_prefix("-enc").or_else(|| second.strip_prefix("-tpm"))?;
    if second.len() != ENCLAVE_DIGITS {
        return None;
    }
    let instance = Identity::digits(Identifier::InstanceId, "i-", instance)?;
    let enclave = Identity::digits(Identifier::EnclaveId, "", second)?;
    // PCR4 is a hash of the instance's id and of nothing else.
    let hash = document.pcrs.get(4).and_then(|pcr| Identity::bytes(Identifier::InstanceId, pcr));
    Some([instance, enclave].into_iter().chain(hash).collect())
}

impl Identity {
    /// A chip's id; Turin's has 8 bytes, and zero after them in the report.
    fn chip(id: &[u8]) -> Option<Self> {
        let short = id.get(TURIN..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
        Self::bytes(Identifier::ChipId, if short { id.get(..TURIN)? } else { id })
    }

    fn bytes(what: Identifier, id: &[u8]) -> Option<Self> {
        (!is_blank(id)).then(|| Self { what, value: Value::Bytes(id.to_vec()) })
    }

    fn digits(what: Identifier, before: &'static str, digits: &str) -> Option<Self> {
        let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hex.then(|| Self { what, value: Value::Digits { before, digits: digits.to_string() } })
    }

    /// The bytes that are hashed: the id, and for digits their ASCII in lower case.
    pub(super) fn hashed(&self) -> Vec<u8> {
        match &self.value {
            Value::Bytes(bytes) | Value::Guid(bytes) => bytes.clone(),
            Value::Digits { digits, .. } => digits.to_ascii_lowercase().into_bytes(),
        }
    }

    /// Every form, with what replaces it: `hash` has a byte for each byte or digit.
    pub(super) fn forms(&self, hash: &[u8]) -> Vec<Form> {
        match &self.value {
            Value::Bytes(bytes) => {
                let hash = hash.get(..bytes.len()).unwrap_or_default();
                let mut forms = Vec::from([Form { from: bytes.clone(), to: hash.to_vec() }]);
                forms.extend(texts(&Hex(bytes).to_string(), &Hex(hash).to_string()));
                forms
            }
            Value::Guid(bytes) => guids(bytes, hash.get(..bytes.len()).unwrap_or_default()),
            Value::Digits { before, digits } => {
                let hash: String = Hex(hash).to_string().chars().take(digits.len()).collect();
                let with = |digits: &str| [*before, digits].concat();
                let (lower, upper) = (digits.to_ascii_lowercase(), digits.to_ascii_uppercase());
                let mut forms = Vec::from([
                    Form::text(&with(&lower), &with(&hash)),
                    Form::text(&with(&upper), &with(&hash.to_ascii_uppercase())),
                ]);
                forms.push(Form::text(&with(digits), &with(&hash)));
                forms
            }
        }
    }
}

/// A GUID's bytes in both orders, and its text with and without dashes, also in UTF-16.
fn guids(from: &[u8], to: &[u8]) -> Vec<Form> {
    let dashed = |bytes: &[u8]| -> String {
        let dash = |at| if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
        bytes.iter().enumerate().map(|(at, byte)| alloc::format!("{}{byte:02x}", dash(at))).collect()
    };
    let mut forms = Vec::from([
        Form { from: from.to_vec(), to: to.to_vec() },
        Form { from: mixed_endian(from), to: mixed_endian(to) },
    ]);
    forms.extend(texts(&dashed(from), &dashed(to)));
    forms.extend(texts(&Hex(from).to_string(), &Hex(to).to_string()));
    forms
}

/// Text in both cases, in ASCII and UTF-16.
fn texts(from: &str, to: &str) -> [Form; 4] {
    let (upper_from, upper_to) = (from.to_ascii_uppercase(), to.to_ascii_uppercase());
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    [
        Form::text(from, to),
        Form::text(&upper_from, &upper_to),
        Form { from: wide(from), to: wide(to) },
        Form { from: wide(&upper_from), to: wide(&upper_to) },
    ]
}

impl Form {
    fn text(from: &str, to: &str) -> Self {
        Self { from: from.into(), to: to.into() }
    }
}

/// A GUID as Microsoft's structures hold it: its first three fields little-endian.
fn mixed_endian(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for field in [0..4, 4..6, 6..8] {
        bytes.get_mut(field).into_iter().for_each(<[u8]>::reverse);
    }
    bytes
}

/// Identifies nothing: masked, or not there.
fn is_blank(id: &[u8]) -> bool {
    id.iter().all(|byte| *byte == 0) || id.iter().all(|byte| *byte == 0xff)
}

/// 1.3.6.1.4.1.3704.1.4: the hardware id of a VCEK.
const HWID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, 0x04];
const TURIN: usize = 8;
const AK_DIGITS: usize = 12;
const INSTANCE_DIGITS: usize = 17;
const ENCLAVE_DIGITS: usize = 16;
