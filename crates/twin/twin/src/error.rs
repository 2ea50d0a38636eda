//! Error of starting a twin.

use core::fmt;
use std::io;
use std::path::PathBuf;

/// Error of starting a twin.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A program that the twin runs is not installed.
    Missing {
        /// The program.
        program: &'static str,
        /// Its Debian package.
        package: &'static str,
    },
    /// A program did not start.
    Program {
        /// The program.
        program: &'static str,
        /// Its standard error.
        said: String,
    },
    /// The TPM refused a command of the twin's own.
    Tpm {
        /// TPM_CC, the command.
        command: u32,
        /// TPM_RC of the response; 0 if it was malformed.
        code: u32,
    },
    /// The report does not fit its NV index.
    IndexTooSmall {
        /// Size of the report in bytes.
        needs: usize,
        /// Size of the index in bytes.
        has: usize,
    },
    /// A PCR has a value at launch, and its index is not 0 to 15.
    PcrIndex(u8),
    /// A file is not an enclave image.
    Image {
        /// The file.
        path: PathBuf,
        /// The violated rule of the format.
        why: String,
    },
    /// An attestation document has another structure than expected.
    Document(&'static str),
    /// The evidence could not be made.
    Mint(teeproof_mint::Error),
    /// The operating system gives no random numbers.
    NoRandomness,
    /// A file, a socket or a process failed.
    Io {
        /// The attempted operation.
        what: String,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl Error {
    /// An error of the operating system, for `map_err`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { program, package } => {
                write!(f, "{program} is not installed; on Debian: apt-get install {package}")
            }
            Self::Program { program, said } => write!(f, "{program} did not start: {said}"),
            Self::Tpm { command, code } => {
                write!(f, "swtpm: TPM command {command:#x}: expected success, got TPM_RC {code:#x}")
            }
            Self::IndexTooSmall { needs, has } => {
                write!(f, "a report of {needs} bytes does not fit an NV index of {has} bytes")
            }
            Self::PcrIndex(index) => {
                write!(f, "PCR {index}: expected an index from 0 to 15 for a value at launch")
            }
            Self::Image { path, why } => write!(f, "{}: {why}", path.display()),
            Self::Document(expected) => write!(f, "attestation document: expected {expected}"),
            Self::Mint(error) => write!(f, "the evidence could not be made: {error}"),
            Self::NoRandomness => f.write_str("the operating system gives no random numbers"),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Mint(error) => Some(error),
            _ => None,
        }
    }
}

impl From<teeproof_mint::Error> for Error {
    fn from(error: teeproof_mint::Error) -> Self {
        Self::Mint(error)
    }
}
