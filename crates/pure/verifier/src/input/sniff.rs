//! What bytes look like.

use alloc::vec::Vec;
use core::fmt;

use teeproof_wire::crl::RevocationList;
use teeproof_wire::eventlog::Format;
use teeproof_wire::snp::REPORT_BYTES;
use teeproof_wire::tpm::MAGIC;

use super::{Encoding, InputError, Kind, Part, bincode, encoding, fixture, json, pcrs};
use crate::bundle::{Bundle, Collection, Redaction};

/// What was found in a file, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sniffed {
    /// What the file is.
    pub kind: Kind,
    /// How it was encoded.
    pub encoding: Encoding,
    /// The parts: one report or document, any number of certificates, or what a container held.
    pub parts: Vec<Part>,
    /// What else there is to say: the shape of a container, or what was left out.
    pub note: Option<&'static str>,
    /// The relying party's nonce also stands at the start of the user-data of an Azure report;
    /// said by version 2 of the Confidential Containers attester's evidence.
    pub nonce_in_user_data: bool,
    /// When and how a bundle was collected.
    pub collection: Option<Collection>,
    /// What was replaced in a bundle before it was passed on.
    pub redactions: Vec<Redaction>,
}

impl Sniffed {
    pub(super) const fn new(kind: Kind, encoding: Encoding, parts: Vec<Part>) -> Self {
        Self {
            kind,
            encoding,
            parts,
            note: None,
            nonce_in_user_data: false,
            collection: None,
            redactions: Vec::new(),
        }
    }

    /// Reads every certificate and revocation list once, so that whoever knows the file's name can
    /// tell it, and holds the other parts against their sizes. Evidence is left to its verifier.
    ///
    /// # Errors
    /// The first part that is not what it looks like, or too large.
    pub fn check(&self) -> Result<(), InputError> {
        self.parts.iter().try_for_each(Part::check)
    }
}

/// `nitro-document (base64)`, `certificate × 3 (PEM)`,
/// `evidence-json × 5 (JSON; az-snp evidence, version 1)`,
/// `bundle × 10 (raw; collected 2026-01-15T12:00:00Z)`.
impl fmt::Display for Sniffed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.parts.len() > 1 {
            write!(f, " × {}", self.parts.len())?;
        }
        write!(f, " ({}", self.encoding.as_str())?;
        self.note.iter().try_for_each(|note| write!(f, "; {note}"))?;
        self.collection.iter().try_for_each(|made| write!(f, "; collected {}", made.at))?;
        f.write_str(")")
    }
}

/// Tells what bytes hold; `kind` overrides what they look like, after their encoding was undone.
///
/// # Errors
/// Nothing, or nothing known. That the bytes look like a structure does not mean that they are one.
pub fn sniff(bytes: &[u8], kind: Option<Kind>) -> Result<Sniffed, InputError> {
    if bytes.is_empty() {
        return Err(InputError::Empty);
    }
    let Some(text) = encoding::text(bytes) else {
        return binary(bytes, Encoding::Raw, kind);
    };
    if text.starts_with("-----BEGIN ") {
        return certificates(&encoding::pem(text.as_bytes())?, Encoding::Pem, kind);
    }
    if text.starts_with('{') {
        return json::read(text, kind);
    }
    if fixture::looks_like(text) {
        let sniffed = json::read(&fixture::to_json(text)?, kind)?;
        return Ok(Sniffed { encoding: Encoding::Yaml, ..sniffed });
    }
    if kind.is_none_or(|kind| kind == Kind::PcrValues) && pcrs::looks_like_text(text) {
        return registers(bytes, Encoding::PcrRead);
    }
    let (decoded, encoding) = encoding::binary(text).ok_or(InputError::Text)?;
    binary(&decoded, encoding, kind)
}

/// What is left when text was undone.
fn binary(bytes: &[u8], encoding: Encoding, kind: Option<Kind>) -> Result<Sniffed, InputError> {
    let kind = kind.or_else(|| looks_like(bytes)).ok_or(InputError::Unknown)?;
    match kind {
        Kind::EvidenceJson => Err(InputError::NotJson),
        Kind::Bundle => Bundle::from_cbor(bytes).map(|bundle| bundled(bundle, encoding)).map_err(Into::into),
        Kind::BincodeQuote => {
            let parts = bincode::read(bytes).ok_or(InputError::Bincode)?;
            Ok(Sniffed { note: Some("kinvolk's Quote"), ..Sniffed::new(kind, encoding, parts) })
        }
        Kind::PcrValues if pcrs::serialized(bytes).is_some() => registers(bytes, Encoding::Serialized),
        kind => Ok(Sniffed::new(kind, encoding, Vec::from([Part::new(kind, bytes)?]))),
    }
}

