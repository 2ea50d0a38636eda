//! A key pair of the cryptographic library.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RsaEncoding,
    RsaKeyPair, RsaPssSaltLength, RsaSignatureEncoding,
};

use super::{Kind, Scheme};
use crate::x509::der;

static PSS_SHA384_SALT_32: RsaSignatureEncoding =
    RSA_PSS_SHA384.with_pss_salt_length(RsaPssSaltLength::Custom(32));

/// A key pair, or the public half of one.
pub(super) enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    /// An RSAPublicKey in DER.
    Public(Vec<u8>),
}

impl Pair {
    pub(super) fn generate(kind: Kind) -> Option<Self> {
        let ecdsa = |algorithm| EcdsaKeyPair::generate(algorithm).ok().map(Self::Ecdsa);
        let rsa = |size| RsaKeyPair::generate(size).ok().map(Self::Rsa);
        match kind {
            Kind::P256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Kind::P384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Kind::Rsa2048 => rsa(KeySize::Rsa2048),
            Kind::Rsa3072 => rsa(KeySize::Rsa3072),
            Kind::Rsa4096 => rsa(KeySize::Rsa4096),
            Kind::Rsa8192 => rsa(KeySize::Rsa8192),
        }
    }

    /// A foreign RSA key with the usual exponent.
    pub(super) fn public_only(modulus: &[u8]) -> Self {
        Self::Public(der::sequence(&[der::unsigned(modulus), der::integer(65_537)]))
    }

    /// The RSA key in a PKCS #8 document, if it is of this kind.
    pub(super) fn from_pkcs8(kind: Kind, document: &[u8]) -> Option<Self> {
        let pair = RsaKeyPair::from_pkcs8(document).ok()?;
        // RSAPublicKey: 9 bytes before the modulus if its top bit is set, and 5 of the exponent 65537.
        let public = pair.public_key().as_ref();
        let is_usual = public.ends_with(&[0x02, 0x03, 0x01, 0x00, 0x01]);
        (is_usual && Some(public.len()) == kind.modulus_bytes().map(|len| len + 14))
            .then_some(Self::Rsa(pair))
    }

    /// The PKCS #8 document of an RSA key.
    pub(super) fn pkcs8(&self) -> Option<Vec<u8>> {
        let Self::Rsa(pair) = self else { return None };
        let document = AsDer::<Pkcs8V1Der<'_>>::as_der(pair).ok()?;
        Some(document.as_ref().to_vec())
    }

    pub(super) const fn is_public_only(&self) -> bool {
        matches!(self, Self::Public(_))
    }

    pub(super) fn public_key(&self) -> &[u8] {
        match self {
            Self::Public(key) => key,
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Rsa(pair) => pair.public_key().as_ref(),
        }
    }

    pub(super) fn sign(&self, scheme: Scheme, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match (self, encoding(scheme)) {
            (Self::Ecdsa(pair), None) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            (Self::Rsa(pair), Some(encoding)) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            _ => None,
        }
    }
}

fn encoding(scheme: Scheme) -> Option<&'static dyn RsaEncoding> {
    match scheme {
        Scheme::Ecdsa => None,
        Scheme::PssSha384 => Some(&RSA_PSS_SHA384),
        Scheme::PssSha384Salt32 => Some(&PSS_SHA384_SALT_32),
        Scheme::PssSha256 => Some(&RSA_PSS_SHA256),
        Scheme::Pkcs1Sha256 => Some(&RSA_PKCS1_SHA256),
        Scheme::Pkcs1Sha384 => Some(&RSA_PKCS1_SHA384),
        Scheme::Pkcs1Sha512 => Some(&RSA_PKCS1_SHA512),
    }
}
