//! Hints for errors that need another one than their check's.

use core::fmt;

use teeproof_core::Class;
use teeproof_x509::Problem;

use crate::{CollateralUrls, DocumentProblem, Error};

/// A hint for an error: an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Fetch the platform's collateral from these URLs.
    Collateral(CollateralUrls),
    /// Fetch current collateral: what was given is not current at the time of verification.
    Refresh,
    /// Verify at a time at which the collateral was issued, or give older collateral.
    NotYetIssued,
    /// Request a quote of a kind that is supported.
    Unsupported,
    /// Give fewer documents of collateral.
    TooMany,
    /// Add the root as a trust anchor, if it is your own.
    Anchor,
    /// Do not rely on a revoked certificate.
    Revoked,
}

impl Error {
    /// A hint for this error, if it needs another one than its check's.
    #[must_use]
    pub const fn advice(&self) -> Option<Advice> {
        match self {
            Self::Quote(error) if error.is_unsupported() => Some(Advice::Unsupported),
            Self::MissingCollateral { urls, .. } => Some(Advice::Collateral(*urls)),
            Self::Document { problem: DocumentProblem::Stale { .. }, .. } => Some(Advice::Refresh),
            Self::Document { problem: DocumentProblem::NotYetIssued { .. }, .. } => {
                Some(Advice::NotYetIssued)
            }
            Self::Document { problem: DocumentProblem::TooMany, .. } => Some(Advice::TooMany),
            Self::Untrusted { .. } => Some(Advice::Anchor),
            Self::Chain { problem: Problem::Revoked, .. } => Some(Advice::Revoked),
            Self::RevocationList { problem, .. } if matches!(problem.class(), Class::Incomplete) => {
                Some(Advice::Refresh)
            }
            _ => None,
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Collateral(urls) => urls.fmt(f),
            Self::Refresh => f.write_str(
                "Fetch current collateral from Intel's PCS. Azure's cache (THIM) can serve documents after their \
                 nextUpdate. To verify archived evidence, give the time at which it was collected.",
            ),
            Self::NotYetIssued => f.write_str(
                "Check the clock. To verify at an earlier time, give the collateral of that time.",
            ),
            Self::Unsupported => f.write_str(
                "This version verifies quotes of versions 4 and 5 with bodies of TDX 1.0 and 1.5 (types 2 and 3). \
                 The extended body of TDX 1.5 (type 4) and quotes of SGX enclaves need another verifier.",
            ),
            Self::TooMany => f.write_str("Give the collateral of this platform alone."),
            Self::Anchor => {
                f.write_str("For the root of a test or of the twin, add its certificate as a trust anchor.")
            }
            Self::Revoked => f.write_str(
                "The issuer revoked the certificate: do not rely on quotes under it. The platform must be \
                 registered with Intel again, or use another machine.",
            ),
        }
    }
}
