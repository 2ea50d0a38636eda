//! Public keys and signature algorithms. Algorithms are compared by their meaning, not by their bytes:
//! the RSASSA-PSS parameters of real certificates have two valid encodings.

use core::fmt;

use crate::der::{self, Element, tag};
use crate::describe::HexBytes;
use crate::owned::Place;
use crate::{Describe, DescribedField, Error, ErrorKind, FieldValue, Reader, Visitor};

/// The signature algorithm of a certificate or a revocation list (RFC 5280, section 4.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// ECDSA with SHA-256; the curve is the issuer's.
    EcdsaSha256,
    /// ECDSA with SHA-384; the curve is the issuer's.
    EcdsaSha384,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes (RFC 4055, section 3.1).
    RsaPssSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// Another algorithm, or one of these with parameters that it must not have.
    Unknown,
}

mod oid {
    pub(super) const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
    pub(super) const SECP256R1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    pub(super) const SECP384R1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
    pub(super) const ECDSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    pub(super) const ECDSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
    pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
    pub(super) const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
    pub(super) const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
    pub(super) const RSA_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
    pub(super) const RSA_SHA384: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c];
    pub(super) const RSA_SHA512: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d];
    pub(super) const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
}

/// An AlgorithmIdentifier: its object identifier and its parameters, where there are any.
type Identifier<'a> = (&'a [u8], Option<Element<'a>>);

fn identifier<'a>(element: &Element<'a>, what: &'static str) -> Result<Identifier<'a>, Error> {
    element.read(what, |reader| {
        let oid = der::tagged(reader, tag::OBJECT_IDENTIFIER, what)?.contents;
        let parameters = if reader.is_empty() { None } else { Some(der::element(reader, what)?) };
        Ok((oid, parameters))
    })
}

fn is_null(parameters: Option<Element<'_>>) -> bool {
    parameters.is_some_and(|element| element.tag == tag::NULL && element.contents.is_empty())
}

impl SignatureAlgorithm {
    /// Parses an AlgorithmIdentifier.
    ///
    /// # Errors
    /// Bytes that are not an AlgorithmIdentifier. An unknown algorithm is [`SignatureAlgorithm::Unknown`].
    pub fn parse(element: &Element<'_>) -> Result<Self, Error> {
        let (oid, parameters) = identifier(element, "signature algorithm")?;
        Ok(match oid {
            oid::ECDSA_SHA256 if parameters.is_none() => Self::EcdsaSha256,
            oid::ECDSA_SHA384 if parameters.is_none() => Self::EcdsaSha384,
            oid::RSA_SHA256 if is_null(parameters) => Self::RsaPkcs1Sha256,
            oid::RSA_SHA384 if is_null(parameters) => Self::RsaPkcs1Sha384,
            oid::RSA_SHA512 if is_null(parameters) => Self::RsaPkcs1Sha512,
            oid::RSA_PSS => match parameters {
                Some(parameters) if pss_is_sha384(&parameters)? => Self::RsaPssSha384,
                _ => Self::Unknown,
            },
            _ => Self::Unknown,
        })
    }
}

/// Whether RSASSA-PSS parameters mean SHA-384, MGF1 with SHA-384, salt 48 and trailer 1, however
/// they are written (RFC 4055, section 3.1): the trailer may be spelled out or left to its default.
fn pss_is_sha384(parameters: &Element<'_>) -> Result<bool, Error> {
    const WHAT: &str = "RSASSA-PSS parameters";
    if parameters.tag != tag::SEQUENCE {
        return Ok(false);
    }
    parameters.read(WHAT, |reader| {
        let hash = der::optional(reader, tag::context(0), WHAT)?;
        let mask = der::optional(reader, tag::context(1), WHAT)?;
        let salt = der::optional(reader, tag::context(2), WHAT)?;
        let trailer = der::optional(reader, tag::context(3), WHAT)?;
        let (Some(hash), Some(mask), Some(salt)) = (hash, mask, salt) else {
            return Ok(false);
        };
        let hash = hash.read(WHAT, |reader| is_sha384(&der::tagged(reader, tag::SEQUENCE, WHAT)?))?;
        let mask = mask.read(WHAT, |reader| {
            let (oid, inner) = identifier(&der::tagged(reader, tag::SEQUENCE, WHAT)?, WHAT)?;
            Ok(oid == oid::MGF1 && inner.map_or(Ok(false), |inner| is_sha384(&inner))?)
        })?;
        let salt = salt.read(WHAT, |reader| der::element(reader, WHAT)?.small(WHAT))?;
        let trailer = trailer
            .map(|trailer| trailer.read(WHAT, |reader| der::element(reader, WHAT)?.small(WHAT)))
            .transpose()?;
        Ok(hash && mask && salt == 48 && trailer.unwrap_or(1) == 1)
    })
}

