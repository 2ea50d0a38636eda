//! Errors of sealing and opening, with a hint for each.

use core::fmt;
use std::io;

use crate::Error;

/// A secret was not sealed or not opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum SealError {
    /// The TPM refused or failed.
    Tpm(Error),
    /// The PCRs have changed since the key was made for them.
    RegistersChanged,
    /// This TPM does not make the key that the secret was sealed to.
    OtherMachine,
    /// The public area is not that of a key for sealing.
    Key(&'static str),
    /// The file is not that of a key for sealing, for this reason.
    KeyFile(String),
    /// The plaintext is too long for one block of RSA.
    TooLong {
        /// How many bytes it has.
        bytes: usize,
        /// The most that fit.
        limit: usize,
    },
    /// The head of the envelope is malformed.
    Envelope(teeproof_wire::Error),
    /// The envelope was altered or cut off.
    Altered,
    /// What is to be sealed or opened cannot be read or written.
    Io(io::Error),
    /// The cryptographic library fails, or the operating system gives no random bytes.
    Crypto,
}

impl SealError {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Tpm(error) => return error.hint(),
            Self::RegistersChanged => {
                "something was measured into the TPM since; only a restart into the same state brings the registers back, and the key is gone by then: make a new one, and have the secret sealed to it"
            }
            Self::OtherMachine => {
                "it was sealed to another machine, or to this one before its last restart: make a new key, and have the secret sealed to it"
            }
            Self::Key(_) | Self::KeyFile(_) => "make a sealing key on the machine, and give its file",
            Self::TooLong { .. } => "seal it in an envelope, which takes any length",
            Self::Envelope(_) => "give a sealed secret: seal it to the key of the machine",
            Self::Altered => "have it sent again; what was written of it so far is not to be used",
            Self::Io(_) => "check the files that were named",
            Self::Crypto => "try again",
        };
        hint.to_owned()
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tpm(error) => error.fmt(f),
            Self::RegistersChanged => {
                f.write_str("the PCRs have changed since the key was made, and the TPM refuses to decrypt")
            }
            Self::OtherMachine => f.write_str("this TPM does not make the key that it was sealed to"),
            Self::Key(what) => write!(f, "this is no key for sealing: {what}"),
            Self::KeyFile(what) => write!(f, "this is no key for sealing: {what}"),
            Self::TooLong { bytes, limit } => {
                write!(f, "{bytes} bytes do not fit one block of RSA, which takes {limit} with this padding")
            }
            Self::Envelope(error) => error.fmt(f),
            Self::Altered => f.write_str("the envelope was altered or cut off"),
            Self::Io(error) => error.fmt(f),
            Self::Crypto => f.write_str("the cryptographic library failed"),
        }
    }
}

impl core::error::Error for SealError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Tpm(error) => Some(error),
            Self::Envelope(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for SealError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use core::error::Error as _;

    use super::*;

    #[test]
    fn every_error_says_what_to_do() {
        let error =
            teeproof_wire::Error::new(teeproof_wire::ErrorKind::Truncated, "envelope", 3, "a whole head");
        for (error, has_source) in [
            (SealError::Tpm(Error::Silent { command: "TPM2_RSA_Decrypt" }), true),
            (SealError::RegistersChanged, false),
            (SealError::OtherMachine, false),
            (SealError::Key("another type"), false),
            (SealError::KeyFile("not JSON".to_owned()), false),
            (SealError::TooLong { bytes: 246, limit: 245 }, false),
            (SealError::Envelope(error), true),
            (SealError::Altered, false),
            (SealError::from(io::Error::from(io::ErrorKind::NotFound)), true),
            (SealError::Crypto, false),
        ] {
            assert!(!error.to_string().is_empty() && !error.hint().is_empty(), "{error:?}");
            assert_eq!(error.source().is_some(), has_source, "{error:?}");
        }
    }
}
