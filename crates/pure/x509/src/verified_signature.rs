//! A signature that was verified.

use teeproof_wire::certificate::{Certificate, PublicKey, SignatureAlgorithm};
use teeproof_wire::crl::RevocationList;

use crate::{Problem, SignatureChecks, verify_signature};

/// A signature that was verified: these bytes, under the key of this certificate.
///
/// It is only made where a signature was verified: see [`crate::AnchoredPath::signatures`],
/// [`crate::VerifiedRevocationList::signature`] and [`verify_statement`]. The signature stays valid;
/// whether anything may rest on it (validity, revocation, names) is checked anew each time.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedSignature<'a> {
    signer: &'a [u8],
    signed: &'a [u8],
    signature: Signature<'a>,
}

/// A signature in the bytes of the certificate, or in the fixed form of the crypto table.
#[derive(Clone, Copy, Debug)]
enum Signature<'a> {
    Encoded(&'a [u8]),
    Fixed([u8; 96]),
}

/// Verifies a statement under a certificate's key: ECDSA on P-384 with SHA-384, `r ‖ s`.
///
/// # Errors
/// [`Problem::Algorithm`] for a key of another kind, [`Problem::Signature`] when it does not hold,
/// [`Problem::TooManySignatures`] when the budget is spent.
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
    Ok(VerifiedSignature { signer: signer.der(), signed, signature: Signature::Fixed(signature) })
}

/// Verifies what an issuer signed as X.509 has it: a certificate, or a revocation list.
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
    /// What [`verify_issued`] found; only for those who called it.
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

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &[u8] {
        match &self.signature {
            Signature::Encoded(bytes) => bytes,
            Signature::Fixed(bytes) => bytes,
        }
    }
}
