//! Why a report is not believed.

use core::fmt;

use teeproof_core::{Check, Class};
use teeproof_wire::Error as WireError;
use teeproof_x509::Problem;

use crate::{Component, VekKind, checks};

/// A link of the chain; the further down, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Link {
    /// The root key: `ARK-<product>`.
    Ark,
    /// The intermediate: `SEV-<product>` or `SEV-VLEK-<product>`.
    Intermediate,
    /// The endorsement key: `SEV-VCEK` or `SEV-VLEK`.
    Vek,
}

impl Link {
    pub(crate) const fn at(link: usize) -> Self {
        match link {
            0 => Self::Ark,
            1 => Self::Intermediate,
            _ => Self::Vek,
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ark => "ARK",
            Self::Intermediate => "ASK or ASVK",
            Self::Vek => "VCEK or VLEK",
        })
    }
}

/// A report is not believed: the first thing that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The report is not one, or of a version or algorithm that is not supported.
    Report(WireError),
    /// The report says that no key signed it, or names a key without a meaning.
    NotSigned,
    /// A certificate is missing among the endorsements.
    Missing(Link),
    /// The chain does not end at a trust anchor.
    Untrusted,
    /// The chain does not hold.
    Chain {
        /// The certificate at fault.
        link: Link,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A revocation list of the root key does not hold or is not current.
    RevocationList(Problem),
    /// The VEK certificate's extensions are not AMD's.
    Vek(WireError),
    /// The report names another kind of key than the certificate is for.
    VekType {
        /// The certificate's.
        certificate: VekKind,
    },
    /// Certificate, root key and processor are not of one product line.
    VekProduct,
    /// The report's processor is of no supported product line.
    Processor,
    /// A component of the certificate's TCB is not the report's.
    VekTcb(Component),
    /// A TCB of the report has reserved bytes that are not zero.
    TcbReserved,
    /// The certificate belongs to another chip.
    VekChip,
    /// The report's signature does not hold.
    Signature,
    /// REPORT_DATA is not the nonce.
    Nonce,
    /// The nonce is empty, or longer than REPORT_DATA.
    NonceLength,
}

impl Error {
    /// The check that failed.
    #[must_use]
    pub const fn check(&self) -> &'static Check {
        match self {
            Self::Report(_) => checks::FORMAT,
            Self::Chain { problem: Problem::Expired { .. } | Problem::NotYetValid { .. }, .. } => {
                checks::VALIDITY
            }
            Self::Chain { problem: Problem::Revoked | Problem::NoRevocationList, .. }
            | Self::RevocationList(_) => checks::REVOCATION,
            Self::Missing(_) | Self::Untrusted | Self::Chain { .. } | Self::Vek(_) => checks::CHAIN,
            Self::NotSigned | Self::VekType { .. } => checks::VEK_TYPE,
            Self::VekProduct | Self::Processor => checks::VEK_PRODUCT,
            Self::VekTcb(_) | Self::TcbReserved => checks::VEK_TCB,
            Self::VekChip => checks::VEK_CHIP,
            Self::Signature => checks::SIGNATURE,
            Self::Nonce | Self::NonceLength => checks::NONCE,
        }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Report(error) | Self::Vek(error) if error.is_unsupported() => Class::Unsupported,
            Self::Report(_) | Self::Vek(_) => Class::Malformed,
            Self::Processor => Class::Unsupported,
            Self::Missing(_) => Class::Incomplete,
            Self::Chain { problem, .. } | Self::RevocationList(problem) => problem.class(),
            Self::Nonce | Self::NonceLength => Class::NotBound,
            _ => Class::NotAuthentic,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) | Self::Vek(error) => error.fmt(f),
            Self::NotSigned => f.write_str("the report names neither a VCEK nor a VLEK as its signer"),
            Self::Missing(link) => write!(f, "the {link} certificate is missing among the endorsements"),
            Self::Untrusted => f.write_str("the chain does not end at a trust anchor"),
            Self::Chain { link, problem } => write!(f, "{link}: {problem}"),
            Self::RevocationList(problem) => write!(f, "the ARK's revocation list: {problem}"),
            Self::VekType { certificate } => {
                write!(
                    f,
                    "the certificate is for a {certificate}, the report was signed by another kind of key"
                )
            }
            Self::VekProduct => {
                f.write_str("certificate, root key and processor are not of one product line")
            }
            Self::Processor => f.write_str("the report's processor is of no supported product line"),
            Self::VekTcb(component) => {
                write!(f, "the certificate is for another {component} than REPORTED_TCB has")
            }
            Self::TcbReserved => f.write_str("a TCB version has reserved bytes that are not zero"),
            Self::VekChip => f.write_str("the certificate belongs to another chip than CHIP_ID names"),
            Self::Signature => f.write_str("the signature over bytes 0x000..0x2a0 does not hold"),
            Self::Nonce => f.write_str("REPORT_DATA is not the nonce followed by zeros"),
            Self::NonceLength => {
                f.write_str("the nonce has to have 1 to 64 bytes, as REPORT_DATA has room for")
            }
        }
    }
}

impl core::error::Error for Error {}
