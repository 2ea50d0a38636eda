//! The head of a file that was sealed to a machine's TPM: to which key, and how.
//!
//! Shape, numbers big-endian: `TPSEALED`, version 1 (2 bytes), padding scheme and hash (TPM_ALG_ID,
//! 2 bytes each; the hash of RSAES is TPM_ALG_NULL), bank of the PCRs (2 bytes) and their bitmap (3
//! bytes), TPM2B_PUBLIC, and the wrapped key behind its size of 2 bytes. The sealed data follow. The
//! format is this project's own: see `docs/seal.md`.

use crate::describe::HexBytes;
use crate::tpm::{Registers, RsaPublic, SHA256, Selection};
use crate::{Describe, DescribedField, Error, ErrorKind, Reader, Visitor};

/// The first 8 bytes of a sealed file.
pub const MAGIC: &[u8; 8] = b"TPSEALED";

const VERSION: u16 = 1;
const RSAES: u16 = 0x0015;
const OAEP: u16 = 0x0017;
const NULL: u16 = 0x0010;
/// The size limit of the TPMT_PUBLIC of an RSA key of 2048 bits, in bytes.
const MAX_PUBLIC: usize = 512;
/// The size limit of the wrapped key in bytes: RSA of 2048 bits.
const MAX_WRAPPED: usize = 256;

/// The head of a sealed file, unverified. It borrows its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedHead<'a> {
    /// The padding scheme of the wrapped key and its hash, 2 bytes each at 10 and 12: the hash of OAEP, a
    /// TPM_ALG_ID; `None` for RSAES.
    pub oaep: Option<u16>,
    /// The bank (2 bytes at 14) and the bitmap (3 bytes at 16) of the PCRs whose values the key requires.
    pub pcrs: Selection,
    /// The TPMT_PUBLIC of the sealing key, behind its size (2 bytes at 19).
    pub public: &'a [u8],
    /// The key of the content, encrypted for the sealing key, behind its size (2 bytes): up to 256 bytes.
    pub wrapped: &'a [u8],
    /// The number of bytes of sealed data after the head.
    pub content_bytes: usize,
}

impl<'a> SealedHead<'a> {
    /// Parses the head of a sealed file; the rest of `bytes` is its content and is not read.
    ///
    /// # Errors
    /// Another magic, version, scheme or bank; sizes above those of RSA-2048; a truncated head.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Reader::all(bytes, 0, "sealed file", |reader| {
            let at = reader.at();
            if reader.array("sealed file: magic")? != MAGIC {
                return Err(at.error(ErrorKind::Value, "sealed file: magic", "TPSEALED"));
            }
            let at = reader.at();
            if word(reader, "sealed file: version")? != VERSION {
                return Err(at.error(ErrorKind::Unsupported, "sealed file: version", "version 1"));
            }
            let oaep = padding(reader)?;
            let pcrs = pcrs(reader)?;
            let public = sized(reader, MAX_PUBLIC, "sealed file: TPM2B_PUBLIC")?;
            let wrapped = sized(reader, MAX_WRAPPED, "sealed file: wrapped key")?;
            let content_bytes = reader.remaining();
            reader.take(content_bytes, "sealed file: content")?;
            Ok(Self { oaep, pcrs, public, wrapped, content_bytes })
        })
    }
}

fn padding(reader: &mut Reader<'_>) -> Result<Option<u16>, Error> {
    let at = reader.at();
    match (word(reader, "sealed file: padding")?, word(reader, "sealed file: hash")?) {
        (RSAES, NULL) => Ok(None),
        (OAEP, hash @ (0x0004 | 0x000b..=0x000d)) => Ok(Some(hash)),
        _ => Err(at.error(ErrorKind::Unsupported, "sealed file: padding", "RSAES, or OAEP with SHA")),
    }
}

fn pcrs(reader: &mut Reader<'_>) -> Result<Selection, Error> {
    let at = reader.at();
    let bank = word(reader, "sealed file: bank")?;
    if bank != SHA256 {
        return Err(at.error(ErrorKind::Unsupported, "sealed file: bank", "SHA-256"));
    }
    let [first, second, third] = *reader.array("sealed file: PCRs")?;
    Ok(Selection { bank, bitmap: u32::from_le_bytes([first, second, third, 0]) })
}

fn sized<'a>(reader: &mut Reader<'a>, limit: usize, what: &'static str) -> Result<&'a [u8], Error> {
    let at = reader.at();
    match usize::from(word(reader, what)?) {
        size if size <= limit => reader.take(size, what),
        _ => Err(at.error(ErrorKind::TooLarge, what, "that of an RSA key of 2048 bits")),
    }
}

fn word(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    reader.array(what).map(|bytes| u16::from_be_bytes(*bytes))
}

impl Describe for SealedHead<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::at("magic", 0..8, &"TPSEALED"));
        visitor.field(DescribedField::at("version", 8..10, &VERSION));
        let padding = match self.oaep {
            None => "RSAES",
            Some(0x0004) => "OAEP, SHA-1",
            Some(0x000b) => "OAEP, SHA-256",
            Some(0x000c) => "OAEP, SHA-384",
            Some(_) => "OAEP, SHA-512",
        };
        visitor.field(DescribedField::at("padding", 10..14, &padding));
        visitor
            .field(DescribedField::new("PCRs", &Registers(self.pcrs)).note(&"SHA-256; they guard the key"));
        visitor.open("TPMT_PUBLIC");
        match RsaPublic::parse(self.public) {
            Ok(public) => public.describe(visitor),
            Err(_) => visitor
                .field(DescribedField::new("bytes", &HexBytes(self.public)).note(&"not a supported key")),
        }
        visitor.close();
        visitor.field(DescribedField::new("wrapped key", &HexBytes(self.wrapped)));
        visitor.field(DescribedField::new("content", &self.content_bytes).note(&"bytes, sealed"));
    }
}
