//! Revocation checks with lists (CRLs) that the caller supplies; nothing is fetched.
//!
//! One mechanism for every chain: a list applies to each certificate of the chain that its issuer
//! signed; the anchor's list to the certificate below the anchor, and so on.

use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time, Validity};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;

use crate::path::within;
use crate::signature::{Issued, verify_issued};
use crate::{AnchoredPath, MAX_CHAIN, Problem, SignatureChecks, VerifiedPath, VerifiedSignature};

/// How revocation is checked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Revocation<'a> {
    /// Every chain is checked against the lists of its issuers. A chain without a list is a waiver in the
    /// result.
    Lists(&'a [RevocationList<'a>]),
    /// Every chain is checked against the lists of its issuers. A chain without a list is refused.
    Required(&'a [RevocationList<'a>]),
    /// Revocation is not checked, for this reason, which is part of the result.
    Unchecked(&'a str),
}

impl<'a> Revocation<'a> {
    /// Revocation that is not checked because the caller gave no list: the default of every verification.
    pub const NO_LISTS: Self = Self::Unchecked("no revocation list was given to the verifier");

    /// The revocation lists.
    #[must_use]
    pub const fn lists(&self) -> &'a [RevocationList<'a>] {
        match self {
            Self::Lists(lists) | Self::Required(lists) => lists,
            Self::Unchecked(_) => &[],
        }
    }

    /// The reason for accepting a chain without a list; `None` if such a chain is refused.
    #[must_use]
    pub const fn waiver(&self) -> Option<&'a str> {
        match self {
            Self::Lists(_) => Some("no revocation list of this chain's issuers is present"),
            Self::Required(_) => None,
            Self::Unchecked(reason) => Some(reason),
        }
    }
}

/// Which certificates of a chain were checked against a current list of their issuer. None of these is
/// revoked: a chain with a revoked certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RevocationStatus {
    checked: [bool; MAX_CHAIN],
    /// The certificates whose issuer has no `cRLSign` (RFC 5280, section 4.2.1.3).
    without_lists: [bool; MAX_CHAIN],
    links: usize,
}

impl RevocationStatus {
    /// The status before any list is checked.
    pub(crate) fn unchecked(path: &AnchoredPath<'_>) -> Self {
        let mut without_lists = [false; MAX_CHAIN];
        let issuers = core::iter::once(path.root()).chain(path.below());
        without_lists.iter_mut().zip(issuers).for_each(|(slot, issuer)| *slot = !signs_lists(issuer));
        Self { checked: [false; MAX_CHAIN], without_lists, links: path.below().len() }
    }

    /// Whether this certificate was checked: 1 is the one below the anchor, and so on.
    #[must_use]
    pub fn covers(&self, link: usize) -> bool {
        Self::at(&self.checked, link)
    }

    fn at(links: &[bool; MAX_CHAIN], link: usize) -> bool {
        link.checked_sub(1).and_then(|at| links.get(at)).is_some_and(|set| *set)
    }

    /// Whether any certificate of the chain was checked.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        self.checked.contains(&true)
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, is_of: impl Fn(usize) -> bool) -> fmt::Result {
        let separators = core::iter::once("").chain(core::iter::repeat(", "));
        let mut links = (1..=self.links).filter(|link| is_of(*link)).zip(separators);
        links.try_for_each(|(link, separator)| write!(f, "{separator}certificate {link}"))
    }

    fn lacks_list(&self, link: usize) -> bool {
        !self.covers(link) && !Self::at(&self.without_lists, link)
    }

    /// The first unchecked certificate whose issuer has `cRLSign`. An issuer without it cannot have a list,
    /// so none is required.
    #[must_use]
    pub fn first_unchecked(&self) -> Option<usize> {
        (1..=self.links).find(|link| self.lacks_list(*link))
    }

    /// Whether every certificate was checked whose issuer has `cRLSign`.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.first_unchecked().is_none()
    }
}

