//! Errors of the module, its transports and its answers, with a hint for each.

use core::fmt;
use std::io::{self, ErrorKind};

use crate::MAX_ANSWER;
use crate::cbor::MessageError;
use crate::response::ErrorCode;

/// An error of a Nitro security module, of its transport or of its answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum NsmError {
    /// The address is in none of the known forms.
    Address(String),
    /// There is no such device.
    NoDevice {
        /// Its path.
        path: String,
    },
    /// This user may not use the device.
    Permission {
        /// Its path, or the address of a socket.
        path: String,
    },
    /// The device or socket could not be opened for another reason.
    Open {
        /// The address.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The request is longer than the driver accepts (EMSGSIZE); it was not sent.
    RequestTooLong {
        /// The request.
        request: &'static str,
        /// Its length in bytes.
        bytes: usize,
    },
    /// The driver or the connection failed.
    Io {
        /// The request.
        request: &'static str,
        /// How: of the device, with the number of the error.
        source: io::Error,
    },
    /// There was no answer in time: ETIMEDOUT of the driver after two minutes, or the deadline of a socket.
    TimedOut {
        /// The request.
        request: &'static str,
    },
    /// A socket announced a longer answer than a module has.
    AnswerTooLong {
        /// The request.
        request: &'static str,
        /// The announced length in bytes.
        bytes: u64,
    },
    /// The answer fills the room for it, so that the driver may have cut it.
    AnswerFull {
        /// The request.
        request: &'static str,
        /// Its length in bytes.
        bytes: usize,
    },
    /// The answer ends before its CBOR item does.
    AnswerCut {
        /// The request.
        request: &'static str,
        /// Its length in bytes.
        bytes: usize,
    },
    /// The answer is not a valid one.
    Undecodable {
        /// The request.
        request: &'static str,
        /// What is wrong.
        problem: MessageError,
    },
    /// The module refused the request.
    Refused {
        /// The request.
        request: &'static str,
        /// The module's error.
        code: ErrorCode,
    },
    /// The answer is that of another request.
    OtherAnswer {
        /// The request.
        request: &'static str,
        /// The request that the answer belongs to.
        answer: &'static str,
    },
}

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NsmErrorClass {
    /// The request is invalid.
    Usage,
    /// The device is missing, may not be used, failed or refused.
    Device,
    /// The answer is malformed.
    Malformed,
}

impl NsmError {
    /// The error of opening this address.
    pub(crate) fn opening(address: &str, source: io::Error) -> Self {
        let path = || address.split_once(':').map_or(address, |(_, path)| path).to_owned();
        match source.kind() {
            ErrorKind::NotFound if address.starts_with("device:") => Self::NoDevice { path: path() },
            ErrorKind::PermissionDenied => Self::Permission { path: path() },
            _ => Self::Open { address: address.to_owned(), source },
        }
    }

    /// The error of an exchange.
    pub(crate) fn exchanging(request: &'static str, source: io::Error) -> Self {
        match source.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut { request },
            _ => Self::Io { request, source },
        }
    }

    /// The class of the error.
    #[must_use]
    pub const fn class(&self) -> NsmErrorClass {
        match self {
            Self::Address(_) | Self::RequestTooLong { .. } => NsmErrorClass::Usage,
            Self::NoDevice { .. } | Self::Permission { .. } | Self::Open { .. } => NsmErrorClass::Device,
            Self::Io { .. } | Self::TimedOut { .. } | Self::Refused { .. } => NsmErrorClass::Device,
            Self::AnswerTooLong { .. } | Self::AnswerFull { .. } | Self::AnswerCut { .. } => {
                NsmErrorClass::Malformed
            }
            Self::Undecodable { .. } | Self::OtherAnswer { .. } => NsmErrorClass::Malformed,
        }
    }

    /// What a person can do: one sentence, the most likely remedy first.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => "write device:/dev/nsm, unix:PATH or tcp:HOST:PORT",
            Self::NoDevice { .. } => {
                "run this inside of a Nitro enclave, whose kernel has the driver nsm (CONFIG_NSM, module nsm); elsewhere, give the socket of a twin"
            }
            Self::Permission { .. } => "run as root, or as the owner of the device or socket",
            Self::Open { source, .. } => match source.kind() {
                ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
                    "start what listens there, for instance teeproof-twin nsm, and check the address"
                }
                ErrorKind::InvalidInput => "name the device of the driver nsm: device:/dev/nsm",
                _ => "check the address, and whether the device is that of the driver nsm",
            },
            Self::RequestTooLong { .. } => {
                "shorten nonce, user data and public key: a request has at most 4096 bytes; of longer data, give a hash"
            }
            Self::Io { .. } => "check with dmesg what the driver nsm says, or whether the twin still runs",
            Self::TimedOut { .. } => "end other programs that request much of the module, and try again",
            Self::AnswerTooLong { .. } | Self::Undecodable { .. } | Self::OtherAnswer { .. } => {
                "check the address: something else than a Nitro security module may answer there"
            }
            Self::AnswerFull { .. } | Self::AnswerCut { .. } => {
                "shorten nonce, user data and public key, which the document repeats"
            }
            Self::Refused { code, .. } => of_code(code),
        }
    }
}

