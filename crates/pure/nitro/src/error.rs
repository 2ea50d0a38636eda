//! Why a document is not believed.

use core::fmt;

use teeproof_core::{Check, Class, Time};
use teeproof_wire::Error as WireError;
use teeproof_x509::{NameText, Problem};

use crate::checks;

/// A certificate of the chain: 0 is the root, 1 the one below it, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CertificateIndex(pub usize);

impl fmt::Display for CertificateIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("the root certificate"),
            link => write!(f, "certificate {link} below the root"),
        }
    }
}

/// A document is not believed: the first thing that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The envelope is not a COSE_Sign1 of this profile, or names no certificates.
    Format(WireError),
    /// The first certificate of the bundle is not a trust anchor.
    Untrusted {
        /// Its name; `None` where the bundle is empty.
        root: Option<NameText>,
    },
    /// The chain does not hold.
    Chain {
        /// The certificate at fault.
        link: CertificateIndex,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A revocation list of an issuer of the chain does not hold or is not current.
    RevocationList {
        /// The issuer.
        issuer: CertificateIndex,
        /// What is wrong with the list.
        problem: Problem,
    },
    /// The document's signature does not hold.
    Signature,
    /// The signed payload is not an enclave's document.
    Fields(WireError),
    /// The certificate was not issued to the module that the document names.
    ModuleId,
    /// The certificate was not valid when the document says it was made.
    Timestamp,
    /// The document says it was made after the time of verification.
    Future {
        /// When the document says it was made.
        timestamp: Time,
        /// The time of verification.
        at: Time,
    },
    /// The document carries another nonce, or none.
    Nonce,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Format(_) => checks::FORMAT,
            Self::Chain { problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, .. } => {
                checks::VALIDITY
            }
            Self::Chain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::RevocationList { .. } => checks::REVOCATION,
            Self::Untrusted { .. } | Self::Chain { .. } => checks::CHAIN,
            Self::Signature => checks::SIGNATURE,
            Self::Fields(_) => checks::FIELDS,
            Self::ModuleId | Self::Timestamp => checks::CONSISTENCY,
            Self::Future { .. } => checks::TIME,
            Self::Nonce => checks::NONCE,
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Format(error) | Self::Fields(error) if error.is_unsupported() => Class::Unsupported,
            Self::Format(_) | Self::Fields(_) => Class::Malformed,
            Self::Chain { problem, .. } | Self::RevocationList { problem, .. } => problem.class(),
            Self::Untrusted { .. } | Self::Signature => Class::NotAuthentic,
            Self::ModuleId | Self::Timestamp | Self::Future { .. } | Self::Nonce => Class::NotBound,
        }
    }
}

impl Error {
    /// What a person can do, where the check's own hint does not say it.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Untrusted { .. } => Some(
                "A document under another root was not made by a Nitro hypervisor; add a test root \
                 as a trust anchor.",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) | Self::Fields(error) => error.fmt(f),
            Self::Untrusted { root } => {
                f.write_str("the chain does not begin at the root of an AWS partition")?;
                root.as_ref().map_or(Ok(()), |root| write!(f, ": {root} is not trusted"))
            }
            Self::Chain { link, problem } => write!(f, "{link}: {problem}"),
            Self::RevocationList { issuer, problem } => write!(f, "revocation list of {issuer}: {problem}"),
            Self::Signature => f.write_str("the signature over the document does not hold"),
            Self::ModuleId => {
                f.write_str("the certificate was issued to another module than the document names")
            }
            Self::Timestamp => f.write_str("the certificate was not valid at the document's time stamp"),
            Self::Future { timestamp, at } => {
                write!(f, "the document's time stamp {timestamp} lies after the time of verification, {at}")
            }
            Self::Nonce => f.write_str("the document carries another nonce, or none"),
        }
    }
}

impl core::error::Error for Error {}
