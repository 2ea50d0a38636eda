//! Revocation lists, given by the caller: nothing is fetched.
//!
//! One mechanism for every chain: a list is used wherever its issuer signed a certificate of the
//! chain, the anchor's list for the certificate below the anchor, and so on.

use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time, Validity};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::path::within;
use crate::verified_signature::{Issued, verify_issued};
use crate::{AnchoredPath, MAX_CHAIN, Problem, SignatureChecks, VerifiedSignature};

/// How revocation is checked. It has no default.
#[derive(Clone, Copy, Debug)]
pub enum Revocation<'a> {
    /// Every chain is checked against those of these lists that its issuers signed. A chain for
    /// which there is none is a waiver in the result.
    Lists(&'a [RevocationList<'a>]),
    /// The same, and a chain for which there is none is refused.
    Required(&'a [RevocationList<'a>]),
    /// Not checked, for the reason given, which shows in the result.
    Unchecked(&'a str),
}

impl<'a> Revocation<'a> {
    /// The lists.
    #[must_use]
    pub const fn lists(&self) -> &'a [RevocationList<'a>] {
        match self {
            Self::Lists(lists) | Self::Required(lists) => lists,
            Self::Unchecked(_) => &[],
        }
    }

    /// Why a chain for which there is no list is believed all the same; `None` where it is not.
    #[must_use]
    pub const fn waiver(&self) -> Option<&'a str> {
        match self {
            Self::Lists(_) => Some("no revocation list of an issuer of this chain was given"),
            Self::Required(_) => None,
            Self::Unchecked(reason) => Some(reason),
        }
    }
}

/// Which certificates of a chain were looked up in a current list of their issuer. Those that were
/// are not revoked: a chain with a revoked certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RevocationStatus {
    checked: [bool; MAX_CHAIN],
    links: usize,
}

impl RevocationStatus {
    /// Nothing was looked up yet, of a chain with so many certificates below its anchor.
    pub(crate) const fn unchecked(links: usize) -> Self {
        Self { checked: [false; MAX_CHAIN], links }
    }

    /// Whether this certificate was looked up: 1 is the one below the anchor, and so on.
    #[must_use]
    pub fn covers(&self, link: usize) -> bool {
        link.checked_sub(1).and_then(|at| self.checked.get(at)).is_some_and(|checked| *checked)
    }

    /// Whether any certificate of the chain was looked up.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.checked.contains(&true)
    }

    /// Whether every certificate of the chain was looked up.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        (1..=self.links).all(|link| self.covers(link))
    }
}

/// `checked against a current list of each issuer`, or which of the certificates were.
impl fmt::Display for RevocationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_complete() {
            return f.write_str("every certificate is checked against a current list of its issuer");
        }
        if !self.is_checked() {
            return f.write_str("no certificate is checked against a list of its issuer");
        }
        f.write_str("checked against a current list of its issuer: ")?;
        let separators = core::iter::once("").chain(core::iter::repeat(", "));
        let mut checked = (1..=self.links).filter(|link| self.covers(*link)).zip(separators);
        checked.try_for_each(|(link, separator)| write!(f, "{separator}certificate {link}"))?;
        f.write_str("; there is no list for the others")
    }
}

/// Why a chain does not pass the revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationError {
    /// A current list of its issuer names this certificate: 1 is the one below the anchor.
    Revoked {
        /// The certificate.
        link: usize,
    },
    /// A list does not hold, or is not current.
    List {
        /// Its issuer: 0 is the anchor.
        issuer: usize,
        /// What is wrong with the list.
        problem: Problem,
    },
}

impl RevocationError {
    /// The certificate concerned, and what is wrong with it or with its list.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        match self {
            Self::Revoked { .. } => Problem::Revoked,
            Self::List { problem, .. } => *problem,
        }
    }

    /// Of several failures the gravest is told, whatever the order of the lists: a revoked
    /// certificate, the one nearest to the anchor first; then a list that was forged; then the others.
    const fn gravity(&self) -> (u8, usize) {
        match self {
            Self::Revoked { link } => (0, *link),
            Self::List { issuer, problem } => match problem.class() {
                Class::NotAuthentic => (1, *issuer),
                _ => (2, *issuer),
            },
        }
    }
}

