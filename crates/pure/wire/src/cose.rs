//! COSE_Sign1 of the Nitro security module: untagged, ES384 in the protected header, an empty
//! unprotected header (RFC 9052, section 4.2; RFC 9053, section 2.1).

use crate::{Error, ErrorKind, Reader, cbor};

/// A COSE_Sign1 structure, unverified. It borrows its input.
///
/// Shape: a CBOR array of four: the protected header (4 bytes), an empty map, the payload (bytes), the
/// signature (96 bytes).
#[derive(Clone, Copy, Debug)]
pub struct Sign1<'a> {
    payload: &'a [u8],
    payload_offset: usize,
    signature: &'a [u8; 96],
}

/// The protected header `{1: -35}`: the algorithm is ES384.
const ES384: &[u8] = &[0xa1, 0x01, 0x38, 0x22];

/// The start of every signed `Sig_structure`: an array of four, the context string "Signature1",
/// the protected header, and no external data.
const SIG_STRUCTURE: &[u8] = b"\x84\x6aSignature1\x44\xa1\x01\x38\x22\x40";

/// The size limit of a structure in bytes, as AWS documents it. The response of a Nitro security module has
/// at most 12,288.
pub const MAX_BYTES: usize = 16_384;

impl<'a> Sign1<'a> {
    /// Parses a structure, which must fill `bytes`.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; a tag; another protected header than ES384 alone; an unprotected header;
    /// a signature of another length than 96 bytes; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "COSE_Sign1";
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 16384 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            cbor::array_of(reader, 4, WHAT, "an untagged array of four (84)")?;
            let protected =
                reader.error(ErrorKind::Unsupported, "COSE_Sign1: protected header", "{1: -35}, ES384");
            if cbor::bytes(reader, "COSE_Sign1: protected header")? != ES384 {
                return Err(protected);
            }
            empty_map(reader)?;
            let payload = cbor::bytes(reader, "COSE_Sign1: payload")?;
            let payload_offset = reader.offset().saturating_sub(payload.len());
            let length = reader.error(ErrorKind::Value, "COSE_Sign1: signature", "r and s of 48 bytes each");
            let signature = cbor::bytes(reader, "COSE_Sign1: signature")?.try_into().map_err(|_| length)?;
            Ok(Self { payload, payload_offset, signature })
        })
    }

    /// The payload, as received.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The offset of the payload in the structure.
    #[must_use]
    pub const fn payload_offset(&self) -> usize {
        self.payload_offset
    }

    /// The signature: `r ‖ s`, 48 bytes each, big-endian (RFC 9053, section 2.1).
    #[must_use]
    pub const fn signature(&self) -> &'a [u8; 96] {
        self.signature
    }

    /// Passes the signed bytes to `verify` in three parts, without a copy: the constant start of
    /// `Sig_structure`, the CBOR head of the payload, and the payload as received (RFC 9052, section 4.4).
    pub fn signed<T>(&self, verify: impl FnOnce(&[&[u8]]) -> T) -> T {
        // The payload is at most MAX_BYTES long, so its length has two bytes at most.
        let length = u16::try_from(self.payload.len()).unwrap_or(u16::MAX);
        let [high, low] = length.to_be_bytes();
        match length {
            0..=23 => verify(&[SIG_STRUCTURE, &[0x40 | low], self.payload]),
            24..=255 => verify(&[SIG_STRUCTURE, &[0x58, low], self.payload]),
            _ => verify(&[SIG_STRUCTURE, &[0x59, high, low], self.payload]),
        }
    }
}

/// A COSE_Sign1 structure that nobody signed, for display and never for verification. It borrows its input.
///
/// QEMU's emulation of the Nitro security module (`hw/virtio/virtio-nsm.c`) writes it: a protected header of
/// its own (`{1: -1}`), and zeros in place of a signature.
#[derive(Clone, Copy, Debug)]
pub struct UnsignedSign1<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    payload_offset: usize,
    signature: &'a [u8],
}

impl<'a> UnsignedSign1<'a> {
    /// Parses a structure, which must fill `bytes`.
    ///
    /// # Errors
    /// Those of [`Sign1::parse`], except for those of the protected header and the signature's length; a
    /// signature that is empty or has a byte that is not zero.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "COSE_Sign1";
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 16384 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            cbor::array_of(reader, 4, WHAT, "an untagged array of four (84)")?;
            let protected = cbor::bytes(reader, "COSE_Sign1: protected header")?;
            empty_map(reader)?;
            let payload = cbor::bytes(reader, "COSE_Sign1: payload")?;
            let payload_offset = reader.offset().saturating_sub(payload.len());
            let zeros = reader.error(ErrorKind::Value, "COSE_Sign1: signature", "zeros, where nobody signed");
            let signature = cbor::bytes(reader, "COSE_Sign1: signature")?;
            if signature.is_empty() || signature.iter().any(|byte| *byte != 0) {
                return Err(zeros);
            }
            Ok(Self { protected, payload, payload_offset, signature })
        })
    }

    /// The protected header, CBOR.
    #[must_use]
    pub const fn protected(&self) -> &'a [u8] {
        self.protected
    }

    /// The payload, as received.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The offset of the payload in the structure.
    #[must_use]
    pub const fn payload_offset(&self) -> usize {
        self.payload_offset
    }

    /// The bytes in place of a signature, all zero.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }
}

fn empty_map(reader: &mut Reader<'_>) -> Result<(), Error> {
    const WHAT: &str = "COSE_Sign1: unprotected header";
    let unprotected = reader.error(ErrorKind::Value, WHAT, "an empty map (a0)");
    if reader.byte(WHAT)? == 0xa0 { Ok(()) } else { Err(unprotected) }
}
