//! Why a key is not believed to be the TPM's, or not to be guarded as it has to be.

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::ObjectAttributes;

use crate::checks;

/// The first thing that does not hold of a certified key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificationError {
    /// The attestation key is not of 2048 bits with the exponent 65537.
    AttestationKey,
    /// The signature has a form or an algorithm that is not supported.
    SignatureForm(WireError),
    /// The signature does not hold.
    Signature,
    /// The message is not a certification.
    Message(WireError),
    /// The certification names another signer than the attestation key.
    Signer,
    /// The nonce is empty, or longer than a TPM takes.
    NonceLength,
    /// The certification carries another nonce.
    Nonce,
    /// The key is named by another hash than SHA-256: by this TPM_ALG_ID.
    NameAlgorithm(u16),
    /// The certification is of another key than that of the public area.
    Name,
    /// The public area of the certified key is not one of an RSA key, or one that is not supported.
    Public(WireError),
    /// The certified key is not what a secret can be encrypted to.
    Key(CertifiedKeyProblem),
    /// The policy is asked about registers of another bank than SHA-256: of this TPM_ALG_ID.
    Bank(u16),
    /// The policy is asked about no register.
    NoRegister,
    /// The policy is asked about this register, of which no value was verified.
    PcrUnverified(u8),
    /// The key's policy is not that these registers have these values.
    Policy,
}

/// What is wrong with a certified key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertifiedKeyProblem {
    /// It lacks these attributes.
    Lacks(ObjectAttributes),
    /// It has these attributes, and must not.
    Has(ObjectAttributes),
    /// It has a scheme for signatures.
    Scheme,
    /// No policy guards it.
    NoPolicy,
    /// It has not 2048 bits, but so many.
    Bits(u16),
    /// Its exponent is not 65537, but this.
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
            Self::Bank(_) | Self::NoRegister | Self::PcrUnverified(_) | Self::Policy => checks::KEY_POLICY,
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::SignatureForm(error) | Self::Message(error) | Self::Public(error) => {
                if error.is_unsupported() { Class::Unsupported } else { Class::Malformed }
            }
            Self::AttestationKey | Self::NameAlgorithm(_) | Self::Bank(_) | Self::NoRegister => {
                Class::Unsupported
            }
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
            // Such a key is not bound to this TPM, or not to a policy.
            Self::Lacks(_) | Self::Has(_) | Self::NoPolicy => Class::NotBound,
            Self::Scheme | Self::Bits(_) | Self::Exponent(_) => Class::Unsupported,
        }
    }
}

impl fmt::Display for CertificationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AttestationKey => {
                f.write_str("the attestation key is not RSA of 2048 bits with the exponent 65537")
            }
            Self::SignatureForm(error) | Self::Message(error) | Self::Public(error) => error.fmt(f),
            Self::Signature => f.write_str("the signature over the certification does not hold"),
            Self::Signer => f.write_str("the certification names another signer than the attestation key"),
            Self::NonceLength => f.write_str(
                "the nonce has to have 1 to 50 bytes, which is what a TPM takes; use the hash of a longer one",
            ),
            Self::Nonce => f.write_str("the certification carries another nonce"),
            Self::NameAlgorithm(algorithm) => {
                write!(f, "the certified key is named by the hash {algorithm:#06x}, expected SHA-256 (0x000b)")
            }
            Self::Name => f.write_str("the certification is of another key than that of the public area"),
            Self::Key(problem) => problem.fmt(f),
            Self::Bank(bank) => {
                write!(f, "the policy is asked about the bank {bank:#06x}, expected SHA-256 (0x000b)")
            }
            Self::NoRegister => f.write_str("the policy is asked about no register"),
            Self::PcrUnverified(index) => {
                write!(f, "the policy is asked about register {index}, of which no value was verified")
            }
            Self::Policy => f.write_str(
                "the certified key is not bound to the verified values of exactly these registers",
            ),
        }
    }
}

impl fmt::Display for CertifiedKeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lacks(attributes) => write!(f, "the certified key lacks {attributes}"),
            Self::Has(attributes) => write!(f, "the certified key has {attributes}, and must not"),
            Self::Scheme => f.write_str("the certified key has a scheme for signatures"),
            Self::NoPolicy => f.write_str("no policy guards the certified key"),
            Self::Bits(bits) => write!(f, "the certified key has {bits} bits, expected 2048"),
            Self::Exponent(exponent) => {
                write!(f, "the certified key has the exponent {exponent}, expected 65537")
            }
        }
    }
}

impl core::error::Error for CertificationError {}
