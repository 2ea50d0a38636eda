//! Errors of fetching, with a hint for each.

use core::fmt;

use teeproof_core::{Time, Validity};

/// Nothing was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a URL that this crate requests. User information, query and fragment are left out, which can be
    /// secrets.
    Address(String),
    /// Plain HTTP to another host than loopback or instance metadata.
    NotEncrypted {
        /// The URL.
        url: String,
    },
    /// The host is not one of those that may be requested.
    HostNotAllowed {
        /// The URL.
        url: String,
    },
    /// The network may not be used.
    Offline {
        /// The URL that would have been requested.
        url: String,
    },
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
    /// A redirect, which is not followed.
    Redirect {
        /// The URL.
        url: String,
        /// The header Location.
        to: String,
    },
    /// The service refused this request a short time ago; nothing was sent.
    Refused {
        /// The URL.
        url: String,
        /// The HTTP status of that response.
        status: u16,
        /// When the request may be sent again.
        until: Time,
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
    /// The response is well formed and does not belong to the request: another chip, TCB, issuer or platform.
    Mismatch {
        /// The URL.
        url: String,
        /// The field, the expected value and the value found.
        what: String,
    },
    /// The object has expired, or is from the future, as its own dates say.
    OutOfDate {
        /// The URL.
        url: String,
        /// The time for which the object says that it is valid.
        validity: Validity,
        /// The time of verification.
        at: Time,
    },
    /// The object is valid now, and not at the time of verification, which is another one.
    OtherTime {
        /// The URL.
        url: String,
        /// The time for which the object says that it is valid.
        validity: Validity,
        /// The time of verification.
        at: Time,
    },
    /// Another process has been fetching the same object for too long.
    Locked {
        /// The URL.
        url: String,
    },
    /// A file or folder of the cache cannot be used.
    Cache {
        /// The path.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// The disk of the cache is full, or the user's quota is used.
    CacheFull {
        /// The path.
        path: String,
        /// The error of the operating system.
        reason: String,
    },
    /// A directory that is not used as a cache: a symbolic link, a directory of another user or one that others may
    /// write, or one with other files.
    CacheRefused {
        /// The path.
        path: String,
        /// What is wrong; the owner's number if that is another one.
        reason: String,
    },
    /// A line of an exported cache is malformed, or of another version.
    Archive {
        /// The line, counted from 1.
        line: u64,
        /// What is expected and found.
        what: String,
    },
    /// A mirror cannot answer at an address.
    Listen {
        /// The address.
        address: String,
        /// The error of the operating system.
        reason: String,
    },
    /// A value that no request can be made of.
    Question {
        /// The value, and what is expected.
        what: String,
    },
}

impl Error {
    /// The URL that it is about.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::NotEncrypted { url }
            | Self::HostNotAllowed { url }
            | Self::Offline { url }
            | Self::Unreachable { url, .. }
            | Self::Late { url }
            | Self::Status { url, .. }
            | Self::Redirect { url, .. }
            | Self::Refused { url, .. }
            | Self::TooLarge { url, .. }
            | Self::Malformed { url, .. }
            | Self::Mismatch { url, .. }
            | Self::OutOfDate { url, .. }
            | Self::OtherTime { url, .. }
            | Self::Locked { url } => Some(url),
            Self::Address(_)
            | Self::Cache { .. }
            | Self::CacheFull { .. }
            | Self::CacheRefused { .. }
            | Self::Archive { .. }
            | Self::Listen { .. }
            | Self::Question { .. } => None,
        }
    }

    /// A hint for the user.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Address(_) => {
                "give it as http://HOST:PORT or https://HOST, with a path without dot segments or empty ones; a CA \
                 certificate's URL has no query"
            }
            Self::NotEncrypted { .. } => "give an https URL; plain HTTP is for loopback only",
            Self::HostNotAllowed { .. } => {
                "only the vendors' services are requested; name another one with its TEEPROOF_…_URL variable"
            }
            Self::Offline { .. } => "run once without --offline, or give the endorsement as a file",
            Self::Unreachable { url, .. } | Self::Late { url } if is_metadata(url) => {
                "the metadata service answers inside of Azure's machines only, and not in every container"
            }
            Self::Unreachable { .. } | Self::Late { .. } => {
                "check the network and the system's CA certificates, or give the endorsement as a file"
            }
            Self::Status { status: 429, .. } => "too many requests; wait a little",
            Self::Status { url, .. } if is_metadata(url) => {
                "Azure has certificates only for its confidential VMs; this machine may be of another kind"
            }
            Self::Status { url, status: 404 | 410 } if is_vcek(url) => {
                "the service does not have it: compare chip id, TCB and product line with the report's"
            }
            Self::Status { status: 404 | 410, .. } => {
                "the service does not have it: check the URL of the service or mirror, or give it as a file"
            }
            Self::Status { .. } => "try again later, or give the endorsement as a file",
            Self::Refused { .. } => "wait until then, or give the endorsement as a file",
            Self::TooLarge { url, .. } | Self::Malformed { url, .. } if is_metadata(url) => {
                "something else than Azure's metadata service answers at this address"
            }
            Self::Redirect { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Mismatch { .. } => {
                "something else than the vendor's service may answer at this address, such as a proxy"
            }
            Self::OutOfDate { .. } => {
                "the service or mirror is stale: update it, request the vendor's own, or check this machine's clock"
            }
            Self::OtherTime { .. } => "give the one of that time as a file with --endorsements",
            Self::Locked { .. } => "end the other process, or give the endorsement as a file",
            Self::Cache { .. } => "give another directory with --cache-dir",
            Self::CacheFull { .. } => "free some space, or give a directory on another disk with --cache-dir",
            Self::CacheRefused { .. } => {
                "give an empty or new directory that is yours, and that others may not write, with --cache-dir"
            }
            Self::Archive { .. } => {
                "give a file of teeproof cache export, under the TEEPROOF_…_URL variables that it was exported with"
            }
            Self::Listen { .. } => "give an address of this machine and a free port",
            Self::Question { .. } => "compare the value with the report's",
        }
    }
}

