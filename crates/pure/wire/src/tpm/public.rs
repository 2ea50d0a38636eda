//! The public area of an RSA key, TPMT_PUBLIC: what its name is the digest of.

mod attributes;
mod scheme;

pub use attributes::ObjectAttributes;
pub use scheme::RsaScheme;

use super::{digest_bytes, u16_be, u32_be, without_size};
use crate::{Error, ErrorKind, Reader};

/// No TPMT_PUBLIC of an RSA key comes near this.
pub const MAX_PUBLIC_BYTES: usize = 1024;

/// TPM_ALG_RSA.
const RSA: u16 = 0x0001;
/// TPM_ALG_NULL.
const NULL: u16 = 0x0010;
/// What an exponent of zero means: 2^16 + 1.
const DEFAULT_EXPONENT: u32 = 65_537;

/// The public area of an RSA key that is no parent of others, unverified. It borrows the bytes it
/// was read from.
///
/// Shape: TPMT_PUBLIC, big-endian. A key of 2048 bits without a policy and a scheme has 278 bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 12.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaPublic<'a> {
    /// The hash of the key's name and of its policy, a TPM_ALG_ID.
    pub name_alg: u16,
    /// What the key may do, and what may be done to it.
    pub attributes: ObjectAttributes,
    /// The digest of the policy that allows its use; empty without a policy.
    pub auth_policy: &'a [u8],
    /// The one scheme that the key is used with; `None` if each use names its own.
    pub scheme: Option<RsaScheme>,
    /// How many bits the modulus has: 1024, 2048, 3072 or 4096.
    pub key_bits: u16,
    /// The exponent; a zero was read as what it means, 65537.
    pub exponent: u32,
    /// The modulus, big-endian, as long as the key; its highest bit is set.
    pub modulus: &'a [u8],
}

impl<'a> RsaPublic<'a> {
    /// Reads a public area, which must fill `bytes`; a size prefix (TPM2B_PUBLIC) is not part of
    /// it: see [`public_bytes`].
    ///
    /// # Errors
    /// Another kind of key; a hash, symmetric algorithm, scheme or size that is not supported; an
    /// attribute that has no meaning; a policy or a modulus of another length than its hash or its
    /// key; an exponent that no key has; bytes after the end.
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

/// The bytes of the TPMT_PUBLIC itself: without the size, where `bytes` are exactly a
/// TPM2B_PUBLIC, and as they are otherwise. A name never covers the size.
///
/// The forms cannot be confused: the TPMT_PUBLIC of an RSA key begins with `0001`, which as a size
/// would leave one byte.
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

/// The hash of the name, and how long its digest is.
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
