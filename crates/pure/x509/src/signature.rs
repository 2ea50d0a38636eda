//! Signatures of certificates, revocation lists and reports: verification, and the proof of it.

use teeproof_core::{BadSignature, Crypto, RsaKey};
use teeproof_wire::certificate::{Certificate, PublicKey, SignatureAlgorithm, ecdsa_fixed};
use teeproof_wire::crl::RevocationList;

use crate::{Problem, SignatureChecks};

/// A verified signature: the signer's certificate, the signed bytes and the signature.
///
/// Made by [`crate::AnchoredPath::signatures`], [`crate::VerifiedRevocationList::signature`],
/// [`verify_statement`] and [`verify_p256_statement`] only. It says nothing about validity, revocation or
/// names, which every verification checks anew.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedSignature<'a> {
    signer: &'a [u8],
    signed: &'a [u8],
    signature: Signature<'a>,
}

/// A signature as encoded in a certificate, or in the fixed form of the crypto table (`r ‖ s`).
#[derive(Clone, Copy, Debug)]
enum Signature<'a> {
    Encoded(&'a [u8]),
    P384([u8; 96]),
    P256([u8; 64]),
}

/// Verifies a signature under a certificate's key: ECDSA on P-384 with SHA-384, `r ‖ s`, big-endian.
///
/// # Errors
/// [`Problem::Algorithm`] for a key of another kind, [`Problem::Signature`] for an invalid signature,
/// [`Problem::TooManySignatures`] if the budget is spent.
pub fn verify_statement<'a>(
    signer: &Certificate<'a>,
    signed: &'a [u8],
    signature: [u8; 96],
    checks: &SignatureChecks<'_>,
) -> Result<VerifiedSignature<'a>, Problem> {
    let PublicKey::P384(point) = signer.public_key() else {
        return Err(Problem::Algorithm);
    };
    checks.budget.spend()?;
    if !checks.cache.contains(signer.der(), signed, &signature) {
        let table = checks.crypto.ecdsa_p384_sha384;
        table.verify(point, &[signed], &signature).map_err(|_| Problem::Signature)?;
    }
    Ok(VerifiedSignature { signer: signer.der(), signed, signature: Signature::P384(signature) })
}

/// Verifies a signature under a certificate's key: ECDSA on P-256 with SHA-256, `r ‖ s`, big-endian.
///
/// # Errors
/// [`Problem::Algorithm`] for a key of another kind, [`Problem::Signature`] for an invalid signature,
/// [`Problem::TooManySignatures`] if the budget is spent.
pub fn verify_p256_statement<'a>(
    signer: &Certificate<'a>,
    signed: &'a [u8],
    signature: [u8; 64],
    checks: &SignatureChecks<'_>,
) -> Result<VerifiedSignature<'a>, Problem> {
    let PublicKey::P256(point) = signer.public_key() else {
        return Err(Problem::Algorithm);
    };
    checks.budget.spend()?;
    if !checks.cache.contains(signer.der(), signed, &signature) {
        let table = checks.crypto.ecdsa_p256_sha256;
        table.verify(point, &[signed], &signature).map_err(|_| Problem::Signature)?;
    }
    Ok(VerifiedSignature { signer: signer.der(), signed, signature: Signature::P256(signature) })
}

/// Verifies the issuer's signature over a certificate or a revocation list.
pub(crate) fn verify_issued(
    issuer: &Certificate<'_>,
    issued: Issued<'_>,
    checks: &SignatureChecks<'_>,
) -> Result<(), Problem> {
    let Issued { algorithm, tbs, signature } = issued;
    checks.budget.spend()?;
    if checks.cache.contains(issuer.der(), tbs, signature) {
        return Ok(());
    }
    verify_signature(issuer.public_key(), algorithm, tbs, signature, checks.crypto)
}

/// The signed parts of a certificate or a revocation list.
#[derive(Clone, Copy)]
pub(crate) struct Issued<'a> {
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) tbs: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> From<&Certificate<'a>> for Issued<'a> {
    fn from(one: &Certificate<'a>) -> Self {
        Self { algorithm: one.algorithm(), tbs: one.tbs(), signature: one.signature() }
    }
}

impl<'a> From<&RevocationList<'a>> for Issued<'a> {
    fn from(one: &RevocationList<'a>) -> Self {
        Self { algorithm: one.algorithm(), tbs: one.tbs(), signature: one.signature() }
    }
}

impl<'a> VerifiedSignature<'a> {
    /// The signature that [`verify_issued`] has verified; for its callers only.
    pub(crate) const fn issued(signer: &Certificate<'a>, tbs: &'a [u8], signature: &'a [u8]) -> Self {
        Self { signer: signer.der(), signed: tbs, signature: Signature::Encoded(signature) }
    }

    /// The signer's certificate, DER.
    #[must_use]
    pub const fn signer(&self) -> &'a [u8] {
        self.signer
    }

    /// The signed bytes.
    #[must_use]
    pub const fn signed(&self) -> &'a [u8] {
        self.signed
    }

    /// Whether this is the signature of that signer over those bytes.
    pub(crate) fn is(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        self.signature() == signature && self.signed == signed && self.signer == signer
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &[u8] {
        match &self.signature {
            Signature::Encoded(bytes) => bytes,
            Signature::P384(bytes) => bytes,
            Signature::P256(bytes) => bytes,
        }
    }
}

/// Verifies an X.509 signature over `signed`.
///
/// # Errors
/// [`Problem::Algorithm`] if key and algorithm are not a supported pair, [`Problem::Signature`] if the
/// signature is invalid.
pub fn verify_signature(
    key: PublicKey<'_>,
    algorithm: SignatureAlgorithm,
    signed: &[u8],
    signature: &[u8],
    crypto: &Crypto,
) -> Result<(), Problem> {
    use SignatureAlgorithm as Algorithm;
    let verified = match (key, algorithm) {
        (PublicKey::P384(point), Algorithm::EcdsaSha384) => ecdsa_fixed::<96>(signature)
            .ok_or(BadSignature)
            .and_then(|fixed| crypto.ecdsa_p384_sha384.verify(point, &[signed], &fixed)),
        (PublicKey::P256(point), Algorithm::EcdsaSha256) => ecdsa_fixed::<64>(signature)
            .ok_or(BadSignature)
            .and_then(|fixed| crypto.ecdsa_p256_sha256.verify(point, &[signed], &fixed)),
        (PublicKey::Rsa { modulus, exponent }, algorithm) => {
            let table = match algorithm {
                Algorithm::RsaPssSha384 => crypto.rsa_pss_sha384,
                Algorithm::RsaPkcs1Sha256 => crypto.rsa_pkcs1_sha256,
                Algorithm::RsaPkcs1Sha384 => crypto.rsa_pkcs1_sha384,
                Algorithm::RsaPkcs1Sha512 => crypto.rsa_pkcs1_sha512,
                _ => return Err(Problem::Algorithm),
            };
            table.verify(RsaKey { modulus, exponent }, &[signed], signature)
        }
        _ => return Err(Problem::Algorithm),
    };
    verified.map_err(|BadSignature| Problem::Signature)
}
