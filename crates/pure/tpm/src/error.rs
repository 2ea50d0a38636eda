//! Verification errors of quotes, PCR values and event logs.

mod certification;

pub use certification::{CertificationError, CertifiedKeyProblem};

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_wire::tpm::bank_name;

use crate::checks;

/// The first failed check of a quote, its PCR values or an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The attestation key is not RSA-2048 with the exponent 65537.
    Key,
    /// The signature has an unsupported form or algorithm.
    SignatureForm(WireError),
    /// The signature is not valid.
    Signature,
    /// The message is not a quote.
    Message(WireError),
    /// The quote names another signer than the attestation key.
    Signer,
    /// The nonce is longer than the 50 bytes that a TPM accepts.
    NonceLength,
    /// The quote has another nonce.
    Nonce,
    /// The quote does not select PCRs of the SHA-256 bank only.
    Selection(SelectionProblem),
    /// The quote selects this PCR, and its value is missing.
    PcrMissing(u8),
    /// The values have another total size than those of the selected PCRs.
    PcrCount {
        /// The size of the selected PCRs' values, in bytes.
        expected_bytes: usize,
        /// The size of the given values, in bytes.
        found_bytes: usize,
    },
    /// The values do not hash to the quote's pcrDigest.
    PcrDigest,
    /// The log is malformed.
    Log(WireError),
    /// The log has no SHA-256 digests.
    LogBank,
    /// The log is a CCEL, which is replayed to the RTMRs of a TD, not to PCRs.
    LogIsCcel,
}

/// Why a quote's PCR selection is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SelectionProblem {
    /// This number of selections instead of one.
    Count(usize),
    /// PCRs of another bank, by its TPM_ALG_ID.
    Bank(u16),
    /// No PCR.
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
            Self::LogBank | Self::LogIsCcel => checks::LOG_REPLAY,
        }
    }

    /// The failure's class.
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
            Self::Key | Self::LogBank | Self::LogIsCcel | Self::Selection(_) => Class::Unsupported,
            Self::Signature | Self::Signer => Class::NotAuthentic,
            Self::NonceLength | Self::Nonce | Self::PcrDigest => Class::NotBound,
            Self::PcrMissing(_) => Class::Incomplete,
        }
    }

    /// The hint of this error, where it differs from the check's own hint.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::LogBank => Some(
                "A log of TCG 1.2 has only SHA-1 digests. Give the crypto-agile log (TCG 2.0): \
                 /sys/kernel/security/tpm0/binary_bios_measurements, read on the quoted machine, \
                 with the firmware's SHA-256 bank active.",
            ),
            Self::LogIsCcel => Some(
                "Give the event log of the TPM, /sys/kernel/security/tpm0/binary_bios_measurements, not the \
                 CCEL table.",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key => {
                f.write_str("attestation key: expected RSA-2048 with the exponent 65537, got another key")
            }
            Self::SignatureForm(error) | Self::Message(error) | Self::Log(error) => error.fmt(f),
            Self::Signature => f.write_str("the signature over the quote is not valid"),
            Self::Signer => {
                f.write_str("qualifiedSigner of the quote: expected the attestation key's name, got another")
            }
            Self::NonceLength => {
                f.write_str("nonce: expected 1 to 50 bytes, as a TPM accepts, got a longer one; use its hash")
            }
            Self::Nonce => f.write_str("extraData of the quote: expected the nonce, got other data"),
            Self::Selection(problem) => problem.fmt(f),
            Self::PcrMissing(index) => {
                write!(f, "PCR {index}: expected a value, as the quote selects it, got none")
            }
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
            Self::PcrDigest => f.write_str("the PCR values do not hash to the quote's pcrDigest"),
            Self::LogBank => {
                f.write_str("event log: expected SHA-256 digests, got a log of TCG 1.2 or of other banks")
            }
            Self::LogIsCcel => f.write_str(
                "event log: expected one of PCRs, got a CCEL, which is replayed to the RTMRs of a TD",
            ),
        }
    }
}

/// The bank whose values have this size, for this number of values.
fn other_bank(count: usize, bytes: usize) -> Option<&'static str> {
    let has = |(_, size): &(&str, usize)| count.checked_mul(*size) == Some(bytes);
    [("SHA-1", 20), ("SHA-384", 48), ("SHA-512", 64)].into_iter().find(has).map(|(name, _)| name)
}

impl fmt::Display for SelectionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "expected one PCR selection in the quote, got {count}"),
            Self::Bank(bank) => {
                let name = bank_name(*bank);
                write!(
                    f,
                    "PCR selection of the quote: expected the SHA-256 bank (0x000b), got {name} ({bank:#06x})"
                )
            }
            Self::Empty => f.write_str("the quote selects no PCR"),
        }
    }
}

impl core::error::Error for Error {}
