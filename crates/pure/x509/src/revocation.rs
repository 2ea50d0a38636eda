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
use crate::{AnchoredPath, MAX_CHAIN, Problem, SignatureChecks, VerifiedPath, VerifiedSignature};

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
    /// The certificates whose issuer signs no lists (RFC 5280, section 4.2.1.3: `cRLSign`).
    without_lists: [bool; MAX_CHAIN],
    links: usize,
}

impl RevocationStatus {
    /// Nothing was looked up yet.
    pub(crate) fn unchecked(path: &AnchoredPath<'_>) -> Self {
        let mut without_lists = [false; MAX_CHAIN];
        let issuers = core::iter::once(path.root()).chain(path.below());
        without_lists.iter_mut().zip(issuers).for_each(|(slot, issuer)| *slot = !signs_lists(issuer));
        Self { checked: [false; MAX_CHAIN], without_lists, links: path.below().len() }
    }

    /// Whether this certificate was looked up: 1 is the one below the anchor, and so on.
    #[must_use]
    pub fn covers(&self, link: usize) -> bool {
        Self::at(&self.checked, link)
    }

    fn at(links: &[bool; MAX_CHAIN], link: usize) -> bool {
        link.checked_sub(1).and_then(|at| links.get(at)).is_some_and(|set| *set)
    }

    /// Whether any certificate of the chain was looked up.
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

    /// The first certificate that was not looked up though its issuer signs lists. There can be no list of
    /// an issuer whose certificate does not have `cRLSign`, so that none is demanded.
    #[must_use]
    pub fn first_unchecked(&self) -> Option<usize> {
        (1..=self.links).find(|link| self.lacks_list(*link))
    }

    /// Whether every certificate of the chain was looked up whose issuer signs lists.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.first_unchecked().is_none()
    }
}

/// Which of the certificates were looked up, and why the others were not.
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
            return f.write_str("; the issuers of the others sign no lists");
        }
        f.write_str("; no list of the issuer came for ")?;
        self.show(f, |link| self.lacks_list(link))
    }
}

/// Whether an authority may sign revocation lists.
fn signs_lists(issuer: &Certificate<'_>) -> bool {
    issuer.extensions().key_usage().is_some_and(|usage| usage.crl_sign())
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

/// How a list and a path belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListUse {
    /// An issuer of the path issues this list.
    Used,
    /// The issuer of this name has no `cRLSign`: no list of it can count.
    IssuerSignsNoLists,
    /// An issuer of the path issued this list, which is out of date; a current one was used.
    NotCurrent,
    /// No issuer of the path has this name and key.
    OtherIssuer,
}

impl ListUse {
    /// How a list and a verified path belong together.
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

/// Checks the certificates of a path against every list that one of its issuers signed. Each of
/// these lists must hold. One that is not current is passed over where a current one of the same issuer
/// was used, and one in the name of an issuer that signs no lists always.
///
/// # Errors
/// The gravest of what is wrong, whatever the order of the lists.
pub fn check_revocation(
    path: &AnchoredPath<'_>,
    at: Time,
    revocation: &Revocation<'_>,
    checks: &SignatureChecks<'_>,
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
                Ok(_) => {
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
    // A list that is not current says nothing where a current one of the same issuer was used.
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

    /// Whether the list names this certificate's serial number.
    #[must_use]
    pub fn revokes(&self, certificate: &Certificate<'_>) -> bool {
        self.list.revokes(certificate.serial())
    }
}
