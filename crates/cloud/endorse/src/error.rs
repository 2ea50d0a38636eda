//! Why nothing was fetched, and what a person can do about it.

use core::fmt;

/// Why nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be asked over plain HTTP.
    Address(String),
    /// Nobody answers there.
    Unreachable {
        /// What was asked.
        url: String,
        /// How it failed.
        reason: String,
    },
    /// The answer did not come in time.
    Late {
        /// What was asked.
        url: String,
    },
    /// The service says no.
    Status {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than any such answer.
    TooLarge {
        /// What was asked.
        url: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The answer is not what it has to be.
    Malformed {
        /// What was asked.
        url: String,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => "give it as http://HOST:PORT",
            Self::Unreachable { .. } | Self::Late { .. } => {
                "the metadata service answers inside of Azure's machines only, and not in every container"
            }
            Self::Status { status: 429, .. } => "it was asked too often; wait a little",
            Self::Status { .. } => "this machine may be none that Azure has certificates for",
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "something else than Azure's metadata service answers at this address"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{url} is no address that plain HTTP can ask"),
            Self::Unreachable { url, reason } => write!(f, "{url} does not answer: {reason}"),
            Self::Late { url } => write!(f, "{url} did not answer in time"),
            Self::Status { url, status } => write!(f, "{url} answers with status {status}"),
            Self::TooLarge { url, limit } => write!(f, "{url} answers with more than {limit} bytes"),
            Self::Malformed { url, what } => write!(f, "{url} answers with something else: {what}"),
        }
    }
}

impl core::error::Error for Error {}