/// The checked certificates, and the reason for each unchecked one.
impl fmt::Display for RevocationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut links = 1..=self.links;
        if links.all(|link| self.covers(link)) {
            return f.write_str("every certificate is checked against a current list of its issuer");
        }
        if self.is_checked() {
            f.write_str("checked against a current list of its issuer: ")?;
            self.show(f, |link| self.covers(link))?;
        } else {
            f.write_str("no certificate is checked against a list of its issuer")?;
        }
        if self.first_unchecked().is_none() {
            return f.write_str("; the other issuers have no cRLSign");
        }
        f.write_str("; the issuer's list is missing for ")?;
        self.show(f, |link| self.lacks_list(link))
    }
}

/// Whether an authority may sign revocation lists.
fn signs_lists(issuer: &Certificate<'_>) -> bool {
    issuer.extensions().key_usage().is_some_and(|usage| usage.crl_sign())
}

/// A failed revocation check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationError {
    /// A current list of its issuer has an entry for this certificate.
    Revoked {
        /// The certificate: 1 is the one below the anchor, and so on.
        link: usize,
    },
    /// A list is invalid or not current.
    List {
        /// Its issuer: 0 is the anchor.
        issuer: usize,
        /// The list's problem.
        problem: Problem,
    },
}

impl RevocationError {
    /// The problem of the certificate or the list.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        match self {
            Self::Revoked { .. } => Problem::Revoked,
            Self::List { problem, .. } => *problem,
        }
    }

    /// The order of several failures, so that the order of the lists does not matter: a revoked
    /// certificate, the nearest to the anchor first; then a forged list; then the others.
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

/// Whether this authority issued a list, by its name and, if both have one, the key identifier, which
/// distinguishes authorities of one name.
#[must_use]
pub fn is_list_of(list: &RevocationList<'_>, issuer: &Certificate<'_>) -> bool {
    let same_key = || match (list.authority_key_id(), issuer.extensions().subject_key_id()) {
        (Some(named), Some(own)) => named == own,
        _ => true,
    };
    list.issuer().der() == issuer.subject().der() && same_key()
}

/// How a revocation list relates to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListUse {
    /// An issuer of the path issued this list, which is current.
    Used,
    /// The issuer of this name has no `cRLSign`, so the list has no effect.
    IssuerSignsNoLists,
    /// An issuer of the path issued this list, which is not current; a current one was used.
    NotCurrent,
    /// No issuer of the path has this list's name and key identifier.
    OtherIssuer,
}

impl ListUse {
    /// The relation of a list to a verified path.
    #[must_use]
    pub fn of(list: &RevocationList<'_>, path: &VerifiedPath<'_>) -> Self {
        let below = path.path().below();
        let issuers = core::iter::once(path.path().root()).chain(below).take(below.len());
        let mut of = issuers.filter(|issuer| is_list_of(list, issuer));
        let Some(first) = of.next() else { return Self::OtherIssuer };
        if !core::iter::once(first).chain(of).any(signs_lists) {
            return Self::IssuerSignsNoLists;
        }
        match within(span(list), path.at(), 0) {
            Ok(()) => Self::Used,
            Err(_) => Self::NotCurrent,
        }
    }
}

fn span(list: &RevocationList<'_>) -> Validity {
    Validity { not_before: Time(list.this_update()), not_after: Time(list.next_update()) }
}

/// Checks the certificates of a path against every list of its issuers (RFC 5280, section 6.3). Each of
/// these lists must be valid; one that is not current is ignored if a current one of the same issuer was
/// used. Lists in the name of an issuer without `cRLSign` are ignored.
///
/// # Errors
/// The gravest failure, for any order of the lists: see [`RevocationError`].
pub fn check_revocation(
    path: &AnchoredPath<'_>,
    at: Time,
    revocation: &Revocation<'_>,
    checks: &SignatureChecks<'_>,
) -> Result<RevocationStatus, RevocationError> {
    check_lists(path, at, revocation, checks, &mut |_| {})
}

