//! Why the TPM did not give what was asked, and what a person can do about it.

mod hint;

use core::fmt;
use std::io;
use std::time::Duration;

use crate::ResponseCode;

/// Why the TPM did not give what was asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The address is in none of the known forms.
    Address(String),
    /// The registers are not in the form `sha256:0-7,14`.
    Registers(String),
    /// This build cannot reach such an address.
    NotBuilt {
        /// The address.
        address: String,
        /// The feature that it needs.
        feature: &'static str,
    },
    /// The device or socket could not be opened.
    Open {
        /// The address.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The device or socket failed in the middle of a command.
    Io {
        /// The command.
        command: &'static str,
        /// How it failed.
        source: io::Error,
    },
    /// The TPM did not answer in time.
    Silent {
        /// The command.
        command: &'static str,
    },
    /// The TPM refused.
    Refused {
        /// The command.
        command: &'static str,
        /// What it said.
        code: ResponseCode,
    },
    /// What was asked for cannot be put into the command.
    Unfit {
        /// The command.
        command: &'static str,
        /// What does not fit.
        what: String,
    },
    /// The answer is not what the command returns.
    Malformed {
        /// The command.
        command: &'static str,
        /// What is wrong.
        what: String,
    },
    /// An offset beyond the end of every index.
    IndexEnd {
        /// The index.
        index: u32,
        /// How many bytes it has.
        size: u16,
    },
    /// There is no paravisor's report in this TPM.
    NoReport,
    /// The index of the report is larger than any report.
    ReportSize {
        /// Its size in bytes.
        size: usize,
        /// The most bytes that a report has.
        limit: usize,
    },
    /// What lies in the index is no report of a confidential machine.
    Report(teeproof_wire::Error),
    /// The pieces of the report are of different reports.
    Torn {
        /// How often it was read.
        tries: u32,
    },
    /// User data has 64 bytes; this has another number.
    UserDataLength(usize),
    /// The paravisor does not put user data into its report.
    NoUserData,
    /// The report was renewed, with other user data than was asked for.
    Stale {
        /// How often it was read.
        tries: u32,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The report was not renewed at all.
    NotRenewed {
        /// How often it was read.
        tries: u32,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The index for the guest's input has another size than 64 bytes.
    InputSize {
        /// Its size in bytes.
        size: u16,
    },
    /// The index for the guest's input can only be written under somebody's policy.
    InputForeign,
    /// The index for the guest's input cannot be read by the paravisor.
    InputUnreadable,
    /// The index for the guest's input is locked against writing.
    InputLocked,
    /// A nonce has at most 50 bytes; this has more.
    NonceLength(usize),
    /// The TPM does not have this bank.
    NoBank(u16),
    /// The registers changed between each quote and their reading.
    Moving {
        /// How many quotes were made.
        attempts: u32,
    },
    /// The TPM software stack failed on its own side.
    Stack {
        /// The command.
        command: &'static str,
        /// What it said.
        message: String,
    },
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// What was asked for cannot be asked for.
    Usage,
    /// The device is missing, or may not be used.
    Device,
    /// What came back is not what it has to be.
    Malformed,
    /// What came back is not fresh.
    NotFresh,
    /// It changed all the time while it was read.
    Unsteady,
}

impl Error {
    /// What kind of failure it is.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Address(_)
            | Self::Registers(_)
            | Self::NotBuilt { .. }
            | Self::Unfit { .. }
            | Self::IndexEnd { .. }
            | Self::UserDataLength(_)
            | Self::NonceLength(_) => Class::Usage,
            Self::Open { .. } | Self::Io { .. } | Self::Silent { .. } | Self::Refused { .. } => Class::Device,
            Self::Stack { .. } => Class::Device,
            Self::NoReport | Self::NoUserData | Self::NoBank(_) => Class::Device,
            Self::InputSize { .. } | Self::InputForeign => Class::Device,
            Self::InputUnreadable | Self::InputLocked => Class::Device,
            Self::Malformed { .. } | Self::ReportSize { .. } | Self::Report(_) => Class::Malformed,
            Self::Torn { .. } | Self::Moving { .. } => Class::Unsteady,
            Self::Stale { .. } | Self::NotRenewed { .. } => Class::NotFresh,
        }
    }

    /// Whether the TPM said that there is nothing at the handle that it was asked about.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.code(), Some(ResponseCode::HANDLE | ResponseCode::REFERENCE_HANDLE))
    }

    /// What the TPM answered, without the number of what it is about.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Refused { code, .. } => Some(code.base()),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(text) => write!(f, "{text} is no address of a TPM"),
            Self::Registers(text) => write!(f, "{text} names no registers"),
            Self::NotBuilt { address, feature } => {
                write!(f, "{address} needs the feature {feature}, which this build does not have")
            }
            Self::Open { address, source } => write!(f, "{address} cannot be opened: {source}"),
            Self::Io { command, source } => write!(f, "{command}: the TPM went away: {source}"),
            Self::Silent { command } => write!(f, "{command}: the TPM does not answer"),
            Self::Refused { command, code } => write!(f, "{command}: the TPM refuses with {code}"),
            Self::Unfit { command, what } => write!(f, "{command}: this cannot be asked for: {what}"),
            Self::Malformed { command, what } => write!(f, "{command}: the answer is malformed: {what}"),
            Self::IndexEnd { index, size } => {
                write!(f, "the index {index:#010x} has {size} bytes, and more were to be written")
            }
            Self::NoReport => f.write_str("this TPM has no paravisor's report (NV index 0x01400001)"),
            Self::ReportSize { size, limit } => {
                write!(f, "the index of the paravisor's report has {size} bytes, and a report at most {limit}")
            }
            Self::Report(error) => write!(f, "the paravisor's report is none: {error}"),
            Self::Torn { tries } => {
                write!(f, "the paravisor's report is torn: read {tries} times, its claims never were those of its hardware report")
            }
            Self::UserDataLength(bytes) => write!(f, "user data has 64 bytes, and this has {bytes}"),
            Self::NoUserData => f.write_str("this paravisor writes no user data into its report"),
            Self::Stale { tries, waited } => write!(
                f,
                "the paravisor's report is stale: read {tries} times in {:.1} s, it was renewed, never with the user data that was asked for",
                waited.as_secs_f64()
            ),
            Self::NotRenewed { tries, waited } => write!(
                f,
                "the paravisor does not renew its report: read {tries} times in {:.1} s, it stayed the same",
                waited.as_secs_f64()
            ),
            Self::InputSize { size } => {
                write!(f, "the index for user data (0x01400002) has {size} bytes instead of 64")
            }
            Self::InputForeign => {
                f.write_str("the index for user data (0x01400002) can only be written under a policy that is not ours")
            }
            Self::InputUnreadable => {
                f.write_str("the index for user data (0x01400002) cannot be read by the owner, as whom the paravisor reads it")
            }
            Self::InputLocked => f.write_str("the index for user data (0x01400002) is locked against writing"),
            Self::NonceLength(bytes) => {
                write!(f, "a nonce has at most 50 bytes in this TPM, and this has {bytes}")
            }
            Self::NoBank(bank) => match crate::hash_name(*bank) {
                Some(name) => write!(f, "this TPM has no {name} bank"),
                None => write!(f, "this TPM has no bank {bank:#06x}"),
            },
            Self::Moving { attempts } => {
                write!(f, "the registers changed between each of {attempts} quotes and their reading")
            }
            Self::Stack { command, message } => {
                write!(f, "{command}: the TPM software stack failed: {message}")
            }
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Report(error) => Some(error),
            _ => None,
        }
    }
}
