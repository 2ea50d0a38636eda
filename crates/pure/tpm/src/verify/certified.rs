//! Verification of certified keys: the only code that makes [`CertifiedKey`].
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 8.3 (TPMA_OBJECT) and 12.2.4 (TPMT_PUBLIC), Part 3
//! (TPM2_Certify; section 23.7, TPM2_PolicyPCR).

use core::ops::Range;

use teeproof_core::{Crypto, Hex, Record, RsaKey};
use teeproof_wire::tpm::{
    Certification, ObjectAttributes, RsaPublic, RsaScheme, SHA256, Selection, policy_pcr, public_bytes,
};

use super::attested::{EXPONENT, verify_attestation};
use super::{TpmVerification, VerifiedPcrs, pcr_digest};
use crate::name::object_name;
use crate::{CertificationError as Error, CertificationEvidence, CertifiedKeyProblem, checks};

/// The TPM created the key, the key cannot leave it, and decrypts.
const REQUIRED: ObjectAttributes = ObjectAttributes::FIXED_TPM
    .union(ObjectAttributes::FIXED_PARENT)
    .union(ObjectAttributes::SENSITIVE_DATA_ORIGIN)
    .union(ObjectAttributes::DECRYPT);
/// The key would decrypt only the TPM's own structures, also sign, or accept a password.
const FORBIDDEN: ObjectAttributes =
    ObjectAttributes::RESTRICTED.union(ObjectAttributes::SIGN).union(ObjectAttributes::USER_WITH_AUTH);

/// Offsets of nameAlg in TPMT_PUBLIC.
const NAME_ALG: Range<usize> = 2..4;
/// The size and the exponent of accepted keys.
const BITS: u16 = 2048;
/// The same as [`EXPONENT`].
const EXPONENT_VALUE: u32 = 65_537;

/// A key certified by the attestation key as one of the same TPM, usable only under a policy.
///
/// Only [`verify_certification`] makes it; it borrows the bytes whose signature and Name were verified. The
/// policy itself is verified by [`verify_policy`](Self::verify_policy).
#[derive(Clone, Copy, Debug)]
pub struct CertifiedKey<'a> {
    certification: Certification<'a>,
    public: RsaPublic<'a>,
    public_bytes: &'a [u8],
}

/// Verifies that an RSA key is in the TPM of the attestation key and usable only under a policy.
///
/// Proves: a key with this public area was in the TPM when the attestation key signed; for this nonce, unless
/// freshness is waived. The TPM created the key, the key cannot leave the TPM and only decrypts, and its use
/// needs its policy. It has 2048 bits and the exponent 65537.
/// Does not prove: that the attestation key is a TPM's (the caller establishes that), or what the policy
/// requires ([`CertifiedKey::verify_policy`]).
///
/// One signature, two hashes of fixed length and one of the public area after it.
///
/// # Errors
/// The first failed check; each passed check was recorded before.
pub fn verify_certification<'a>(
    evidence: &CertificationEvidence<'a>,
    verification: &TpmVerification<'_>,
    record: &mut dyn Record,
) -> Result<CertifiedKey<'a>, Error> {
    let certification: Certification<'_> =
        verify_attestation(evidence.message, evidence.signature, verification, record)?;

    let public_bytes = public_bytes(evidence.public);
    check_name(certification.name, public_bytes, verification.crypto)?;
    let count = public_bytes.len();
    record.pass(checks::KEY_NAME, &format_args!("SHA-256 over the {count} bytes of TPMT_PUBLIC"));

    let public = RsaPublic::parse(public_bytes).map_err(Error::Public)?;
    record.pass(checks::KEY_PUBLIC, &"TPMT_PUBLIC of an RSA key, to its last byte");

    check_public(&public).map_err(Error::Key)?;
    record.pass(checks::KEY_ATTRIBUTES, &format_args!("{}; a policy and no password", public.attributes));
    Ok(CertifiedKey { certification, public, public_bytes })
}

/// Checks that the certified Name is that of the public area. Of the area, only nameAlg is read before.
fn check_name(name: &[u8], public: &[u8], crypto: &Crypto) -> Result<(), Error> {
    let algorithm = match name.first_chunk() {
        Some(algorithm) => u16::from_be_bytes(*algorithm),
        None => return Err(Error::Name),
    };
    if algorithm != SHA256 {
        return Err(Error::NameAlgorithm(algorithm));
    }
    let same = public.get(NAME_ALG) == Some(&SHA256.to_be_bytes()) && name == object_name(public, crypto);
    if same { Ok(()) } else { Err(Error::Name) }
}

