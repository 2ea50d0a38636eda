//! Errors of paths and revocation lists.

use core::fmt;

use teeproof_core::{Class, Time};

use crate::MAX_CHAIN;

/// An invalid path: the certificate at fault, and its problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The certificate at fault: 0 is the anchor, 1 the certificate below it, and so on.
    pub link: usize,
    /// Its problem.
    pub problem: Problem,
}

/// A problem of a certificate or a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There is no certificate below the anchor.
    Empty,
    /// The chain exceeds [`MAX_CHAIN`] certificates.
    TooLong,
    /// The signature budget is spent, with candidates left.
    TooManySignatures,
    /// The bytes are not a certificate; as grave as an invalid signature.
    Malformed(teeproof_wire::Error),
    /// An unsupported key or signature algorithm.
    Algorithm,
    /// An unknown critical extension.
    CriticalExtension,
    /// The issuer's name is not the subject's name of the certificate above.
    Issuer,
    /// The issuer is not an authority: `cA` is not set, or `basicConstraints` is not critical.
    NotAnAuthority,
    /// More authorities follow below than `pathLenConstraint` allows.
    PathLength,
    /// The key usage does not allow this use, or is missing on an authority.
    KeyUsage,
    /// The leaf is an authority.
    LeafIsAuthority,
    /// The signature is invalid.
    Signature,
    /// The certificate or list is not yet valid.
    NotYetValid {
        /// The first second of validity.
        not_before: Time,
        /// The time of verification.
        at: Time,
    },
    /// The certificate or list is no longer valid.
    Expired {
        /// The last second of validity.
        not_after: Time,
        /// The time of verification.
        at: Time,
    },
    /// A current revocation list names the certificate.
    Revoked,
    /// The issuer's revocation list is missing, and the caller requires it.
    NoRevocationList,
    /// The list has a critical extension, so it may not cover the certificate.
    RevocationScope,
}

impl Error {
    pub(crate) const fn new(link: usize, problem: Problem) -> Self {
        Self { link, problem }
    }

    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.problem.class()
    }
}

impl Problem {
    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Empty | Self::TooLong => Class::Malformed,
            Self::Algorithm | Self::CriticalExtension => Class::Unsupported,
            Self::NotYetValid { .. } | Self::Expired { .. } => Class::Incomplete,
            Self::Revoked | Self::NoRevocationList | Self::RevocationScope => Class::Incomplete,
            // Nothing is forged: the right certificate may be among the candidates that are left.
            Self::TooManySignatures => Class::Incomplete,
            _ => Class::NotAuthentic,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no certificate below the anchor"),
            Self::TooLong => write!(f, "the chain exceeds {MAX_CHAIN} certificates"),
            Self::TooManySignatures => {
                f.write_str("signature limit reached: too many candidate certificates or lists, send fewer")
            }
            Self::Malformed(error) => error.fmt(f),
            Self::Algorithm => f.write_str("the key or signature algorithm is not supported"),
            Self::CriticalExtension => f.write_str("unknown critical extension"),
            Self::Issuer => f.write_str("the issuer is not the subject of the certificate above"),
            Self::NotAnAuthority => f.write_str("the certificate is not a certification authority"),
            Self::PathLength => f.write_str("more authorities follow than pathLenConstraint allows"),
            Self::KeyUsage => f.write_str("the key usage is missing or does not allow this use"),
            Self::LeafIsAuthority => f.write_str("the leaf is a certification authority"),
            Self::Signature => f.write_str("the signature does not hold"),
            Self::NotYetValid { not_before, at } => {
                write!(f, "not yet valid: notBefore {not_before}, verified at {at}")
            }
            Self::Expired { not_after, at } => write!(f, "expired: notAfter {not_after}, verified at {at}"),
            Self::Revoked => f.write_str("revoked by its issuer"),
            Self::NoRevocationList => f.write_str("the revocation list of its issuer is missing"),
            Self::RevocationScope => f.write_str(
                "the revocation list has a critical extension, so it may not cover the certificate",
            ),
        }
    }
}

/// A problem of a revocation list in words: its dates are thisUpdate and nextUpdate.
#[derive(Clone, Copy, Debug)]
pub struct ListProblem<'p>(&'p Problem);

impl Problem {
    /// The words for this problem of a revocation list, whose dates have other names than those of a certificate.
    #[must_use]
    pub const fn of_list(&self) -> ListProblem<'_> {
        ListProblem(self)
    }
}

impl fmt::Display for ListProblem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Problem::NotYetValid { not_before, at } => {
                write!(f, "not yet valid: thisUpdate {not_before}, verified at {at}")
            }
            Problem::Expired { not_after, at } => {
                write!(f, "not current: nextUpdate {not_after}, verified at {at}")
            }
            problem => problem.fmt(f),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.link {
            0 => write!(f, "the anchor: {}", self.problem),
            link => write!(f, "certificate {link} below the anchor: {}", self.problem),
        }
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn the_dates_of_lists_have_their_own_names() {
        let (at, earlier) = (Time(86_400), Time(0));
        let expired = Problem::Expired { not_after: earlier, at };
        let words = "not current: nextUpdate 1970-01-01T00:00:00Z, verified at 1970-01-02T00:00:00Z";
        assert_eq!(expired.of_list().to_string(), words);
        let early = Problem::NotYetValid { not_before: at, at: earlier };
        let words = "not yet valid: thisUpdate 1970-01-02T00:00:00Z, verified at 1970-01-01T00:00:00Z";
        assert_eq!(early.of_list().to_string(), words);
        assert_eq!(Problem::Signature.of_list().to_string(), Problem::Signature.to_string());
    }
}
