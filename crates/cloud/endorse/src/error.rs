//! Errors of fetching, with a hint for each.

use core::fmt;

/// Nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address is not one of plain HTTP.
    Address(String),
    /// No connection, or it failed.
    Unreachable {
        /// The URL.
        url: String,
        /// The error of the HTTP client.
        reason: String,
    },
    /// No response within the timeout.
    Late {
        /// The URL.
        url: String,
    },
    /// A response with another status than 200.
    Status {
        /// The URL.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The response exceeds the limit.
    TooLarge {
        /// The URL.
        url: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The response is malformed.
    Malformed {
        /// The URL.
        url: String,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    /// A hint for the user.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => "give it as http://HOST:PORT",
            Self::Unreachable { .. } | Self::Late { .. } => {
                "the metadata service answers inside of Azure's machines only, and not in every container"
            }
            Self::Status { status: 429, .. } => "too many requests; wait a little",
            Self::Status { .. } => {
                "Azure has certificates only for its confidential VMs; this machine may be of another kind"
            }
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "something else than Azure's metadata service answers at this address"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{url} is not a URL of plain HTTP"),
            Self::Unreachable { url, reason } => write!(f, "{url} does not answer: {reason}"),
            Self::Late { url } => write!(f, "{url}: no response within the timeout"),
            Self::Status { url, status } => write!(f, "{url} answers with status {status}"),
            Self::TooLarge { url, limit } => write!(f, "{url} answers with more than {limit} bytes"),
            Self::Malformed { url, what } => write!(f, "{url}: malformed response: {what}"),
        }
    }
}

impl core::error::Error for Error {}
