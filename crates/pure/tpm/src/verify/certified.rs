//! From untrusted bytes to a key that secrets may be encrypted to: the one file that makes
//! [`CertifiedKey`].

use core::ops::Range;

use teeproof_core::{Crypto, Hex, Record, RsaKey};
use teeproof_wire::tpm::{
    Certification, ObjectAttributes, RsaPublic, RsaScheme, SHA256, Selection, attest_bytes, policy_pcr,
    public_bytes, rsassa_sha256,
};

use super::{EXPONENT, NonceProblem, Verification, VerifiedPcrs, freshness, modulus};
use crate::name::object_name;
use crate::{CertificationError as Error, CertificationEvidence, KeyProblem, checks, qualified_signer};

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
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<CertifiedKey<'a>, Error> {
    let certification = signed(evidence, verification, record)?;
    freshness(certification.head.extra_data, &verification.freshness, checks::KEY_NONCE, record)?;

    let public = public_bytes(evidence.public);
    named(certification.name, public, verification.crypto)?;
    record.pass(checks::KEY_NAME, &format_args!("SHA-256 over the {} bytes of TPMT_PUBLIC", public.len()));

    let public = RsaPublic::parse(public).map_err(Error::Public)?;
    record.pass(checks::KEY_PUBLIC, &"TPMT_PUBLIC of an RSA key, to its last byte");

    guarded(&public).map_err(Error::Key)?;
    record.pass(checks::KEY_ATTRIBUTES, &format_args!("{}; a policy and no password", public.attributes));
    Ok(CertifiedKey { certification, public })
}

/// What the attestation key signed.
fn signed<'a>(
    evidence: &CertificationEvidence<'a>,
    verification: &Verification<'_>,
    record: &mut dyn Record,
) -> Result<Certification<'a>, Error> {
    let Verification { key, crypto, .. } = verification;
    let message = attest_bytes(evidence.message);
    let modulus = modulus(key).ok_or(Error::AttestationKey)?;
    let signature = rsassa_sha256(evidence.signature).map_err(Error::SignatureForm)?;
    crypto.rsa_pkcs1_sha256.verify(*key, &[message], signature).map_err(|_| Error::Signature)?;
    record.pass(checks::KEY_SIGNATURE, &format_args!("RSASSA with SHA-256 over {} bytes", message.len()));

    let certification = Certification::parse(message).map_err(Error::Message)?;
    record.pass(checks::KEY_FORMAT, &"TPMS_ATTEST of a certification, to its last byte");

    if certification.head.qualified_signer != qualified_signer(modulus, crypto) {
        return Err(Error::Signer);
    }
    record.pass(checks::KEY_SIGNER, &"recomputed: a restricted primary key of the endorsement hierarchy");
    Ok(certification)
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
fn guarded(public: &RsaPublic<'_>) -> Result<(), KeyProblem> {
    let lacks = DEMANDED.difference(public.attributes);
    if !lacks.is_empty() {
        return Err(KeyProblem::Lacks(lacks));
    }
    let has = FORBIDDEN.intersection(public.attributes);
    if !has.is_empty() {
        return Err(KeyProblem::Has(has));
    }
    if public.scheme.is_some_and(RsaScheme::signs) {
        return Err(KeyProblem::Scheme);
    }
    if public.auth_policy.is_empty() {
        return Err(KeyProblem::NoPolicy);
    }
    if public.key_bits != BITS {
        return Err(KeyProblem::Bits(public.key_bits));
    }
    if public.exponent != EXPONENT_VALUE {
        return Err(KeyProblem::Exponent(public.exponent));
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
        let pcr_digest = pcr_digest(pcrs, selection, crypto)?;
        let policy = crypto.sha256.digest(&[&policy_pcr(selection, &pcr_digest)]);
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

/// The digest of the verified values of these registers, ascending.
fn pcr_digest(pcrs: &VerifiedPcrs, selection: Selection, crypto: &Crypto) -> Result<[u8; 32], Error> {
    if selection.bank != SHA256 {
        return Err(Error::Bank(selection.bank));
    }
    if selection.bitmap == 0 {
        return Err(Error::NoRegister);
    }
    let unverified = selection.bitmap & !pcrs.selection.bitmap;
    if unverified != 0 {
        let index = u8::try_from(unverified.trailing_zeros()).unwrap_or(u8::MAX);
        return Err(Error::PcrUnverified(index));
    }
    let mut selected: [&[u8]; 24] = [&[]; 24];
    for (part, index) in selected.iter_mut().zip(selection.indices()) {
        *part = pcrs.get(index).ok_or(Error::PcrUnverified(index))?;
    }
    Ok(crypto.sha256.digest(&selected))
}

impl From<NonceProblem> for Error {
    fn from(problem: NonceProblem) -> Self {
        match problem {
            NonceProblem::Length => Self::NonceLength,
            NonceProblem::Other => Self::Nonce,
        }
    }
}