/// Whether a list was issued by this authority, by its name and, where both have one, the key's
/// identifier. Authorities that share a name are told apart by the latter.
#[must_use]
pub fn is_list_of(list: &RevocationList<'_>, issuer: &Certificate<'_>) -> bool {
    let same_key = || match (list.authority_key_id(), issuer.extensions().subject_key_id()) {
        (Some(named), Some(own)) => named == own,
        _ => true,
    };
    list.issuer().der() == issuer.subject().der() && same_key()
}

/// Checks the certificates of a path against every list that one of its issuers signed. Each of
/// these lists must hold and be current, also beside a better one.
///
/// # Errors
/// The gravest of what is wrong, whatever the order of the lists.
pub fn check_revocation(
    path: &AnchoredPath<'_>,
    at: Time,
    revocation: &Revocation<'_>,
    checks: &SignatureChecks<'_>,
) -> Result<RevocationStatus, RevocationError> {
    let mut status = RevocationStatus::unchecked(path.below().len());
    let mut worst: Option<(RevocationError, &RevocationList<'_>)> = None;
    for list in revocation.lists() {
        let issuers = core::iter::once(path.root()).chain(path.below());
        for (issuer, (authority, issued)) in (0..=usize::MAX).zip(issuers.zip(path.below())) {
            if list.issuer().der() != authority.subject().der() {
                continue;
            }
            let link = issuer.saturating_add(1);
            let failure = match verify_list(list, authority, at, checks) {
                Ok(list) if list.revokes(issued) => RevocationError::Revoked { link },
                Ok(_) => {
                    status.checked.iter_mut().skip(issuer).take(1).for_each(|checked| *checked = true);
                    continue;
                }
                // Another authority of the same name signed it, and says so.
                Err(Problem::Signature) if !is_list_of(list, authority) => continue,
                Err(problem) => RevocationError::List { issuer, problem },
            };
            if worst.is_none_or(|(other, of)| graver(&failure, list, &other, of)) {
                worst = Some((failure, list));
            }
        }
    }
    match worst {
        Some((error, _)) => Err(error),
        None => Ok(status),
    }
}

/// Whether a failure is told rather than another one.
fn graver(
    failure: &RevocationError,
    list: &RevocationList<'_>,
    other: &RevocationError,
    of: &RevocationList<'_>,
) -> bool {
    let order = failure.gravity().cmp(&other.gravity());
    order.then_with(|| list.tbs().cmp(of.tbs())) == Ordering::Less
}

/// A revocation list that its issuer signed and that is current.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedRevocationList<'a> {
    list: RevocationList<'a>,
    issuer: Certificate<'a>,
}

/// Verifies a list of `issuer` at a time.
///
/// # Errors
/// The issuer's name, key usage or signature does not fit; the list is not current at that time;
/// a critical extension narrows its scope.
pub fn verify_list<'a>(
    list: &RevocationList<'a>,
    issuer: &Certificate<'a>,
    at: Time,
    checks: &SignatureChecks<'_>,
) -> Result<VerifiedRevocationList<'a>, Problem> {
    if list.issuer().der() != issuer.subject().der() {
        return Err(Problem::Issuer);
    }
    if !issuer.extensions().key_usage().is_some_and(|usage| usage.crl_sign()) {
        return Err(Problem::KeyUsage);
    }
    verify_issued(issuer, Issued::from(list), checks)?;
    if list.has_critical_extension() {
        return Err(Problem::RevocationScope);
    }
    let span = Validity { not_before: Time(list.this_update()), not_after: Time(list.next_update()) };
    within(span, at, 0)?;
    Ok(VerifiedRevocationList { list: *list, issuer: *issuer })
}

impl<'a> VerifiedRevocationList<'a> {
    /// The list's signature.
    #[must_use]
    pub const fn signature(&self) -> VerifiedSignature<'a> {
        VerifiedSignature::issued(&self.issuer, self.list.tbs(), self.list.signature())
    }

    /// Whether the list names this certificate's serial number.
    #[must_use]
    pub fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.list.revokes(certificate.serial())
    }
}
