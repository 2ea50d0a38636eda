//! Verification errors of a document.

use core::fmt;

use teeproof_core::{Check, Class, Time};
use teeproof_wire::Error as WireError;
use teeproof_x509::{NameText, Problem};

use crate::verify::steps::{OF_ENCLAVES, StepChecks};

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

/// A failed verification: the first check that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The envelope is not a COSE_Sign1 of this profile, or contains no certificates.
    Format(WireError),
    /// The first certificate of the bundle is not a trust anchor.
    Untrusted {
        /// Its name; `None` where the bundle is empty.
        root: Option<NameText>,
    },
    /// A certificate of the chain is invalid.
    Chain {
        /// The certificate.
        link: CertificateIndex,
        /// Its problem.
        problem: Problem,
    },
    /// A revocation list of an issuer of the chain is invalid or not current.
    RevocationList {
        /// The issuer.
        issuer: CertificateIndex,
        /// The list's problem.
        problem: Problem,
    },
    /// The document's signature is invalid.
    Signature,
    /// The signed payload is not a document of the expected kind.
    Fields(WireError),
    /// The certificate was not issued to the document's module.
    ModuleId,
    /// The certificate was not valid at the document's time stamp.
    Timestamp,
    /// The document's time stamp is later than the time of verification.
    Future {
        /// The document's time stamp.
        timestamp: Time,
        /// The time of verification.
        at: Time,
    },
    /// The document's nonce is missing or not the expected one.
    Nonce,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        self.check_of(&OF_ENCLAVES)
    }

    /// The check that failed, of a document with these checks.
    pub(crate) const fn check_of(&self, checks: &StepChecks) -> &'static Check {
        match self {
            Self::Format(_) => checks.format,
            Self::Chain { problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, .. } => {
                checks.validity
            }
            Self::Chain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::RevocationList { .. } => checks.revocation,
            Self::Untrusted { .. } | Self::Chain { .. } => checks.chain,
            Self::Signature => checks.signature,
            Self::Fields(_) => checks.fields,
            Self::ModuleId | Self::Timestamp => checks.consistency,
            Self::Future { .. } => checks.time,
            Self::Nonce => checks.nonce,
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
    /// A hint that is more precise than that of the check, if there is one.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Untrusted { .. } => Some(
                "A document under another root was not made by a Nitro hypervisor; add a test root \
                 as a trust anchor.",
            ),
            Self::Chain { problem: Problem::NoRevocationList, .. } => Some("Give the issuer's CRL."),
            Self::Chain { problem: Problem::Revoked, .. } => {
                Some("Do not rely on this document: the issuer revoked a certificate of its chain.")
            }
            Self::RevocationList {
                problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, ..
            } => Some("Replace the issuer's CRL by a current one, and check the verifier's clock."),
            Self::RevocationList { .. } => Some("Replace the CRL by one that its issuer signed."),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format(error) | Self::Fields(error) => error.fmt(f),
            Self::Untrusted { root } => {
                f.write_str("expected a chain from the root of an AWS partition")?;
                root.as_ref().map_or(Ok(()), |root| write!(f, ", got one from {root}"))
            }
            Self::Chain { link, problem } => write!(f, "{link}: {problem}"),
            Self::RevocationList { issuer, problem } => {
                write!(f, "revocation list of {issuer}: {}", problem.of_list())
            }
            Self::Signature => f.write_str("the signature over the document is invalid"),
            Self::ModuleId => {
                f.write_str("the certificate was issued to a module other than the document's module_id")
            }
            Self::Timestamp => f.write_str("the certificate was not valid at the document's time stamp"),
            Self::Future { timestamp, at } => {
                write!(
                    f,
                    "the document's time stamp {timestamp} is later than the time of verification, {at}"
                )
            }
            Self::Nonce => f.write_str("the document's nonce is missing or not the expected one"),
        }
    }
}

impl core::error::Error for Error {}
