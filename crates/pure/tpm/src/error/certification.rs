//! Verification errors of certified keys.

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::ObjectAttributes;

use crate::checks;

/// The first failed check of a certified key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificationError {
    /// The attestation key is not RSA-2048 with the exponent 65537.
    AttestationKey,
    /// The signature has an unsupported form or algorithm.
    SignatureForm(WireError),
    /// The signature is not valid.
    Signature,
    /// The message is not a certification.
    Message(WireError),
    /// The certification names another signer than the attestation key.
    Signer,
    /// The nonce is longer than the 50 bytes that a TPM accepts.
    NonceLength,
    /// The certification has another nonce.
    Nonce,
    /// The key's Name uses this hash (TPM_ALG_ID) instead of SHA-256.
    NameAlgorithm(u16),
    /// The certified Name is not that of the public area.
    Name,
    /// The public area is not that of an RSA key, or not supported.
    Public(WireError),
    /// The certified key is not suitable for encryption of a secret.
    Key(CertifiedKeyProblem),
    /// The selection is of this bank (TPM_ALG_ID) instead of SHA-256.
    Bank(u16),
    /// The selection is empty.
    NoPcr,
    /// The selection has this PCR, whose value was not verified.
    PcrUnverified(u8),
    /// The key's policy is not TPM2_PolicyPCR over these PCRs with these values.
    Policy,
}

/// Why a certified key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertifiedKeyProblem {
    /// These required attributes are not set.
    Lacks(ObjectAttributes),
    /// These forbidden attributes are set.
    Has(ObjectAttributes),
    /// The key has a signature scheme.
    Scheme,
    /// The key has no policy.
    NoPolicy,
    /// The key has this number of bits instead of 2048.
    Bits(u16),
    /// The key has this exponent instead of 65537.
    Exponent(u32),
}

impl CertificationError {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::AttestationKey | Self::SignatureForm(_) | Self::Signature => checks::KEY_SIGNATURE,
            Self::Message(_) => checks::KEY_FORMAT,
            Self::Signer => checks::KEY_SIGNER,
            Self::NonceLength | Self::Nonce => checks::KEY_NONCE,
            Self::NameAlgorithm(_) | Self::Name => checks::KEY_NAME,
            Self::Public(_) => checks::KEY_PUBLIC,
            Self::Key(_) => checks::KEY_ATTRIBUTES,
            Self::Bank(_) | Self::NoPcr | Self::PcrUnverified(_) | Self::Policy => checks::KEY_POLICY,
        }
    }

    /// The failure's class.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::SignatureForm(error) | Self::Message(error) | Self::Public(error) => {
                if error.is_unsupported() { Class::Unsupported } else { Class::Malformed }
            }
            Self::AttestationKey | Self::NameAlgorithm(_) | Self::Bank(_) | Self::NoPcr => Class::Unsupported,
            Self::Signature | Self::Signer => Class::NotAuthentic,
            Self::NonceLength | Self::Nonce | Self::Name | Self::Policy => Class::NotBound,
            Self::Key(problem) => problem.class(),
            Self::PcrUnverified(_) => Class::Incomplete,
        }
    }
}

impl CertifiedKeyProblem {
    const fn class(self) -> Class {
        match self {
            // Not bound to this TPM, or not to a policy.
            Self::Lacks(_) | Self::Has(_) | Self::NoPolicy => Class::NotBound,
            Self::Scheme | Self::Bits(_) | Self::Exponent(_) => Class::Unsupported,
        }
    }
}

impl fmt::Display for CertificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttestationKey => {
                f.write_str("attestation key: expected RSA-2048 with the exponent 65537, got another key")
            }
            Self::SignatureForm(error) | Self::Message(error) | Self::Public(error) => error.fmt(f),
            Self::Signature => f.write_str("the signature over the certification is not valid"),
            Self::Signer => f.write_str(
                "qualifiedSigner of the certification: expected the attestation key's name, got another",
            ),
            Self::NonceLength => {
                f.write_str("nonce: expected 1 to 50 bytes, as a TPM accepts, got a longer one; use its hash")
            }
            Self::Nonce => f.write_str("extraData of the certification: expected the nonce, got other data"),
            Self::NameAlgorithm(algorithm) => {
                write!(f, "Name of the certified key: expected SHA-256 (0x000b), got {algorithm:#06x}")
            }
            Self::Name => f.write_str("the certified Name is not that of the public area"),
            Self::Key(problem) => problem.fmt(f),
            Self::Bank(bank) => {
                write!(f, "PCR selection: expected the SHA-256 bank (0x000b), got {bank:#06x}")
            }
            Self::NoPcr => f.write_str("PCR selection: expected at least one PCR, got none"),
            Self::PcrUnverified(index) => {
                write!(f, "PCR selection: PCR {index} has no verified value")
            }
            Self::Policy => f.write_str(
                "the certified key's policy is not TPM2_PolicyPCR over the verified values of these PCRs",
            ),
        }
    }
}

impl fmt::Display for CertifiedKeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(attributes) => {
                write!(f, "certified key: expected the attributes {attributes}, not set")
            }
            Self::Has(attributes) => {
                write!(f, "certified key: the attributes {attributes} are set and forbidden")
            }
            Self::Scheme => f.write_str("the certified key has a signature scheme"),
            Self::NoPolicy => f.write_str("the certified key has no policy"),
            Self::Bits(bits) => write!(f, "certified key: expected 2048 bits, got {bits}"),
            Self::Exponent(exponent) => {
                write!(f, "certified key: expected the exponent 65537, got {exponent}")
            }
        }
    }
}

impl core::error::Error for CertificationError {}