fn is_sha384(element: &Element<'_>) -> Result<bool, Error> {
    let (oid, parameters) = identifier(element, "hash algorithm")?;
    Ok(oid == oid::SHA384 && (parameters.is_none() || is_null(parameters)))
}

impl FieldValue for SignatureAlgorithm {}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaSha256 => "ecdsa-with-SHA256",
            Self::EcdsaSha384 => "ecdsa-with-SHA384",
            Self::RsaPssSha384 => "RSASSA-PSS, SHA-384, MGF1 with SHA-384, salt 48",
            Self::RsaPkcs1Sha256 => "sha256WithRSAEncryption",
            Self::RsaPkcs1Sha384 => "sha384WithRSAEncryption",
            Self::RsaPkcs1Sha512 => "sha512WithRSAEncryption",
            Self::Unknown => "an algorithm or parameters that are not supported",
        })
    }
}

/// A subject's public key (SubjectPublicKeyInfo; RFC 5280, section 4.1.2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey<'a> {
    /// A point on P-256, uncompressed: `04 ‖ x ‖ y`. Whether it is on the curve is not checked here.
    P256(&'a [u8; 65]),
    /// A point on P-384, uncompressed: `04 ‖ x ‖ y`. Whether it is on the curve is not checked here.
    P384(&'a [u8; 97]),
    /// An RSA key (RSAPublicKey); both numbers are big-endian, without leading zero bytes.
    Rsa {
        /// The modulus.
        modulus: &'a [u8],
        /// The public exponent.
        exponent: &'a [u8],
    },
    /// Another algorithm or curve.
    Unknown,
}

/// The places of a key's numbers in a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) enum PublicKeyLayout {
    P256(Place),
    P384(Place),
    Rsa { modulus: Place, exponent: Place },
    Unknown,
}

impl PublicKeyLayout {
    pub(super) fn view(self, whole: &[u8]) -> PublicKey<'_> {
        match self {
            Self::P256(point) => point.slice(whole).first_chunk().map_or(PublicKey::Unknown, PublicKey::P256),
            Self::P384(point) => point.slice(whole).first_chunk().map_or(PublicKey::Unknown, PublicKey::P384),
            Self::Rsa { modulus, exponent } => {
                PublicKey::Rsa { modulus: modulus.slice(whole), exponent: exponent.slice(whole) }
            }
            Self::Unknown => PublicKey::Unknown,
        }
    }
}

impl PublicKey<'_> {
    pub(super) fn layout(&self, whole: &[u8]) -> PublicKeyLayout {
        match *self {
            Self::P256(point) => PublicKeyLayout::P256(Place::new(point, whole)),
            Self::P384(point) => PublicKeyLayout::P384(Place::new(point, whole)),
            Self::Rsa { modulus, exponent } => PublicKeyLayout::Rsa {
                modulus: Place::new(modulus, whole),
                exponent: Place::new(exponent, whole),
            },
            Self::Unknown => PublicKeyLayout::Unknown,
        }
    }
}

