//! From untrusted bytes to a key that secrets may be encrypted to: the one file that makes
//! [`CertifiedKey`].

use core::ops::Range;

use teeproof_core::{Crypto, Hex, Record, RsaKey};
use teeproof_wire::tpm::{
    Certification, ObjectAttributes, RsaPublic, RsaScheme, SHA256, Selection, policy_pcr, public_bytes,
};

use super::attested::{EXPONENT, attested};
use super::{TpmVerification, VerifiedPcrs, pcr_digest};
use crate::name::object_name;
use crate::{CertificationError as Error, CertificationEvidence, CertifiedKeyProblem, checks};

/// It was made in its TPM, never leaves it, and decrypts.
const DEMANDED: ObjectAttributes = ObjectAttributes::FIXED_TPM
    .union(ObjectAttributes::FIXED_PARENT)
    .union(ObjectAttributes::SENSITIVE_DATA_ORIGIN)
    .union(ObjectAttributes::DECRYPT);
/// It would decrypt the TPM's own structures alone, do more than decrypt, or obey a password.
const FORBIDDEN: ObjectAttributes =
    ObjectAttributes::RESTRICTED.union(ObjectAttributes::SIGN).union(ObjectAttributes::USER_WITH_AUTH);

/// Where nameAlg stands in TPMT_PUBLIC.
const NAME_ALG: Range<usize> = 2..4;
/// The size and the exponent of the one kind of key that is taken.
const BITS: u16 = 2048;
/// The same as [`EXPONENT`].
const EXPONENT_VALUE: u32 = 65_537;

/// A key of which the attestation key says that it is in the same TPM, and that a policy guards.
///
/// It can only be made by [`verify_certification`] and borrows the very bytes whose signature and
/// name were checked. What the policy says is known after [`verify_policy`](Self::verify_policy).
#[derive(Clone, Copy, Debug)]
pub struct CertifiedKey<'a> {
    certification: Certification<'a>,
    public: RsaPublic<'a>,
    public_bytes: &'a [u8],
}

/// Verifies that an RSA key is in the TPM of the attestation key, and guarded by a policy.
///
/// Proves: a key with this public area was in the TPM when the attestation key signed; for this
/// question, where a nonce is demanded. The TPM made it, it never leaves the TPM, decrypts and does
/// nothing else, and its policy alone allows its use. It has 2048 bits and the exponent 65537.
/// Does not prove: that the attestation key is a TPM's (the caller's business), or what the policy
/// says ([`CertifiedKey::verify_policy`]).
///
/// One signature, two hashes of fixed length and one of the public area after it.
///
/// # Errors
/// The first check that does not hold; every check that does was recorded before.
pub fn verify_certification<'a>(
    evidence: &CertificationEvidence<'a>,
    verification: &TpmVerification<'_>,
    record: &mut dyn Record,
) -> Result<CertifiedKey<'a>, Error> {
    let certification: Certification<'_> =
        attested(evidence.message, evidence.signature, verification, record)?;

    let public_bytes = public_bytes(evidence.public);
    named(certification.name, public_bytes, verification.crypto)?;
    let count = public_bytes.len();
    record.pass(checks::KEY_NAME, &format_args!("SHA-256 over the {count} bytes of TPMT_PUBLIC"));

    let public = RsaPublic::parse(public_bytes).map_err(Error::Public)?;
    record.pass(checks::KEY_PUBLIC, &"TPMT_PUBLIC of an RSA key, to its last byte");

    guarded(&public).map_err(Error::Key)?;
    record.pass(checks::KEY_ATTRIBUTES, &format_args!("{}; a policy and no password", public.attributes));
    Ok(CertifiedKey { certification, public, public_bytes })
}

/// The name that was certified is that of the public area as it came. Only the hash of the name is
/// read of the area before.
fn named(name: &[u8], public: &[u8], crypto: &Crypto) -> Result<(), Error> {
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

/// Nobody but this TPM has the key, and nothing but its policy allows its use.
fn guarded(public: &RsaPublic<'_>) -> Result<(), CertifiedKeyProblem> {
    let lacks = DEMANDED.difference(public.attributes);
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
    /// Verifies that the key works only while these registers of the SHA-256 bank have the values
    /// that were verified: its policy is TPM2_PolicyPCR over exactly them, and nothing else.
    ///
    /// Which registers say enough of what runs on the machine is the relying party's to decide.
    ///
    /// Two hashes, of at most 24 values and of fixed length.
    ///
    /// # Errors
    /// The selection is of another bank, or empty; a register of it was not verified; the key's
    /// policy is another.
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
        record.pass(checks::KEY_POLICY, &format_args!("TPM2_PolicyPCR over {count} registers, {policy}"));
        Ok(())
    }

    /// The key, to encrypt to.
    #[must_use]
    pub const fn key(&self) -> RsaKey<'a> {
        RsaKey { modulus: self.public.modulus, exponent: EXPONENT }
    }

    /// The key's public area: what it is named for, and what guards it.
    #[must_use]
    pub const fn public(&self) -> &RsaPublic<'a> {
        &self.public
    }

    /// The same as bytes, TPMT_PUBLIC without a size: those whose hash the attestation key signed.
    #[must_use]
    pub const fn public_bytes(&self) -> &'a [u8] {
        self.public_bytes
    }

    /// The key's name: TPM_ALG_SHA256, and the SHA-256 of its public area.
    #[must_use]
    pub const fn name(&self) -> &'a [u8] {
        self.certification.name
    }

    /// What the TPM attests: the nonce, its clock, how often it was reset, the key's names.
    #[must_use]
    pub const fn certification(&self) -> &Certification<'a> {
        &self.certification
    }
}

/// The digest of the verified values of these registers.
fn verified_digest(pcrs: &VerifiedPcrs, selection: Selection, crypto: &Crypto) -> Result<[u8; 32], Error> {
    if selection.bank != SHA256 {
        return Err(Error::Bank(selection.bank));
    }
    if selection.bitmap == 0 {
        return Err(Error::NoRegister);
    }
    // Also of registers that no TPM has, which the digest would leave out.
    let unverified = selection.bitmap & !pcrs.selection.bitmap;
    if unverified != 0 {
        let index = u8::try_from(unverified.trailing_zeros()).unwrap_or(u8::MAX);
        return Err(Error::PcrUnverified(index));
    }
    pcr_digest(selection, |index| pcrs.get(index), crypto).map_err(Error::PcrUnverified)
}
