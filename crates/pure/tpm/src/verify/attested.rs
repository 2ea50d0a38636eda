//! Checks shared by quotes and certifications: signature, format, signer, nonce, in this order.

use teeproof_core::{Check, Freshness, Record, RsaKey, equal};
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::{Attest, Certification, Head, MAX_NONCE, attest_bytes, rsassa_sha256};

use super::TpmVerification;
use crate::{CertificationError, Error, checks, qualified_signer};

/// The default exponent of a TPM's keys.
pub(super) const EXPONENT: &[u8] = &[0x01, 0x00, 0x01];

/// The reason recorded for the signer's name: the key writes it, inside of a TPM or outside.
const SIGNER: &str = "qualifiedSigner names the attestation key as a primary key of the endorsement hierarchy; \
                      this is the key's own statement";

/// A kind of attestation.
pub(super) trait Attestation<'a>: Sized {
    const CHECKS: Checks;

    fn parse(message: &'a [u8]) -> Result<Self, WireError>;

    fn head(&self) -> &Head<'a>;
}

/// The checks of one kind of attestation.
pub(super) struct Checks {
    signature: &'static Check,
    format: &'static Check,
    /// The reason recorded for the right format.
    form: &'static str,
    signer: &'static Check,
    nonce: &'static Check,
}

impl<'a> Attestation<'a> for Attest<'a> {
    const CHECKS: Checks = Checks {
        signature: checks::SIGNATURE,
        format: checks::FORMAT,
        form: "TPMS_ATTEST of a quote, to its last byte",
        signer: checks::SIGNER,
        nonce: checks::NONCE,
    };

    fn parse(message: &'a [u8]) -> Result<Self, WireError> {
        Self::parse(message)
    }

    fn head(&self) -> &Head<'a> {
        &self.head
    }
}

impl<'a> Attestation<'a> for Certification<'a> {
    const CHECKS: Checks = Checks {
        signature: checks::KEY_SIGNATURE,
        format: checks::KEY_FORMAT,
        form: "TPMS_ATTEST of a certification, to its last byte",
        signer: checks::KEY_SIGNER,
        nonce: checks::KEY_NONCE,
    };

    fn parse(message: &'a [u8]) -> Result<Self, WireError> {
        Self::parse(message)
    }

    fn head(&self) -> &Head<'a> {
        &self.head
    }
}

/// The first failed check of an attestation of either kind.
pub(super) enum Problem {
    Key,
    SignatureForm(WireError),
    Signature,
    Message(WireError),
    Signer,
    NonceLength,
    Nonce,
}

/// Verifies signature, format, signer and nonce of an attestation.
pub(super) fn verify_attestation<'a, A: Attestation<'a>>(
    message: &'a [u8],
    signature: &[u8],
    verification: &TpmVerification<'_>,
    record: &mut dyn Record,
) -> Result<A, Problem> {
    let TpmVerification { key, freshness, crypto } = verification;
    let message = attest_bytes(message);
    let modulus = modulus(key).ok_or(Problem::Key)?;
    let signature = rsassa_sha256(signature).map_err(Problem::SignatureForm)?;
    crypto.rsa_pkcs1_sha256.verify(*key, &[message], signature).map_err(|_| Problem::Signature)?;
    record.pass(A::CHECKS.signature, &format_args!("RSASSA with SHA-256 over {} bytes", message.len()));

    let attestation = A::parse(message).map_err(Problem::Message)?;
    record.pass(A::CHECKS.format, &A::CHECKS.form);

    let head = attestation.head();
    if head.qualified_signer != qualified_signer(modulus, crypto) {
        return Err(Problem::Signer);
    }
    record.pass(A::CHECKS.signer, &SIGNER);

    check_nonce(head.extra_data, freshness, A::CHECKS.nonce, record)?;
    Ok(attestation)
}

fn modulus<'k>(key: &RsaKey<'k>) -> Option<&'k [u8; 256]> {
    let modulus: &[u8; 256] = key.modulus.try_into().ok()?;
    // Refuses keys that no TPM makes, such as zeros.
    let full = modulus.first().is_some_and(|first| first & 0x80 != 0);
    (full && key.exponent == EXPONENT).then_some(modulus)
}

/// Compares `extraData` with the nonce, unless it is waived.
fn check_nonce(
    extra_data: &[u8],
    freshness: &Freshness<'_>,
    check: &'static Check,
    record: &mut dyn Record,
) -> Result<(), Problem> {
    let nonce = match freshness {
        Freshness::Nonce(nonce) => nonce.as_bytes(),
        Freshness::Waived(reason) => {
            record.waive(check, reason);
            return Ok(());
        }
    };
    if nonce.len() > MAX_NONCE {
        return Err(Problem::NonceLength);
    }
    if !equal(nonce, extra_data) {
        return Err(Problem::Nonce);
    }
    record.nonce_matches(check, nonce, &format_args!("extraData is the nonce, {} bytes", nonce.len()));
    Ok(())
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Key => Self::Key,
            Problem::SignatureForm(error) => Self::SignatureForm(error),
            Problem::Signature => Self::Signature,
            Problem::Message(error) => Self::Message(error),
            Problem::Signer => Self::Signer,
            Problem::NonceLength => Self::NonceLength,
            Problem::Nonce => Self::Nonce,
        }
    }
}

impl From<Problem> for CertificationError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Key => Self::AttestationKey,
            Problem::SignatureForm(error) => Self::SignatureForm(error),
            Problem::Signature => Self::Signature,
            Problem::Message(error) => Self::Message(error),
            Problem::Signer => Self::Signer,
            Problem::NonceLength => Self::NonceLength,
            Problem::Nonce => Self::Nonce,
        }
    }
}
