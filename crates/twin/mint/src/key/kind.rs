//! Kinds of keys and their signatures.

use crate::x509::{Oid, der};

/// What kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// ECDSA on P-256, signing with SHA-256.
    P256,
    /// ECDSA on P-384, signing with SHA-384.
    P384,
    /// RSA with a modulus of 2048 bits.
    Rsa2048,
    /// RSA with a modulus of 3072 bits.
    Rsa3072,
    /// RSA with a modulus of 4096 bits.
    Rsa4096,
    /// RSA with a modulus of 8192 bits.
    Rsa8192,
}

/// How a signature is made, whatever the evidence says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// ECDSA with the hash that goes with the curve.
    Ecdsa,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes, AMD's choice.
    PssSha384,
    /// RSASSA-PSS with SHA-384 and a salt of 32 bytes: what a verifier must refuse.
    PssSha384Salt32,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    PssSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Pkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Pkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Pkcs1Sha512,
}

impl Kind {
    /// Default signature scheme of a key of this kind.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::P256 | Self::P384 => Scheme::Ecdsa,
            _ => Scheme::PssSha384,
        }
    }

    /// How long the modulus is. `None` for other keys than RSA.
    pub(crate) const fn modulus_bytes(self) -> Option<usize> {
        match self {
            Self::P256 | Self::P384 => None,
            Self::Rsa2048 => Some(256),
            Self::Rsa3072 => Some(384),
            Self::Rsa4096 => Some(512),
            Self::Rsa8192 => Some(1024),
        }
    }

    /// The kind of RSA key that has this modulus.
    pub(crate) fn of_modulus(modulus: &[u8]) -> Option<Self> {
        let known = [Self::Rsa2048, Self::Rsa3072, Self::Rsa4096, Self::Rsa8192];
        let kind = known.into_iter().find(|kind| kind.modulus_bytes() == Some(modulus.len()))?;
        // A modulus fills its length: its top bit is set.
        modulus.first().is_some_and(|&byte| byte >= 0x80).then_some(kind)
    }

    /// The order of the curve, big-endian.
    pub(crate) const fn order(self) -> Option<&'static [u8]> {
        match self {
            Self::P256 => Some(&P256_ORDER),
            Self::P384 => Some(&P384_ORDER),
            _ => None,
        }
    }

    /// The SubjectPublicKeyInfo around a public key of this kind.
    pub(crate) fn public_key_info(self, public_key: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::P256 => [Oid::EC_PUBLIC_KEY.der(), Oid::P256.der()],
            Self::P384 => [Oid::EC_PUBLIC_KEY.der(), Oid::P384.der()],
            _ => [Oid::RSA_ENCRYPTION.der(), der::null()],
        };
        der::sequence(&[der::sequence(&algorithm), der::bit_string(0, public_key)])
    }
}

const P256_ORDER: [u8; 32] = *b"\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\
    \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";

const P384_ORDER: [u8; 48] = *b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\
    \xff\xff\xff\xff\xff\xff\xff\xff\xc7\x63\x4d\x81\xf4\x37\x2d\xdf\
    \x58\x1a\x0d\xb2\x48\xb0\xa7\x7a\xec\xec\x19\x6a\xcc\xc5\x29\x73";