/// What a bundle holds.
pub(super) fn bundled(bundle: Bundle, encoding: Encoding) -> Sniffed {
    let (parts, collection, redactions) = bundle.into_inner();
    Sniffed {
        note: (!redactions.is_empty()).then_some("redacted"),
        nonce_in_user_data: collection.nonce_in_user_data,
        collection: Some(collection),
        redactions,
        ..Sniffed::new(Kind::Bundle, encoding, parts)
    }
}

fn registers(bytes: &[u8], encoding: Encoding) -> Result<Sniffed, InputError> {
    let read = pcrs::read(bytes)?;
    let parts = Vec::from([Part::registers(&read.registers)]);
    let note = read.other_banks.then_some("banks other than sha256 are left out");
    Ok(Sniffed { note, ..Sniffed::new(Kind::PcrValues, encoding, parts) })
}

/// Certificates, revocation lists, or both.
pub(super) fn certificates(
    ders: &[Vec<u8>],
    encoding: Encoding,
    kind: Option<Kind>,
) -> Result<Sniffed, InputError> {
    let of = |der: &[u8]| match looks_like(der) {
        Some(Kind::RevocationList) => Kind::RevocationList,
        _ => Kind::Certificate,
    };
    let parts = ders.iter().map(|der| Part::new(kind.unwrap_or_else(|| of(der)), der));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let first = parts.first().map_or(Kind::Certificate, |part| part.kind);
    let kind = if parts.iter().all(|part| part.kind == first) { first } else { Kind::Mixed };
    Ok(Sniffed::new(kind, encoding, parts))
}

/// What raw bytes look like by their first bytes and their length.
fn looks_like(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        // An array of four whose first entry is a byte string; or the same, tagged.
        [0x84, 0x40..=0x5b, ..] | [0xd2, 0x84, ..] => Some(Kind::NitroDocument),
        // A SEQUENCE of 128 bytes or more.
        [0x30, 0x81 | 0x82, ..] if RevocationList::parse(bytes).is_ok() => Some(Kind::RevocationList),
        [0x30, 0x81 | 0x82, ..] => Some(Kind::Certificate),
        [b'H', b'C', b'L', b'A', ..] => Some(Kind::HclReport),
        // Version 4 or 5, a type of attestation key, and the TEE type of TDX.
        [4 | 5, 0, _, _, 0x81, 0, 0, 0, ..] => Some(Kind::TdQuote),
        // With and without the size in front.
        _ if bytes.starts_with(&MAGIC.to_be_bytes()) => Some(Kind::TpmQuote),
        [_, _, rest @ ..] if rest.starts_with(&MAGIC.to_be_bytes()) => Some(Kind::TpmQuote),
        // TPMT_SIGNATURE: RSASSA, SHA-256, 256 bytes.
        [0x00, 0x14, 0x00, 0x0b, 0x01, 0x00, ..] => Some(Kind::TpmSignature),
        _ if Format::peek(bytes).is_some() => Format::peek(bytes).map(Kind::of_log),
        _ if Bundle::looks_like_cbor(bytes) => Some(Kind::Bundle),
        // A vector of 256 bytes comes first.
        [0, 1, 0, 0, 0, 0, 0, 0, ..] => Some(Kind::BincodeQuote),
        _ if bytes.len() == REPORT_BYTES => Some(Kind::SnpReport),
        _ if pcrs::serialized(bytes).is_some() => Some(Kind::PcrValues),
        // A version number, little-endian, and about the right length.
        [1..=0xff, 0, 0, 0, ..] if bytes.len() <= MAX_REPORT_GUESS => Some(Kind::SnpReport),
        // Eight registers are as long as a signature: a signature it is, and only --as says else.
        _ if bytes.len() == RSA_BYTES => Some(Kind::TpmSignature),
        _ if pcrs::is_concatenation(bytes) => Some(Kind::PcrConcatenation),
        _ => None,
    }
}

/// Up to this length, bytes that begin like a report are taken for one, so that the error is
/// about reports.
const MAX_REPORT_GUESS: usize = 4096;
/// A signature under a key of 2048 bits.
const RSA_BYTES: usize = 256;