/// Checks as [`check_revocation`] does, and passes on each valid list.
pub(crate) fn check_lists<'a>(
    path: &AnchoredPath<'a>,
    at: Time,
    revocation: &Revocation<'a>,
    checks: &SignatureChecks<'_>,
    valid: &mut dyn FnMut(VerifiedRevocationList<'a>),
) -> Result<RevocationStatus, RevocationError> {
    let mut status = RevocationStatus::unchecked(path);
    let mut worst: Option<(RevocationError, &RevocationList<'_>)> = None;
    let mut not_current = [None; MAX_CHAIN];
    for list in revocation.lists() {
        let issuers = core::iter::once(path.root()).chain(path.below());
        for (issuer, (authority, issued)) in (0..=usize::MAX).zip(issuers.zip(path.below())) {
            if list.issuer().der() != authority.subject().der() || !signs_lists(authority) {
                continue;
            }
            let link = issuer.saturating_add(1);
            let failure = match verify_list(list, authority, at, checks) {
                Ok(list) if list.revokes(issued) => RevocationError::Revoked { link },
                Ok(list) => {
                    valid(list);
                    status.checked.iter_mut().skip(issuer).take(1).for_each(|checked| *checked = true);
                    continue;
                }
                // Another authority of the same name signed it, and says so.
                Err(Problem::Signature) if !is_list_of(list, authority) => continue,
                Err(problem) => RevocationError::List { issuer, problem },
            };
            let outdated = matches!(failure.problem(), Problem::Expired { .. } | Problem::NotYetValid { .. });
            let slot = if outdated { not_current.get_mut(issuer) } else { Some(&mut worst) };
            if let Some(slot) =
                slot.filter(|slot| slot.is_none_or(|(other, of)| graver(&failure, list, &other, of)))
            {
                *slot = Some((failure, list));
            }
        }
    }
    // A list that is not current is ignored if a current one of the same issuer was used.
    for (link, outdated) in (1..=usize::MAX).zip(not_current) {
        if let Some((failure, list)) = outdated.filter(|_| !status.covers(link))
            && worst.is_none_or(|(other, of)| graver(&failure, list, &other, of))
        {
            worst = Some((failure, list));
        }
    }
    match worst {
        Some((error, _)) => Err(error),
        None => Ok(status),
    }
}

/// Whether a failure is reported rather than another one.
fn graver(
    failure: &RevocationError,
    list: &RevocationList<'_>,
    other: &RevocationError,
    of: &RevocationList<'_>,
) -> bool {
    let order = failure.gravity().cmp(&other.gravity());
    order.then_with(|| list.tbs().cmp(of.tbs())) == Ordering::Less
}

/// A current revocation list with a verified signature.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedRevocationList<'a> {
    list: RevocationList<'a>,
    issuer: Certificate<'a>,
}

/// Verifies a revocation list of `issuer` at a time.
///
/// # Errors
/// Another issuer's name, missing `cRLSign`, or an invalid signature; a list that is not current at that
/// time; a critical extension, which may narrow the list's scope.
pub fn verify_list<'a>(
    list: &RevocationList<'a>,
    issuer: &Certificate<'a>,
    at: Time,
    checks: &SignatureChecks<'_>,
) -> Result<VerifiedRevocationList<'a>, Problem> {
    if list.issuer().der() != issuer.subject().der() {
        return Err(Problem::Issuer);
    }
    if !signs_lists(issuer) {
        return Err(Problem::KeyUsage);
    }
    verify_issued(issuer, Issued::from(list), checks)?;
    if list.has_critical_extension() {
        return Err(Problem::RevocationScope);
    }
    within(span(list), at, 0)?;
    Ok(VerifiedRevocationList { list: *list, issuer: *issuer })
}

impl<'a> VerifiedRevocationList<'a> {
    /// The list's signature.
    #[must_use]
    pub const fn signature(&self) -> VerifiedSignature<'a> {
        VerifiedSignature::issued(&self.issuer, self.list.tbs(), self.list.signature())
    }

    /// Whether the list has an entry for this certificate's serial number.
    #[must_use]
    pub fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.list.revokes(certificate.serial())
    }
}
