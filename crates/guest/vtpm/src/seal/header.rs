//! The head of an envelope: to which key its content is sealed, and how.
//!
//! Shape, numbers big-endian: `TPSEALED`, version 1 (2 bytes), padding scheme and hash (TPM_ALG_ID,
//! 2 bytes each; the hash of RSAES is TPM_ALG_NULL), bank of the registers (2 bytes) and their
//! bitmap (3 bytes, register i is bit i mod 8 of byte i div 8), TPM2B_PUBLIC, and the wrapped key
//! behind its size of 2 bytes. The sealed data follow: see `docs/seal.md`.

#[cfg(test)]
mod tests;

use std::io::Read;

use teeproof_wire::tpm::{SHA256, Selection};
use teeproof_wire::{Error, Kind, Reader};

use super::SealError;
use crate::Padding;

/// The most bytes of a head.
pub const MAX_HEADER: usize = 1024;

const MAGIC: &[u8; 8] = b"TPSEALED";
const VERSION: u16 = 1;
const RSAES: u16 = 0x0015;
const OAEP: u16 = 0x0017;
const NULL: u16 = 0x0010;
/// No public area of an RSA key of 2048 bits is longer.
const MAX_PUBLIC: usize = 512;
/// RSA of 2048 bits.
const MAX_WRAPPED: usize = 256;
/// Everything before the size of the public area, which says how the content is sealed.
const HOW: usize = 19;
/// Everything up to and with the size of the public area.
const FIXED: usize = 21;

/// To which key the content of an envelope is sealed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeHeader {
    /// How the content's key is padded.
    pub padding: Padding,
    /// The registers that guard the key.
    pub registers: Selection,
    /// The key's TPMT_PUBLIC, in bytes.
    pub public: Vec<u8>,
    /// The content's key, encrypted to it.
    pub wrapped: Vec<u8>,
}

impl EnvelopeHeader {
    /// The head in bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let (scheme, hash) = match self.padding {
            Padding::Rsaes => (RSAES, NULL),
            Padding::Oaep(hash) => (OAEP, hash),
        };
        let [first, second, third, _] = self.registers.bitmap.to_le_bytes();
        let fields: [&[u8]; 7] = [
            MAGIC,
            &[VERSION, scheme, hash, self.registers.bank].map(u16::to_be_bytes).concat(),
            &[first, second, third],
            &size(&self.public),
            &self.public,
            &size(&self.wrapped),
            &self.wrapped,
        ];
        fields.concat()
    }

    /// Reads the head off an envelope, and not a byte more.
    ///
    /// # Errors
    /// It is no envelope, or of another version; sizes beyond those of RSA-2048.
    pub fn read(envelope: &mut dyn Read) -> Result<(Self, Vec<u8>), SealError> {
        let mut bytes = Vec::with_capacity(MAX_HEADER);
        more(envelope, &mut bytes, FIXED)?;
        // What is no envelope shall not be told as one with a wrong size.
        let (how, _) = bytes.split_at_checked(HOW).unwrap_or((&bytes, &[]));
        Reader::all(how, 0, "envelope", fixed).map_err(SealError::Envelope)?;
        let public = sized(&bytes, MAX_PUBLIC, "envelope: TPM2B_PUBLIC")?;
        more(envelope, &mut bytes, public.saturating_add(2))?;
        let wrapped = sized(&bytes, MAX_WRAPPED, "envelope: wrapped key")?;
        more(envelope, &mut bytes, wrapped)?;
        Ok((Self::parse(&bytes).map_err(SealError::Envelope)?, bytes))
    }

    /// Reads a head that fills `bytes`.
    ///
    /// # Errors
    /// It is no envelope, or of another version or scheme; sizes that do not fit.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Reader::all(bytes, 0, "envelope", |reader| {
            let (padding, registers) = fixed(reader)?;
            let public = taken(reader, MAX_PUBLIC, "envelope: TPM2B_PUBLIC")?;
            let wrapped = taken(reader, MAX_WRAPPED, "envelope: wrapped key")?;
            Ok(Self { padding, registers, public, wrapped })
        })
    }
}

/// The padding and the registers, and that it is an envelope at all.
fn fixed(reader: &mut Reader<'_>) -> Result<(Padding, Selection), Error> {
    let at = reader.at();
    if reader.array("envelope: magic")? != MAGIC {
        return Err(at.error(Kind::Value, "envelope: magic", "TPSEALED"));
    }
    let at = reader.at();
    if word(reader, "envelope: version")? != VERSION {
        return Err(at.error(Kind::Unsupported, "envelope: version", "version 1"));
    }
    let at = reader.at();
    let padding = match (word(reader, "envelope: padding")?, word(reader, "envelope: hash")?) {
        (RSAES, NULL) => Padding::Rsaes,
        (OAEP, hash @ (0x0004 | 0x000b..=0x000d)) => Padding::Oaep(hash),
        _ => return Err(at.error(Kind::Unsupported, "envelope: padding", "RSAES, or OAEP with SHA")),
    };
    let at = reader.at();
    let bank = word(reader, "envelope: bank")?;
    if bank != SHA256 {
        return Err(at.error(Kind::Unsupported, "envelope: bank", "SHA-256"));
    }
    let [first, second, third] = *reader.array("envelope: registers")?;
    Ok((padding, Selection { bank, bitmap: u32::from_le_bytes([first, second, third, 0]) }))
}

/// The size that ends what was read so far, within its bound.
fn sized(bytes: &[u8], limit: usize, what: &'static str) -> Result<usize, SealError> {
    let size = bytes.last_chunk().map_or(0, |size| usize::from(u16::from_be_bytes(*size)));
    if size <= limit {
        return Ok(size);
    }
    let offset = bytes.len().saturating_sub(2);
    Err(SealError::Envelope(Error {
        kind: Kind::TooLarge,
        what,
        offset,
        expected: "that of an RSA key of 2048 bits",
    }))
}

/// Reads exactly so many bytes more; a stream that ends before is left for the parser to tell.
fn more(stream: &mut dyn Read, bytes: &mut Vec<u8>, count: usize) -> Result<(), SealError> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    let read = stream.take(count).read_to_end(bytes)?;
    if u64::try_from(read) == Ok(count) {
        return Ok(());
    }
    let (kind, what, expected) = (Kind::Truncated, "envelope", "a whole head");
    Err(SealError::Envelope(Error { kind, what, offset: bytes.len(), expected }))
}

fn taken(reader: &mut Reader<'_>, limit: usize, what: &'static str) -> Result<Vec<u8>, Error> {
    let at = reader.at();
    match usize::from(word(reader, what)?) {
        size if size <= limit => reader.take(size, what).map(<[u8]>::to_vec),
        _ => Err(at.error(Kind::TooLarge, what, "that of an RSA key of 2048 bits")),
    }
}

fn word(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    reader.array(what).map(|bytes| u16::from_be_bytes(*bytes))
}

fn size(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}
