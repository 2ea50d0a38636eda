//! Errors of the TPM, its transports and its data, with a hint for each.

mod hint;

use core::fmt;
use std::io;
use std::time::Duration;

use crate::ResponseCode;

/// An error of the TPM, of its transport or of its data.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The address is in none of the known forms.
    Address(String),
    /// The PCR selection is not of the form `sha256:0-7,14`.
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
        /// Its response code.
        code: ResponseCode,
    },
    /// A parameter that the command cannot carry.
    Unfit {
        /// The command.
        command: &'static str,
        /// What does not fit.
        what: String,
    },
    /// The response is not one of this command.
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
    /// This TPM has no HCL report.
    NoReport,
    /// The index of the report is larger than any report.
    ReportSize {
        /// Its size in bytes.
        size: usize,
        /// The most bytes that a report has.
        limit: usize,
    },
    /// The index does not hold a valid HCL report.
    Report(teeproof_wire::Error),
    /// The claims do not match REPORT_DATA: the report was renewed between two reads.
    Torn {
        /// How often it was read.
        tries: u32,
    },
    /// User data has 64 bytes; this has another number.
    UserDataLength(usize),
    /// The paravisor does not put user data into its report.
    NoUserData,
    /// The report was renewed with other user data than requested.
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
    /// The index for the guest's input can only be written under a policy.
    InputForeign,
    /// The index for the guest's input cannot be read by the paravisor.
    InputUnreadable,
    /// The index for the guest's input is locked against writing.
    InputLocked,
    /// A nonce has at most 50 bytes; this has more.
    NonceLength(usize),
    /// The TPM does not have this bank.
    NoBank(u16),
    /// The PCRs changed between each quote and the read of their values.
    Moving {
        /// How many quotes were made.
        attempts: u32,
    },
    /// This transport sends no commands but those that it makes itself.
    NoRawCommands {
        /// The command.
        command: &'static str,
    },
    /// The TPM software stack failed on its own side.
    Stack {
        /// The command.
        command: &'static str,
        /// What it said.
        message: String,
    },
}

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Class {
    /// The request is invalid.
    Usage,
    /// The device is missing, or may not be used.
    Device,
    /// The response or the data are malformed.
    Malformed,
    /// The report is not fresh.
    NotFresh,
    /// The data changed during every read.
    Unsteady,
}

impl Error {
    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Address(_)
            | Self::Registers(_)
            | Self::NotBuilt { .. }
            | Self::Unfit { .. }
            | Self::NoRawCommands { .. }
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

    /// Whether there is no object or index at the handle.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.code(), Some(ResponseCode::HANDLE | ResponseCode::REFERENCE_HANDLE))
    }

    /// The TPM's response code, without the number of the handle, session or parameter.
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
            Self::Address(text) => write!(f, "{text} is not the address of a TPM"),
            Self::Registers(text) => write!(f, "{text} is not a PCR selection"),
            Self::NotBuilt { address, feature } => {
                write!(f, "{address} needs the feature {feature}, which this build does not have")
            }
            Self::Open { address, source } => write!(f, "{address} cannot be opened: {source}"),
            Self::Io { command, source } => {
                write!(f, "{command}: the connection to the TPM failed: {source}")
            }
            Self::Silent { command } => write!(f, "{command}: the TPM does not answer"),
            Self::Refused { command, code } => write!(f, "{command}: the TPM refuses with {code}"),
            Self::Unfit { command, what } => write!(f, "{command}: invalid parameter: {what}"),
            Self::Malformed { command, what } => write!(f, "{command}: malformed response: {what}"),
            Self::IndexEnd { index, size } => {
                write!(f, "the write exceeds the {size} bytes of NV index {index:#010x}")
            }
            Self::NoReport => f.write_str("this TPM has no HCL report (NV index 0x01400001)"),
            Self::ReportSize { size, limit } => {
                write!(f, "NV index 0x01400001 for the HCL report: {size} bytes, expected at most {limit}")
            }
            Self::Report(error) => write!(f, "not a valid HCL report: {error}"),
            Self::Torn { tries } => {
                write!(f, "the HCL report is torn: claims did not match REPORT_DATA in {tries} reads")
            }
            Self::UserDataLength(bytes) => write!(f, "expected 64 bytes of user data, got {bytes}"),
            Self::NoUserData => {
                f.write_str("the HCL report has no user data: this paravisor does not support it")
            }
            Self::Stale { tries, waited } => write!(
                f,
                "the HCL report is stale: renewed with other user data than requested in {tries} reads over {:.1} s",
                waited.as_secs_f64()
            ),
            Self::NotRenewed { tries, waited } => write!(
                f,
                "the HCL report is stale: not renewed in {tries} reads over {:.1} s",
                waited.as_secs_f64()
            ),
            Self::InputSize { size } => {
                write!(f, "NV index 0x01400002 for user data: expected 64 bytes, got {size}")
            }
            Self::InputForeign => {
                f.write_str("NV index 0x01400002 for user data can only be written under a policy")
            }
            Self::InputUnreadable => f.write_str(
                "NV index 0x01400002 for user data cannot be read by the owner, and so not by the paravisor",
            ),
            Self::InputLocked => f.write_str("NV index 0x01400002 for user data is locked against writing"),
            Self::NonceLength(bytes) => {
                write!(f, "expected a nonce of at most 50 bytes, got {bytes}")
            }
            Self::NoBank(bank) => match crate::hash_name(*bank) {
                Some(name) => write!(f, "this TPM has no {name} bank"),
                None => write!(f, "this TPM has no bank {bank:#06x}"),
            },
            Self::Moving { attempts } => {
                write!(f, "the PCRs changed between each of {attempts} quotes and the read of their values")
            }
            Self::NoRawCommands { command } => {
                write!(f, "{command}: the TPM software stack sends no commands of vendors")
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