/// Checks the attributes, scheme, policy, size and exponent of the key.
fn check_public(public: &RsaPublic<'_>) -> Result<(), CertifiedKeyProblem> {
    let lacks = REQUIRED.difference(public.attributes);
    if !lacks.is_empty() {
        return Err(CertifiedKeyProblem::Lacks(lacks));
    }
    let has = FORBIDDEN.intersection(public.attributes);
    if !has.is_empty() {
        return Err(CertifiedKeyProblem::Has(has));
    }
    if public.scheme.is_some_and(RsaScheme::signs) {
        return Err(CertifiedKeyProblem::Scheme);
    }
    if public.auth_policy.is_empty() {
        return Err(CertifiedKeyProblem::NoPolicy);
    }
    if public.key_bits != BITS {
        return Err(CertifiedKeyProblem::Bits(public.key_bits));
    }
    if public.exponent != EXPONENT_VALUE {
        return Err(CertifiedKeyProblem::Exponent(public.exponent));
    }
    Ok(())
}

impl<'a> CertifiedKey<'a> {
    /// Verifies that the key is usable only while these PCRs of the SHA-256 bank have the verified values: its
    /// policy is TPM2_PolicyPCR over exactly these PCRs, and nothing else.
    ///
    /// Proves: the TPM decrypts with the key only in this state.
    /// Does not prove: that these PCRs cover the software that matters; the relying party chooses them.
    ///
    /// Two hashes, of at most 24 values and of fixed length.
    ///
    /// # Errors
    /// The selection is of another bank, or empty; one of its PCRs was not verified; the key has another policy.
    pub fn verify_policy(
        &self,
        pcrs: &VerifiedPcrs,
        selection: Selection,
        crypto: &Crypto,
        record: &mut dyn Record,
    ) -> Result<(), Error> {
        let values = verified_digest(pcrs, selection, crypto)?;
        let policy = crypto.sha256.digest(&[&policy_pcr(selection, &values)]);
        if self.public.auth_policy != policy {
            return Err(Error::Policy);
        }
        let (count, policy) = (selection.count(), Hex(&policy));
        record.pass(checks::KEY_POLICY, &format_args!("TPM2_PolicyPCR over {count} PCRs, {policy}"));
        Ok(())
    }

    /// The RSA key, for encryption.
    #[must_use]
    pub const fn key(&self) -> RsaKey<'a> {
        RsaKey { modulus: self.public.modulus, exponent: EXPONENT }
    }

    /// The key's public area, TPMT_PUBLIC.
    #[must_use]
    pub const fn public(&self) -> &RsaPublic<'a> {
        &self.public
    }

    /// The bytes of TPMT_PUBLIC, without a size: their hash is the certified Name.
    #[must_use]
    pub const fn public_bytes(&self) -> &'a [u8] {
        self.public_bytes
    }

    /// The key's Name, 34 bytes: TPM_ALG_SHA256 and the SHA-256 of its public area.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.certification.name
    }

    /// The certification's TPMS_ATTEST: extraData, clockInfo, and the key's Name.
    #[must_use]
    pub const fn certification(&self) -> &Certification<'a> {
        &self.certification
    }
}

/// The digest of the verified values of these PCRs.
fn verified_digest(pcrs: &VerifiedPcrs, selection: Selection, crypto: &Crypto) -> Result<[u8; 32], Error> {
    if selection.bank != SHA256 {
        return Err(Error::Bank(selection.bank));
    }
    if selection.bitmap == 0 {
        return Err(Error::NoPcr);
    }
    // This includes PCRs above 23, which no TPM has and the digest would leave out.
    let unverified = selection.bitmap & !pcrs.selection.bitmap;
    if unverified != 0 {
        let index = u8::try_from(unverified.trailing_zeros()).unwrap_or(u8::MAX);
        return Err(Error::PcrUnverified(index));
    }
    pcr_digest(selection, |index| pcrs.get(index), crypto).map_err(Error::PcrUnverified)
}