/// What to do about an error of the module.
const fn of_code(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidArgument => "check the lengths of nonce, user data, public key and PCR data",
        ErrorCode::InvalidIndex => "give a PCR from 0 to 31, and a range of at most 32",
        ErrorCode::InvalidOperation => "this module does not have the request: look at its version",
        ErrorCode::ReadOnlyIndex => {
            "the PCR is locked until the enclave ends: choose one that is not, from 16 to 31"
        }
        ErrorCode::BufferTooSmall | ErrorCode::InputTooLarge => "shorten nonce, user data and public key",
        _ => "try again; if it stays, restart the enclave",
    }
}

impl fmt::Display for NsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(text) => write!(f, "{text} is not the address of a Nitro security module"),
            Self::NoDevice { path } => write!(f, "no Nitro security module: {path} does not exist"),
            Self::Permission { path } => write!(f, "no permission to use {path}"),
            Self::Open { address, source } => write!(f, "{address} cannot be opened: {source}"),
            Self::RequestTooLong { request, bytes } => {
                write!(
                    f,
                    "{request}: expected a request of at most {} bytes, got {bytes}",
                    crate::MAX_REQUEST
                )
            }
            Self::Io { request, source } => write!(f, "{request}: the exchange failed: {source}"),
            Self::TimedOut { request } => write!(f, "{request}: no answer in time"),
            Self::AnswerTooLong { request, bytes } => {
                write!(f, "{request}: expected an answer of at most {MAX_ANSWER} bytes, got {bytes}")
            }
            Self::AnswerFull { request, bytes } => {
                write!(f, "{request}: the answer fills the buffer of {bytes} bytes: it may be cut")
            }
            Self::AnswerCut { request, bytes } => {
                write!(f, "{request}: the answer is cut: its CBOR item has more than the {bytes} bytes")
            }
            Self::Undecodable { request, problem } => write!(f, "{request}: malformed answer: {problem}"),
            Self::Refused { request, code } => {
                write!(f, "{request}: the Nitro security module refuses with {code}")
            }
            Self::OtherAnswer { request, answer } => {
                write!(f, "{request}: expected its answer, got one to {answer}")
            }
        }
    }
}

impl core::error::Error for NsmError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Open { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Undecodable { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_opening_are_kept_apart() {
        let opening = |address: &str, kind: ErrorKind| NsmError::opening(address, kind.into());
        let missing = opening("device:/dev/nsm", ErrorKind::NotFound);
        assert!(matches!(&missing, NsmError::NoDevice { path } if path == "/dev/nsm"));
        assert!(matches!(opening("unix:/run/nsm", ErrorKind::NotFound), NsmError::Open { .. }));
        assert!(matches!(
            opening("device:/dev/nsm", ErrorKind::PermissionDenied),
            NsmError::Permission { .. }
        ));
        assert!(opening("tcp:h:1", ErrorKind::ConnectionRefused).hint().contains("teeproof-twin nsm"));
        // ETIMEDOUT of the driver.
        let silent = NsmError::exchanging("GetRandom", io::Error::from_raw_os_error(110));
        assert!(matches!(silent, NsmError::TimedOut { .. }) || !cfg!(target_os = "linux"));
    }

    #[test]
    fn foreign_names_are_escaped() {
        let code = ErrorCode::Unknown("\u{1b}[2J".into());
        let shown = NsmError::Refused { request: "GetRandom", code }.to_string();
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
