//! Keys of a verified VM's TPM that work only in the VM's verified state: the one file that makes
//! [`BoundKey`].

use core::fmt;

use teeproof_core::{Check, Class, Crypto, Freshness, Record};
use teeproof_tpm::{CertificationError, CertificationEvidence, CertifiedKey, Selection};

use super::VerifiedVtpm;

/// A key in the TPM of a verified VM, usable only while PCRs keep the values that the VM's quote signed.
///
/// It can only be made by [`VerifiedVtpm::verify_key`] and borrows the bytes whose signature and name were
/// checked. It does not borrow the VM: keep the two together where the VM's claims matter later.
#[derive(Clone, Copy, Debug)]
pub struct BoundKey<'a> {
    key: CertifiedKey<'a>,
    pcrs: Selection,
}

/// The key is not certified by the VM's attestation key, or not bound to its PCRs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundKeyError {
    /// The VM's evidence has no verified PCR values: its quote or their list is missing.
    NoPcrs,
    /// The certification, the key or its policy is refused.
    Certification(CertificationError),
}

impl VerifiedVtpm<'_> {
    /// Verifies that a key is in this VM's TPM, and usable only while exactly these PCRs keep their
    /// verified values.
    ///
    /// Proves: the attestation key of this VM's claims certified the key, for the nonce if one is
    /// expected; the TPM made the key, it never leaves the TPM, it decrypts and does nothing else; its one
    /// authorization is TPM2_PolicyPCR over exactly `pcrs`, with the values of this VM's quote.
    /// Does not prove: that the claims are of Azure's paravisor ([`crate::VerifiedVm::origin`],
    /// [`crate::VerifiedTdVm::origin`]; any SNP guest and any TD can make claims that name its own key), that an
    /// appraisal policy accepts the VM, or that `pcrs` cover the software that matters: require the selection
    /// that you expect, not one from the attester.
    ///
    /// One signature, and five hashes of bounded length.
    ///
    /// # Errors
    /// The first check that fails: the certification, the key's public area, missing PCR values, the policy.
    /// Every check that passes is recorded before.
    pub fn verify_key<'k>(
        &self,
        evidence: &CertificationEvidence<'k>,
        pcrs: Selection,
        freshness: Freshness<'_>,
        crypto: &Crypto<'_>,
        record: &mut dyn Record,
    ) -> Result<BoundKey<'k>, BoundKeyError> {
        let failed = BoundKeyError::Certification;
        let verification = teeproof_tpm::TpmVerification::new(self.claims().ak().as_rsa(), freshness, crypto);
        let key = teeproof_tpm::verify_certification(evidence, &verification, record).map_err(failed)?;
        let verified = self.pcrs().ok_or(BoundKeyError::NoPcrs)?;
        key.verify_policy(verified, pcrs, crypto, record).map_err(failed)?;
        Ok(BoundKey { key, pcrs })
    }
}

impl<'a> BoundKey<'a> {
    /// The key, its public area and its certification.
    #[must_use]
    pub const fn certified(&self) -> &CertifiedKey<'a> {
        &self.key
    }

    /// The PCRs of the SHA-256 bank that guard the key.
    #[must_use]
    pub const fn pcrs(&self) -> Selection {
        self.pcrs
    }
}

impl BoundKeyError {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::NoPcrs => teeproof_tpm::checks::KEY_POLICY,
            Self::Certification(error) => error.check(),
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::NoPcrs => Class::Incomplete,
            Self::Certification(error) => error.class(),
        }
    }
}

impl fmt::Display for BoundKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPcrs => {
                f.write_str("the evidence has no verified PCR values to compare the key's policy with")
            }
            Self::Certification(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BoundKeyError {}
