//! TPM quotes with signature and PCR values in one file: what `tpm2_quote` prints on its terminal, and the bincode
//! that kinvolk's library writes of its own struct.
//!
//! ```text
//! quoted: ff54434780180022…
//! signature:
//!   alg: rsassa
//!   sig: a085b29f…
//! pcrs:
//!   sha256:
//!     0 : 0x0000…
//! calcDigest: 3a4307d7…
//! ```

use alloc::vec::Vec;

use teeproof_wire::certificate::ecdsa_fixed;

use crate::bytes;
use crate::pcrs::Sha256Pcrs;
use crate::{InputError, InputKind, Part, pcr_forms};

/// Whether a line of text is the first that `tpm2_quote` prints. Messages of the TPM software stack
/// (`WARN:esys:…`) may stand before it.
pub(crate) fn is_quote_text(text: &str) -> bool {
    text.lines().any(is_first)
}

fn is_first(line: &str) -> bool {
    line.trim_start().starts_with("quoted:")
}

/// What was read, and whether PCR values of other banks than SHA-256 were there.
pub(crate) struct QuoteText {
    pub(crate) parts: Vec<Part>,
    pub(crate) other_banks: bool,
}

/// Reads the text; from `quoted:` on, each line must be one that `tpm2_quote` prints.
pub(crate) fn parse_quote_text(text: &str) -> Result<QuoteText, InputError> {
    let mut fields = Fields::default();
    let mut in_pcrs = false;
    let mut values = Vec::new();
    for (line, number) in text.lines().zip(1_usize..).skip_while(|(line, _)| !is_first(line)) {
        let line = line.trim();
        let wrong = || InputError::QuoteTextLine { line: number };
        let (name, value) = match line.split_once(':') {
            None if line.is_empty() => continue,
            None => return Err(wrong()),
            Some((name, value)) => (name.trim(), value.trim()),
        };
        match name {
            "pcrs" if value.is_empty() && !in_pcrs => in_pcrs = true,
            "calcDigest" => in_pcrs = false,
            _ if in_pcrs => values.push((number, line)),
            "signature" if value.is_empty() => {}
            _ => fields.set(name, value).ok_or_else(wrong)?,
        }
    }
    let mut parts = fields.into_parts()?;
    let mut other_banks = false;
    if !values.is_empty() {
        let read = pcr_forms::of_lines(values)?;
        other_banks = read.has_other_banks();
        parts.push(read.into_part().0);
    }
    Ok(QuoteText { parts, other_banks })
}

/// The lines with one value.
#[derive(Default)]
struct Fields<'t> {
    quoted: Option<Vec<u8>>,
    scheme: Option<&'t str>,
    signature: Option<Vec<u8>>,
}

impl<'t> Fields<'t> {
    /// Takes a line; `None` for one that is not known, cannot be read, or is given twice.
    fn set(&mut self, name: &str, value: &'t str) -> Option<()> {
        let hex = |place: &mut Option<Vec<u8>>| match place {
            None => bytes::hex(value).map(|bytes| *place = Some(bytes)),
            Some(_) => None,
        };
        match name {
            "quoted" => hex(&mut self.quoted),
            "sig" => hex(&mut self.signature),
            "alg" if self.scheme.is_none() => {
                self.scheme = Some(value);
                Some(())
            }
            _ => None,
        }
    }

    fn into_parts(self) -> Result<Vec<Part>, InputError> {
        let (Some(quoted), Some(scheme), Some(value)) = (self.quoted, self.scheme, self.signature) else {
            return Err(InputError::QuoteText);
        };
        let bytes =
            signature(scheme, value).ok_or_else(|| InputError::QuoteTextScheme { scheme: named(scheme) })?;
        Ok(Vec::from([
            Part::found(InputKind::TpmQuote, quoted.into())?,
            Part::parse(InputKind::TpmSignature, bytes),
        ]))
    }
}

/// The schemes as tpm2-tools call them; what else stands there is foreign text.
fn named(scheme: &str) -> Option<&'static str> {
    ["rsassa", "rsapss", "ecdsa", "ecdaa", "sm2", "ecschnorr", "hmac"]
        .into_iter()
        .find(|known| *known == scheme)
}

/// The signature as it is verified: the bytes of RSASSA; of other schemes a TPMT_SIGNATURE, so that the
/// scheme is not lost. The text does not say which hash it is over: TPM_ALG_NULL.
fn signature(scheme: &str, value: Vec<u8>) -> Option<Vec<u8>> {
    let numbers = match scheme {
        "rsassa" if value.len() == 256 => return Some(value),
        "rsassa" => (0x14, counted(&value)?),
        "rsapss" => (0x16, counted(&value)?),
        "ecdsa" => (0x18, curve(&value)?),
        _ => return None,
    };
    let (scheme, numbers) = numbers;
    Some([&[0x00, scheme, 0x00, 0x10][..], &numbers].concat())
}

/// `r` and `s`, which the text has in DER, as long as the smallest curve that has room for them.
fn curve(der: &[u8]) -> Option<Vec<u8>> {
    let fixed = ecdsa_fixed::<64>(der).map(|fixed| fixed.to_vec());
    let fixed = fixed.or_else(|| ecdsa_fixed::<96>(der).map(|fixed| fixed.to_vec()));
    let fixed = fixed.or_else(|| ecdsa_fixed::<132>(der).map(|fixed| fixed.to_vec()))?;
    let (r, s) = fixed.split_at_checked(fixed.len().div_euclid(2))?;
    Some([counted(r)?, counted(s)?].concat())
}

fn counted(value: &[u8]) -> Option<Vec<u8>> {
    let size = u16::try_from(value.len()).ok()?;
    Some([&size.to_be_bytes()[..], value].concat())
}

/// The parts of a quote as bincode, if the bytes are laid out so from the first to the last: little-endian, a length
/// of eight bytes and the signature, a length and the message, the number of PCRs (24) and their values.
pub(crate) fn parse_bincode(bytes: &[u8]) -> Option<Vec<Part>> {
    let (signature, rest) = sized(bytes)?;
    let (message, rest) = sized(rest)?;
    let (count, values) = rest.split_first_chunk()?;
    let (values, partial) = values.as_chunks::<32>();
    let values: &[[u8; 32]; 24] = values.try_into().ok()?;
    if signature.len() != 256 || u64::from_le_bytes(*count) != 24 || !partial.is_empty() {
        return None;
    }
    Some(Vec::from([
        Part::parse(InputKind::TpmQuote, message.to_vec()),
        Part::parse(InputKind::TpmSignature, signature.to_vec()),
        Part::from(Sha256Pcrs::new(values.map(Some))?),
    ]))
}

fn sized(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}
