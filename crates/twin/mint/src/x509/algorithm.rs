//! AlgorithmIdentifiers: what a certificate says about its signature.

use super::{Oid, der};
use crate::key::{Kind, Scheme};

/// The AlgorithmIdentifier of a signature, as a whole DER element.
///
/// It is what the certificate *says*; [`Scheme`] is how it is really signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Algorithm(pub Vec<u8>);

impl Algorithm {
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes, with trailerField written out: AMD's
    /// authorities and older leaves. DER would leave a default value out.
    #[must_use]
    pub fn pss_sha384() -> Self {
        Self::pss(&Oid::SHA384, 48, true)
    }

    /// The same without trailerField: AMD's leaves since 2024.
    #[must_use]
    pub fn pss_sha384_without_trailer() -> Self {
        Self::pss(&Oid::SHA384, 48, false)
    }

    /// RSASSA-PSS with one hash for message and mask, any salt, with or without trailerField.
    #[must_use]
    pub fn pss(hash: &Oid, salt_len: u8, trailer: bool) -> Self {
        let hash = der::sequence(&[hash.der(), der::null()]);
        let mask = der::sequence(&[Oid::MGF1.der(), hash.clone()]);
        let mut parameters = vec![
            der::context(0, &hash),
            der::context(1, &mask),
            der::context(2, &der::integer(salt_len.into())),
        ];
        if trailer {
            parameters.push(der::context(3, &der::integer(1)));
        }
        Self(der::sequence(&[Oid::RSASSA_PSS.der(), der::sequence(&parameters)]))
    }

    /// ecdsa-with-SHA384.
    #[must_use]
    pub fn ecdsa_sha384() -> Self {
        Self(der::sequence(&[Oid::ECDSA_WITH_SHA384.der()]))
    }

    /// ecdsa-with-SHA256.
    #[must_use]
    pub fn ecdsa_sha256() -> Self {
        Self(der::sequence(&[Oid::ECDSA_WITH_SHA256.der()]))
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 or SHA-384 by its identifier.
    #[must_use]
    pub fn pkcs1(oid: &Oid) -> Self {
        Self(der::sequence(&[oid.der(), der::null()]))
    }

    /// What a certificate truthfully says of a signature that a key of this kind makes so.
    #[must_use]
    pub fn of(kind: Kind, scheme: Scheme) -> Self {
        match (kind, scheme) {
            (Kind::P256, _) => Self::ecdsa_sha256(),
            (Kind::P384, _) | (_, Scheme::Ecdsa) => Self::ecdsa_sha384(),
            (_, Scheme::PssSha384) => Self::pss_sha384(),
            (_, Scheme::PssSha384Salt32) => Self::pss(&Oid::SHA384, 32, true),
            (_, Scheme::PssSha256) => Self::pss(&Oid::SHA256, 32, true),
            (_, Scheme::Pkcs1Sha256) => Self::pkcs1(&Oid::SHA256_WITH_RSA),
            (_, Scheme::Pkcs1Sha384) => Self::pkcs1(&Oid::SHA384_WITH_RSA),
            (_, Scheme::Pkcs1Sha512) => Self::pkcs1(&Oid::SHA512_WITH_RSA),
        }
    }
}