/// Whether a certificate of a chip is requested, which a chip has for each TCB.
fn is_vcek(url: &str) -> bool {
    url.contains("/vcek/v1/") && url.contains('?')
}

fn is_metadata(url: &str) -> bool {
    ["/metadata/", "/acc/"].iter().any(|path| url.contains(path))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(url) => write!(f, "{url} is not a URL of HTTP or HTTPS in its plain form"),
            Self::NotEncrypted { url } => write!(f, "{url} is plain HTTP to another machine"),
            Self::HostNotAllowed { url } => write!(f, "{url} is not on an allowed host"),
            Self::Offline { url } => write!(f, "{url} was not requested: offline"),
            Self::Unreachable { url, reason } => write!(f, "{url} does not answer: {reason}"),
            Self::Late { url } => write!(f, "{url}: no response within the timeout"),
            Self::Status { url, status } => write!(f, "{url} answers with status {status}"),
            Self::Redirect { url, to } => {
                write!(f, "{url} redirects to {}", to.chars().take(200).collect::<String>())
            }
            Self::Refused { url, status, until } => {
                write!(f, "{url} answered with status {status} and is not requested again before {until}")
            }
            Self::TooLarge { url, limit } => write!(f, "{url} answers with more than {limit} bytes"),
            Self::Malformed { url, what } => write!(f, "{url}: malformed response: {what}"),
            Self::Mismatch { url, what } => write!(f, "{url}: the response does not fit the request: {what}"),
            Self::OutOfDate { url, validity, at } | Self::OtherTime { url, validity, at } => {
                let (from, until) = (validity.not_before, validity.not_after);
                write!(f, "{url} is valid from {from} until {until}, not at {at}")
            }
            Self::Locked { url } => write!(f, "{url} is being fetched by another process"),
            Self::Cache { path, reason }
            | Self::CacheFull { path, reason }
            | Self::CacheRefused { path, reason } => write!(f, "cache: {path}: {reason}"),
            Self::Archive { line, what } => write!(f, "line {line}: {what}"),
            Self::Listen { address, reason } => write!(f, "cannot listen at {address}: {reason}"),
            Self::Question { what } => f.write_str(what),
        }
    }
}

impl core::error::Error for Error {}
