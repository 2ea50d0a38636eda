//! TPMT_PUBLIC: the public area of an RSA key; its digest is the Name of the key.

mod attributes;
mod scheme;

pub use attributes::ObjectAttributes;
pub use scheme::RsaScheme;

use super::{digest_bytes, u16_be, u32_be, without_size};
use crate::{Error, ErrorKind, Reader};

/// The size limit of a TPMT_PUBLIC in bytes; an RSA key of 4096 bits has some 600.
pub const MAX_PUBLIC_BYTES: usize = 1024;

/// TPM_ALG_RSA.
const RSA: u16 = 0x0001;
/// TPM_ALG_NULL.
const NULL: u16 = 0x0010;
/// The exponent that zero stands for: 2^16 + 1.
const DEFAULT_EXPONENT: u32 = 65_537;

/// The public area of an RSA key that is not a storage parent, unverified. It borrows its input.
///
/// Shape: TPMT_PUBLIC, big-endian: `type`, `nameAlg` (2 bytes each), `objectAttributes` (4), `authPolicy`
/// (TPM2B), TPMS_RSA_PARMS, `unique` (TPM2B). A key of 2048 bits without a policy and a scheme has 278
/// bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 12.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaPublic<'a> {
    /// `nameAlg`, 2 bytes: the hash of the Name and of the policy, a TPM_ALG_ID.
    pub name_alg: u16,
    /// `objectAttributes`, 4 bytes.
    pub attributes: ObjectAttributes,
    /// `authPolicy`: the digest of the authorisation policy, as long as a digest of `name_alg`; empty without
    /// a policy.
    pub auth_policy: &'a [u8],
    /// `scheme`: the only scheme of the key; `None` (TPM_ALG_NULL) if each use selects one.
    pub scheme: Option<RsaScheme>,
    /// `keyBits`, 2 bytes: the size of the modulus in bits, 1024, 2048, 3072 or 4096.
    pub key_bits: u16,
    /// `exponent`, 4 bytes; 65537 where the field is zero.
    pub exponent: u32,
    /// `unique`: the modulus, big-endian, `key_bits / 8` bytes; its highest bit is set.
    pub modulus: &'a [u8],
}

impl<'a> RsaPublic<'a> {
    /// Parses a public area, which must fill `bytes`, without the size of a TPM2B_PUBLIC: see
    /// [`public_bytes`].
    ///
    /// # Errors
    /// More than [`MAX_PUBLIC_BYTES`]; another type than TPM_ALG_RSA; an unsupported hash, symmetric algorithm,
    /// scheme or key size; a reserved attribute; a policy or a modulus of another length than its hash or
    /// its key; an invalid exponent; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "TPMT_PUBLIC";
        if bytes.len() > MAX_PUBLIC_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 1024 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            kind(reader)?;
            let (name_alg, digest_bytes) = name_alg(reader)?;
            let attributes = ObjectAttributes::read(reader)?;
            let auth_policy = auth_policy(reader, digest_bytes)?;
            symmetric(reader)?;
            let scheme = RsaScheme::read(reader)?;
            let key_bits = key_bits(reader)?;
            let exponent = exponent(reader)?;
            let modulus = modulus(reader, key_bits)?;
            Ok(Self { name_alg, attributes, auth_policy, scheme, key_bits, exponent, modulus })
        })
    }
}

/// The TPMT_PUBLIC in `bytes`: without the size (2 bytes) of a TPM2B_PUBLIC, otherwise `bytes` unchanged.
/// A Name does not cover the size.
///
/// The forms are unambiguous: the TPMT_PUBLIC of an RSA key begins with `0001`, which as a size would
/// leave one byte.
#[must_use]
pub fn public_bytes(bytes: &[u8]) -> &[u8] {
    without_size(bytes, MAX_PUBLIC_BYTES)
}

fn kind(reader: &mut Reader<'_>) -> Result<(), Error> {
    let at = reader.at();
    let kind = match u16_be(reader, "TPMT_PUBLIC: type")? {
        RSA => return Ok(()),
        // A keyed hash, a key on a curve, a symmetric cipher.
        0x0008 | 0x0023 | 0x0025 => ErrorKind::Unsupported,
        _ => ErrorKind::Value,
    };
    Err(at.error(kind, "TPMT_PUBLIC: type", "TPM_ALG_RSA (0001)"))
}

/// The hash of the Name, and its digest size in bytes.
fn name_alg(reader: &mut Reader<'_>) -> Result<(u16, usize), Error> {
    let at = reader.at();
    let algorithm = u16_be(reader, "TPMT_PUBLIC: nameAlg")?;
    let size = digest_bytes(algorithm).ok_or(at.error(
        ErrorKind::Unsupported,
        "TPMT_PUBLIC: nameAlg",
        "a hash that is known: of SHA-1, SHA-2, SHA-3 or SM3",
    ))?;
    Ok((algorithm, size))
}

/// TPM2B_DIGEST: none, or one of the name's hash.
fn auth_policy<'a>(reader: &mut Reader<'a>, digest_bytes: usize) -> Result<&'a [u8], Error> {
    const WHAT: &str = "TPMT_PUBLIC: authPolicy";
    let at = reader.at();
    let size = usize::from(u16_be(reader, WHAT)?);
    if size != 0 && size != digest_bytes {
        return Err(at.error(ErrorKind::Value, WHAT, "no bytes, or a digest of nameAlg"));
    }
    reader.take(size, WHAT)
}

/// Only parents of other keys have a symmetric algorithm.
fn symmetric(reader: &mut Reader<'_>) -> Result<(), Error> {
    let at = reader.at();
    match u16_be(reader, "TPMT_PUBLIC: symmetric")? {
        NULL => Ok(()),
        _ => Err(at.error(
            ErrorKind::Unsupported,
            "TPMT_PUBLIC: symmetric",
            "TPM_ALG_NULL (0010): a key that is no parent of others",
        )),
    }
}

fn key_bits(reader: &mut Reader<'_>) -> Result<u16, Error> {
    let at = reader.at();
    match u16_be(reader, "TPMT_PUBLIC: keyBits")? {
        bits @ (1024 | 2048 | 3072 | 4096) => Ok(bits),
        _ => Err(at.error(ErrorKind::Unsupported, "TPMT_PUBLIC: keyBits", "1024, 2048, 3072 or 4096")),
    }
}

fn exponent(reader: &mut Reader<'_>) -> Result<u32, Error> {
    let at = reader.at();
    match u32_be(reader, "TPMT_PUBLIC: exponent")? {
        0 => Ok(DEFAULT_EXPONENT),
        exponent if exponent > 2 && exponent & 1 == 1 => Ok(exponent),
        _ => Err(at.error(ErrorKind::Value, "TPMT_PUBLIC: exponent", "0 for 65537, or an odd number from 3")),
    }
}

/// TPM2B_PUBLIC_KEY_RSA: as long as the key.
fn modulus<'a>(reader: &mut Reader<'a>, key_bits: u16) -> Result<&'a [u8], Error> {
    const WHAT: &str = "TPMT_PUBLIC: unique";
    let at = reader.at();
    let size = u16_be(reader, WHAT)?;
    if size != key_bits / 8 {
        return Err(at.error(ErrorKind::Value, WHAT, "a modulus of keyBits"));
    }
    let at = reader.at();
    let modulus = reader.take(usize::from(size), WHAT)?;
    match modulus.first() {
        Some(first) if first & 0x80 != 0 => Ok(modulus),
        _ => Err(at.error(ErrorKind::Value, WHAT, "a modulus whose highest bit is set")),
    }
}
