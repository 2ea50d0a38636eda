//! TPM 2.0 structures of attestation, big-endian: TPMS_ATTEST of TPM2_Quote and TPM2_Certify, its
//! TPMT_SIGNATURE, and the TPMT_PUBLIC of a key.
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 10.12.12 (TPMS_ATTEST), 10.6 (PCR selections),
//! 11.3.4 (TPMT_SIGNATURE) and 12.2.4 (TPMT_PUBLIC).

mod attestation;
mod describe;
mod head;
mod public;
mod selection;
mod signature;

pub use attestation::{AnyAttestation, Attested};
pub(crate) use describe::Registers;
pub use describe::bank_name;
pub use head::Head;
pub use public::{MAX_PUBLIC_BYTES, ObjectAttributes, RsaPublic, RsaScheme, public_bytes};
pub use selection::{MAX_SELECTIONS, POLICY_PCR_BYTES, REGISTERS, Selection, Selections, policy_pcr};
pub use signature::{SignatureValue, TpmSignature, rsassa_sha256};

use crate::{Error, ErrorKind, Reader};

/// TPM_ALG_SHA1, a TPM_ALG_ID.
pub const SHA1: u16 = 0x0004;
/// TPM_ALG_SHA256, a TPM_ALG_ID.
pub const SHA256: u16 = 0x000b;
/// TPM_GENERATED_VALUE, the first 4 bytes of every TPMS_ATTEST. A restricted key signs no external data
/// that begin with it.
pub const MAGIC: u32 = 0xff54_4347;
/// The size limit of a TPMS_ATTEST in bytes; real ones have some hundred.
pub const MAX_BYTES: usize = 4096;

/// The size limit of a nonce (TPM2B_DATA) in vTPMs, in bytes.
pub const MAX_NONCE: usize = 50;

/// The size limit of TPM2B_NAME: an algorithm (2 bytes) and a digest of SHA-512, longer than a handle.
const MAX_NAME: usize = 66;
/// The size limit of TPM2B_DIGEST: SHA-512.
const MAX_DIGEST: usize = 64;

/// The digest size of a hash algorithm (TPM_ALG_ID) in bytes; `None` for unknown algorithms.
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

/// A TPM quote, unverified. It borrows its input.
///
/// Shape: TPMS_ATTEST with TPMS_QUOTE_INFO, big-endian: [`Head`], TPML_PCR_SELECTION, TPM2B_DIGEST. A quote
/// with a nonce of n bytes over one selection of three bytes and SHA-256 has 113 + n bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attest<'a> {
    /// The signer, the nonce and the clock.
    pub head: Head<'a>,
    /// `pcrSelect`: the quoted PCRs of each bank.
    pub selections: Selections,
    /// `pcrDigest`, up to 64 bytes: the digest of the selected PCR values, concatenated in the order of the
    /// selections and ascending in each.
    pub pcr_digest: &'a [u8],
}

impl<'a> Attest<'a> {
    /// Parses a quote, which must fill `bytes`, without the size of a TPM2B_ATTEST: see [`attest_bytes`].
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; another magic or type of attestation; a length out of its bounds; more than
    /// [`MAX_SELECTIONS`] selections; a `safe` other than 0 or 1; bytes after the end.
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

/// The certification of a key, unverified. It borrows its input.
///
/// Shape: TPMS_ATTEST with TPMS_CERTIFY_INFO, big-endian: [`Head`], two TPM2B_NAME. With a nonce of n bytes
/// and Names of SHA-256 it has 141 + n bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.3 (TPMS_CERTIFY_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification<'a> {
    /// The signer, the nonce and the clock.
    pub head: Head<'a>,
    /// `name`, up to 66 bytes: the Name of the key, algorithm (2 bytes) and digest of its TPMT_PUBLIC.
    pub name: &'a [u8],
    /// `qualifiedName`, up to 66 bytes: the Qualified Name of the key, which depends on its parents.
    pub qualified_name: &'a [u8],
}

impl<'a> Certification<'a> {
    /// Parses a certification, which must fill `bytes`, without the size of a TPM2B_ATTEST: see
    /// [`attest_bytes`].
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; another magic or type of attestation; a length out of its bounds; a `safe`
    /// other than 0 or 1; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        whole(bytes, |reader| {
            Ok(Self {
                head: Head::read(reader, &head::CERTIFICATION)?,
                name: sized(reader, "TPMS_ATTEST: name", MAX_NAME)?,
                qualified_name: sized(reader, "TPMS_ATTEST: qualifiedName", MAX_NAME)?,
            })
        })
    }
}

/// The TPMS_ATTEST in `bytes`: without the size (2 bytes) of a TPM2B_ATTEST, otherwise `bytes` unchanged.
/// A signature does not cover the size.
///
/// The forms are unambiguous: a TPMS_ATTEST begins with `ff54`, which as a size exceeds [`MAX_BYTES`].
#[must_use]
pub fn attest_bytes(bytes: &[u8]) -> &[u8] {
    without_size(bytes, MAX_BYTES)
}

/// The contents of a TPM2B of at most `most` bytes that fills `bytes`; otherwise `bytes`.
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

/// A TPM2B: a size (2 bytes) and that number of bytes.
#[inline]
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
