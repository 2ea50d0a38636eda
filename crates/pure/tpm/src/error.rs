//! Why a quote, its registers or a log are not believed.

mod certification;

pub use certification::{CertificationError, CertifiedKeyProblem};

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::bank_name;

use crate::checks;

/// The first thing that does not hold of a quote, its registers or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The attestation key is not of 2048 bits with the exponent 65537.
    Key,
    /// The signature has a form or an algorithm that is not supported.
    SignatureForm(WireError),
    /// The signature does not hold.
    Signature,
    /// The message is not a quote.
    Message(WireError),
    /// The quote names another signer than the attestation key.
    Signer,
    /// The nonce is empty, or longer than a TPM takes.
    NonceLength,
    /// The quote carries another nonce.
    Nonce,
    /// The quote does not select registers of the SHA-256 bank alone.
    Selection(SelectionProblem),
    /// The quote selects this register, and no value came for it.
    PcrMissing(u8),
    /// The values are more or fewer than the quote selects.
    PcrCount {
        /// How many bytes the selected registers have.
        expected_bytes: usize,
        /// How many came.
        found_bytes: usize,
    },
    /// The values are not those that the quote signed.
    PcrDigest,
    /// The log is not one.
    Log(WireError),
    /// The log has no SHA-256 digests.
    LogBank,
    /// The log is of the measurement registers of a confidential VM (CCEL), and not of PCRs.
    LogRegisters,
}

/// What is wrong with what a quote selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectionProblem {
    /// Not exactly one selection.
    Count(usize),
    /// Registers of another bank, by its TPM_ALG_ID.
    Bank(u16),
    /// No register.
    Empty,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Key | Self::SignatureForm(_) | Self::Signature => checks::SIGNATURE,
            Self::Message(_) => checks::FORMAT,
            Self::Signer => checks::SIGNER,
            Self::NonceLength | Self::Nonce => checks::NONCE,
            Self::Selection(_) => checks::SELECTION,
            Self::PcrMissing(_) | Self::PcrCount { .. } | Self::PcrDigest => checks::PCRS,
            Self::Log(_) => checks::LOG_FORMAT,
            Self::LogBank | Self::LogRegisters => checks::LOG_REPLAY,
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::SignatureForm(error) | Self::Message(error) | Self::Log(error)
                if error.is_unsupported() =>
            {
                Class::Unsupported
            }
            Self::SignatureForm(_) | Self::Message(_) | Self::Log(_) | Self::PcrCount { .. } => {
                Class::Malformed
            }
            Self::Key | Self::LogBank | Self::LogRegisters | Self::Selection(_) => Class::Unsupported,
            Self::Signature | Self::Signer => Class::NotAuthentic,
            Self::NonceLength | Self::Nonce | Self::PcrDigest => Class::NotBound,
            Self::PcrMissing(_) => Class::Incomplete,
        }
    }

    /// What a person can do, where the check's own hint does not say it.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::LogBank => Some(
                "A log of TCG 1.2 has SHA-1 digests alone. Give the crypto-agile log (TCG 2.0): \
                 /sys/kernel/security/tpm0/binary_bios_measurements, read on the machine that was quoted, \
                 with the firmware's SHA-256 bank active.",
            ),
            Self::LogRegisters => Some(
                "Give the event log of the TPM, /sys/kernel/security/tpm0/binary_bios_measurements, and not \
                 the CCEL table.",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => f.write_str("the attestation key is not RSA of 2048 bits with the exponent 65537"),
            Self::SignatureForm(error) | Self::Message(error) | Self::Log(error) => error.fmt(f),
            Self::Signature => f.write_str("the signature over the quote does not hold"),
            Self::Signer => f.write_str("the quote names another signer than the attestation key"),
            Self::NonceLength => f.write_str(
                "the nonce has to have 1 to 50 bytes, which is what a TPM takes; use the hash of a longer one",
            ),
            Self::Nonce => f.write_str("the quote carries another nonce"),
            Self::Selection(problem) => problem.fmt(f),
            Self::PcrMissing(index) => write!(f, "no value came for register {index}, which the quote signs"),
            Self::PcrCount { expected_bytes, found_bytes } => {
                let count = expected_bytes.checked_div(32).unwrap_or(0);
                write!(
                    f,
                    "expected {expected_bytes} bytes of PCR values ({count} of SHA-256), got {found_bytes}"
                )?;
                match other_bank(count, *found_bytes) {
                    Some(bank) => write!(f, ": {count} values of {bank}"),
                    None => Ok(()),
                }
            }
            Self::PcrDigest => f.write_str("the registers' values are not those that the quote signed"),
            Self::LogBank => f.write_str(
                "the event log has no SHA-256 digests to replay: it is a log of TCG 1.2, or of other banks",
            ),
            Self::LogRegisters => f.write_str(
                "the event log is a CCEL: it is replayed to the RTMRs of a TD, which no TPM quote signs",
            ),
        }
    }
}

/// The bank of which so many values have so many bytes.
fn other_bank(count: usize, bytes: usize) -> Option<&'static str> {
    let has = |(_, size): &(&str, usize)| count.checked_mul(*size) == Some(bytes);
    [("SHA-1", 20), ("SHA-384", 48), ("SHA-512", 64)].into_iter().find(has).map(|(name, _)| name)
}

impl fmt::Display for SelectionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "the quote has {count} selections of registers, expected one"),
            Self::Bank(bank) => {
                let name = bank_name(*bank);
                write!(
                    f,
                    "the quote selects PCRs of the {name} bank ({bank:#06x}), expected SHA-256 (0x000b)"
                )
            }
            Self::Empty => f.write_str("the quote selects no register"),
        }
    }
}

impl core::error::Error for Error {}