impl<'a> PublicKey<'a> {
    /// Parses a SubjectPublicKeyInfo, which must fill `der`.
    ///
    /// # Errors
    /// Bytes that are not a SubjectPublicKeyInfo. An unknown algorithm is [`PublicKey::Unknown`].
    pub fn parse(der: &'a [u8]) -> Result<Self, Error> {
        Reader::all(der, 0, "certificate: subjectPublicKeyInfo", Self::read)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        const WHAT: &str = "certificate: subjectPublicKeyInfo";
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let (oid, parameters) = identifier(&der::tagged(reader, tag::SEQUENCE, WHAT)?, WHAT)?;
            let bits = der::tagged(reader, tag::BIT_STRING, WHAT)?;
            let octets = bits.octets_of_bits(WHAT)?;
            let curve =
                parameters.filter(|curve| curve.tag == tag::OBJECT_IDENTIFIER).map(|curve| curve.contents);
            match (oid, curve) {
                (oid::EC_PUBLIC_KEY, Some(oid::SECP256R1)) => Ok(Self::P256(point(octets, bits.offset)?)),
                (oid::EC_PUBLIC_KEY, Some(oid::SECP384R1)) => Ok(Self::P384(point(octets, bits.offset)?)),
                (oid::RSA, None) if is_null(parameters) => rsa(octets, bits.offset),
                _ => Ok(Self::Unknown),
            }
        })
    }

    pub(super) fn describe_in_certificate(&self, visitor: &mut dyn Visitor) {
        visitor.open("subjectPublicKeyInfo");
        self.describe(visitor);
        visitor.close();
    }
}

impl Describe for PublicKey<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        match self {
            Self::P256(point) => {
                visitor.field(DescribedField::new("algorithm", &"id-ecPublicKey, secp256r1"));
                visitor.field(DescribedField::new("subjectPublicKey", &HexBytes(*point)));
            }
            Self::P384(point) => {
                visitor.field(DescribedField::new("algorithm", &"id-ecPublicKey, secp384r1"));
                visitor.field(DescribedField::new("subjectPublicKey", &HexBytes(*point)));
            }
            Self::Rsa { modulus, exponent } => {
                visitor.field(DescribedField::new("algorithm", &"rsaEncryption"));
                visitor.field(DescribedField::new("modulus", &HexBytes(modulus)));
                visitor.field(DescribedField::new("publicExponent", &HexBytes(exponent)));
            }
            Self::Unknown => visitor.field(DescribedField::new("algorithm", &"not supported")),
        }
    }
}

fn point<const N: usize>(octets: &[u8], offset: usize) -> Result<&[u8; N], Error> {
    octets.try_into().ok().filter(|point: &&[u8; N]| point.first() == Some(&4)).ok_or(Error::new(
        ErrorKind::Value,
        "certificate: subjectPublicKey",
        offset,
        "an uncompressed point of the curve",
    ))
}

fn rsa(octets: &[u8], offset: usize) -> Result<PublicKey<'_>, Error> {
    const WHAT: &str = "certificate: RSAPublicKey";
    // The BIT STRING's first octet, the count of unused bits, stands before the key.
    Reader::all(octets, offset.saturating_add(1), WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let modulus = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            let exponent = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            Ok(PublicKey::Rsa { modulus, exponent })
        })
    })
}

/// Converts an ECDSA signature of a certificate (ECDSA-Sig-Value: `SEQUENCE { r, s }`) into `r ‖ s`, big-endian,
/// each of `N / 2` bytes; `None` for other bytes, or numbers that are too long.
#[must_use]
pub fn ecdsa_fixed<const N: usize>(signature: &[u8]) -> Option<[u8; N]> {
    const WHAT: &str = "ECDSA signature";
    let mut fixed = [0; N];
    let (r, s) = Reader::all(signature, 0, WHAT, |reader| {
        der::nested(reader, tag::SEQUENCE, WHAT, |reader| {
            let r = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            let s = der::tagged(reader, tag::INTEGER, WHAT)?.unsigned(WHAT)?;
            Ok((r, s))
        })
    })
    .ok()?;
    let (left, right) = fixed.split_at_mut_checked(N.div_euclid(2))?;
    for (half, number) in [(left, r), (right, s)] {
        let start = half.len().checked_sub(number.len())?;
        half.get_mut(start..)?.copy_from_slice(number);
    }
    Some(fixed)
}
