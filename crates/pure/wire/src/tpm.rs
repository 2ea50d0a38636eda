//! What a TPM 2.0 attests as its bytes say it: TPMS_ATTEST of TPM2_Quote and of TPM2_Certify,
//! big-endian, the signature that goes with it, and the public area of a key.
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 10.12.12 (TPMS_ATTEST), 10.6 (PCR selections),
//! 11.3.4 (TPMT_SIGNATURE) and 12.2.4 (TPMT_PUBLIC).

mod attestation;
mod certify;
mod describe;
mod head;
mod policy;
mod public;
mod selection;
mod signature;

pub use attestation::{AnyAttestation, Attested};
pub use certify::Certification;
pub(crate) use describe::Registers;
pub use describe::bank_name;
pub use head::Head;
pub use policy::{POLICY_PCR_BYTES, policy_pcr};
pub use public::{MAX_PUBLIC_BYTES, ObjectAttributes, RsaPublic, RsaScheme, public_bytes};
pub use selection::{MAX_SELECTIONS, REGISTERS, Selection, Selections};
pub use signature::{SignatureValue, TpmSignature, rsassa_sha256};

use crate::{Error, ErrorKind, Reader};

/// TPM_ALG_SHA1.
pub const SHA1: u16 = 0x0004;
/// TPM_ALG_SHA256.
pub const SHA256: u16 = 0x000b;
/// TPM_GENERATED_VALUE: the first bytes of whatever a restricted key signs.
pub const MAGIC: u32 = 0xff54_4347;
/// No TPMS_ATTEST of a quote comes near this, nor one of a certification.
pub const MAX_BYTES: usize = 4096;

/// The longest nonce that a vTPM takes: TPM2B_DATA.
pub const MAX_NONCE: usize = 50;

/// A name is a handle, or an algorithm and a digest.
const MAX_NAME: usize = 66;
/// The longest digest that a TPM makes.
const MAX_DIGEST: usize = 64;

/// How many bytes the digests of a hash have, by its TPM_ALG_ID; `None` for one that is not known.
///
/// Source: TCG Algorithm Registry, section 6.
#[must_use]
pub const fn digest_bytes(algorithm: u16) -> Option<usize> {
    match algorithm {
        SHA1 => Some(20),
        SHA256 | 0x0012 | 0x0027 => Some(32),
        0x000c | 0x0028 => Some(48),
        0x000d | 0x0029 => Some(64),
        _ => None,
    }
}

/// What a TPM attests in a quote, unverified. It borrows the bytes it was read from.
///
/// Shape: TPMS_ATTEST, big-endian. A quote with a nonce of n bytes over one selection of three
/// bytes and SHA-256 has 113 + n bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attest<'a> {
    /// Who signed, for which question, and when.
    pub head: Head<'a>,
    /// Which registers of which banks were hashed.
    pub selections: Selections,
    /// The digest of the selected registers, in the order of the selections.
    pub pcr_digest: &'a [u8],
}

impl<'a> Attest<'a> {
    /// Reads a quote, which must fill `bytes`; a size prefix (TPM2B_ATTEST) is not part of it: see
    /// [`attest_bytes`].
    ///
    /// # Errors
    /// Another magic or another kind of attestation; a length out of its bounds; more than
    /// [`MAX_SELECTIONS`] selections; a `safe` that is neither 0 nor 1; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        whole(bytes, |reader| {
            Ok(Self {
                head: Head::read(reader, &head::QUOTE)?,
                selections: Selections::read(reader)?,
                pcr_digest: sized(reader, "TPMS_ATTEST: pcrDigest", MAX_DIGEST)?,
            })
        })
    }
}

/// The bytes of the TPMS_ATTEST itself: without the size, where `bytes` are exactly a
/// TPM2B_ATTEST, and as they are otherwise. A signature never covers the size.
///
/// The forms cannot be confused: a TPMS_ATTEST begins with `ff54`, which as a size is far beyond
/// [`MAX_BYTES`].
#[must_use]
pub fn attest_bytes(bytes: &[u8]) -> &[u8] {
    without_size(bytes, MAX_BYTES)
}

/// What follows a size of two bytes that is exactly its own and at most `most`; otherwise `bytes`.
#[inline]
fn without_size(bytes: &[u8], most: usize) -> &[u8] {
    match bytes.split_first_chunk() {
        Some((size, rest)) if rest.len() <= most && usize::from(u16::from_be_bytes(*size)) == rest.len() => {
            rest
        }
        _ => bytes,
    }
}

/// A TPMS_ATTEST from its first byte to its last.
#[inline]
fn whole<'a, T>(bytes: &'a [u8], read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>) -> Result<T, Error> {
    const WHAT: &str = "TPMS_ATTEST";
    if bytes.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 4096 bytes"));
    }
    Reader::all(bytes, 0, WHAT, read)
}

/// A TPM2B: a size of two bytes, and so many bytes.
fn sized<'a>(reader: &mut Reader<'a>, what: &'static str, most: usize) -> Result<&'a [u8], Error> {
    let at = reader.at();
    let size = usize::from(u16_be(reader, what)?);
    if size > most {
        return Err(at.error(ErrorKind::TooLarge, what, "at most the longest value of its kind"));
    }
    reader.take(size, what)
}

fn u16_be(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Error> {
    reader.array(what).map(|bytes| u16::from_be_bytes(*bytes))
}

fn u32_be(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Error> {
    reader.array(what).map(|bytes| u32::from_be_bytes(*bytes))
}

fn u64_be(reader: &mut Reader<'_>, what: &'static str) -> Result<u64, Error> {
    reader.array(what).map(|bytes| u64::from_be_bytes(*bytes))
}
