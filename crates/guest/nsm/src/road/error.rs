//! Errors of the road: addresses, connections, frames, messages, refusals.

use core::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::cbor::MessageError;
use crate::frame::FrameError;

/// An error of a server of documents or of its client.
#[derive(Debug)]
#[non_exhaustive]
pub enum RoadError {
    /// The address is in none of the known forms.
    Address(String),
    /// The server cannot listen.
    Listen {
        /// The address.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The server cannot be reached, or the connection failed.
    Connection {
        /// The address.
        address: String,
        /// How.
        source: io::Error,
    },
    /// The server did not answer in time.
    TimedOut {
        /// The address.
        address: String,
        /// The time that was waited.
        waited: Duration,
    },
    /// The answer is not a valid frame.
    Frame(FrameError),
    /// The request is invalid; nothing was sent.
    Request(MessageError),
    /// The answer is not a valid message.
    Message(MessageError),
    /// The server refused; foreign text.
    Refused(String),
    /// The answer has another form than the requested one.
    OtherForm,
}

impl RoadError {
    /// What a person can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => "write vsock:CID:PORT, tcp:HOST:PORT or unix:PATH; the default port is 5733",
            Self::Listen { source, .. } => match source.kind() {
                ErrorKind::AddrInUse => {
                    "end the other server, remove its socket file, or choose another address"
                }
                _ => "choose an address of this machine",
            },
            Self::Connection { .. } => {
                "check that the server runs in the enclave, and the enclave's CID with nitro-cli describe-enclaves"
            }
            Self::TimedOut { .. } => {
                "check CID and port; the enclave may be busy: try again with a fresh nonce"
            }
            Self::Request(_) => "give a nonce of 1 to 512 bytes: of a longer one, a hash serves as well",
            Self::Frame(_) | Self::Message(_) | Self::OtherForm => {
                "check the address: something else than a server of documents may answer there"
            }
            Self::Refused(_) => "see what the server says, and try again with a fresh nonce",
        }
    }

    /// Whether an address or the request itself is invalid.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Listen { .. } | Self::Request(_))
    }
}

impl fmt::Display for RoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(text) => write!(f, "{text} is not the address of a server of documents"),
            Self::Listen { address, source } => write!(f, "{address}: cannot listen: {source}"),
            Self::Connection { address, source } => write!(f, "{address}: the connection failed: {source}"),
            Self::TimedOut { address, waited } => {
                write!(f, "{address}: no answer within {:.1} s", waited.as_secs_f64())
            }
            Self::Frame(error) => write!(f, "answer: {error}"),
            Self::Request(error) | Self::Message(error) => error.fmt(f),
            Self::Refused(text) => write!(f, "the server refuses: {text}"),
            Self::OtherForm => f.write_str("answer: expected the requested form, got the other one"),
        }
    }
}

impl core::error::Error for RoadError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Connection { source, .. } => Some(source),
            Self::Frame(error) => Some(error),
            Self::Request(error) | Self::Message(error) => Some(error),
            _ => None,
        }
    }
}
