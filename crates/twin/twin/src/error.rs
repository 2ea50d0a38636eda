//! Why a twin could not be started.

use core::fmt;
use std::io;

/// Why a twin could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A program that the twin stands on is not installed.
    Missing {
        /// The program.
        program: &'static str,
        /// The Debian package that brings it.
        package: &'static str,
    },
    /// A program did not start.
    Program {
        /// The program.
        program: &'static str,
        /// What it said before it ended.
        said: String,
    },
    /// The TPM did not do what it has to do for the twin.
    Tpm {
        /// TPM_CC, the command.
        command: u32,
        /// TPM_RC, the answer; 0 if it was malformed.
        code: u32,
    },
    /// A report has more bytes than the index that is to hold it.
    IndexTooSmall {
        /// How many bytes the report has.
        needs: usize,
        /// How many the index has.
        has: usize,
    },
    /// The evidence could not be made.
    Mint(teeproof_mint::Error),
    /// The operating system gives no random numbers.
    NoRandomness,
    /// A file, a socket or a process failed.
    Io {
        /// What was to be done.
        what: String,
        /// How it failed.
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
                write!(f, "swtpm answered {code:#x} to the command {command:#x}, which the twin relies on")
            }
            Self::IndexTooSmall { needs, has } => {
                write!(f, "a report of {needs} bytes does not fit an NV index of {has} bytes")
            }
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
