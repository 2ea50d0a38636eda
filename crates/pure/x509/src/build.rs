//! The path builder: every way from a trust anchor down to a leaf, at bounded cost.
//!
//! RFC 5280, section 6, takes a path as given; choosing it is the verifier's work. Candidates are
//! found by the issuer's name, byte for byte. Key identifiers and validity only say which of them
//! is tried first.

use core::cell::LazyCell;
use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time};
use teeproof_wire::certificate::{Certificate, Name};

use crate::shortlist::Shortlist;
use crate::{
    Anchor, AnchorKind, AnchoredPath, Anchors, Error, MAX_CHAIN, PinnedCertificates, Problem,
    SignatureChecks, verify_path,
};

/// How many issuers of one name are tried for a certificate. Real chains have one; an authority
/// that renews its certificate, and a root that a test shares its name with, make it three.
const MAX_ISSUERS: usize = 8;
/// How many certificates are visited on all ways up from one leaf. Real chains take two or three;
/// this is enough for an authority with eight certificates at each of four levels.
const MAX_STEPS: usize = 32;

/// Where a path is looked for, and with what it is verified.
#[derive(Clone, Copy, Debug)]
pub struct PathSearch<'a, 's> {
    /// The certificates that can stand above the leaf.
    pub candidates: Candidates<'a, 's>,
    /// The roots that the relying party added.
    pub anchors: Anchors<'a>,
    /// The object identifiers of critical extensions that the caller looks after.
    pub profile: &'s [&'s [u8]],
    /// A time at which certificates should be valid: those that are not are tried last.
    pub at: Option<Time>,
    /// The cryptography, cached signatures, and how many more may be verified.
    pub checks: SignatureChecks<'s>,
}

/// The certificates that can stand above a leaf.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'a, 's> {
    /// Certificates that came in any order, some of them for other evidence, and those that ship
    /// with teeproof.
    AnyOrder {
        /// What came.
        given: &'s [Certificate<'a>],
        /// What ships.
        pinned: &'s PinnedCertificates<'a>,
    },
    /// The whole chain above the leaf, from the root downwards: the evidence says it so, and signs it.
    InOrder {
        /// Root and intermediates.
        chain: &'s [Certificate<'a>],
        /// The pinned roots.
        pinned: &'s [Anchor<'s>],
    },
}

/// Why there is no path that the caller takes: the failure of the most promising one.
///
/// Most promising is, in this order: a path of certificates that came before one through a pinned
/// intermediate; one that ends at an anchor before one that ends at an untrusted root or at nothing;
/// the one that holds furthest down. A signature that does not hold right below the anchor counts for
/// less than an untrusted root that came along, for then the anchor only has its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError<'a> {
    /// No certificate has this name, which another one names as its issuer.
    MissingIssuer {
        /// The name.
        issuer: Name<'a>,
        /// Where the certificate can be had, as the one that it issued says.
        url: Option<&'a str>,
    },
    /// The path ends at a root of this name that is no trust anchor.
    UntrustedRoot(Name<'a>),
    /// The certificates of the path do not hold.
    Chain(Error),
    /// There are paths that hold, and the caller takes none of them.
    NotAccepted,
}

impl PathError<'_> {
    /// The class of the failure.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::MissingIssuer { .. } => Class::Incomplete,
            Self::UntrustedRoot(_) | Self::NotAccepted => Class::NotAuthentic,
            Self::Chain(error) => error.class(),
        }
    }
}

impl fmt::Display for PathError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingIssuer { issuer, url } => {
                write!(f, "the issuer's certificate is missing: {issuer}")?;
                url.map_or(Ok(()), |url| write!(f, "; it can be fetched from {url}"))
            }
            Self::UntrustedRoot(name) => write!(f, "the chain ends at a root that is not trusted: {name}"),
            Self::Chain(error) => error.fmt(f),
            Self::NotAccepted => f.write_str("no path was accepted"),
        }
    }
}

/// Hands each path that holds from a trust anchor to `leaf` to `accept`, until it gives something.
///
/// Every candidate is tried, in an order that depends on the certificates alone and never on the
/// order in which they came: cached signatures, matching key identifiers, pinned anchors and valid
/// certificates first, then by their bytes. Each path costs at most one signature for each
/// certificate that is neither cached nor pinned, all of them together what the budget allows.
///
/// # Errors
/// The failure of the most promising path: see [`PathError`].
pub fn build_path<'a, T>(
    leaf: Certificate<'a>,
    search: &PathSearch<'a, '_>,
    accept: &mut dyn FnMut(&AnchoredPath<'a>) -> Option<T>,
) -> Result<T, PathError<'a>> {
    match &search.candidates {
        Candidates::InOrder { chain, pinned } => in_order(leaf, chain, pinned, search, accept),
        Candidates::AnyOrder { given, pinned } => {
            let mut builder = Builder {
                search,
                given,
                pinned,
                accept,
                path: [leaf; MAX_CHAIN],
                depth: 0,
                steps: 0,
                from_given: true,
                best: None,
            };
            match builder.extend(&leaf) {
                Some(found) => Ok(found),
                None => Err(builder.best.map_or(PathError::NotAccepted, |failure| failure.error)),
            }
        }
    }
}

/// The one path of a chain that is given in order.
fn in_order<'a, T>(
    leaf: Certificate<'a>,
    chain: &[Certificate<'a>],
    pinned: &[Anchor<'_>],
    search: &PathSearch<'a, '_>,
    accept: &mut dyn FnMut(&AnchoredPath<'a>) -> Option<T>,
) -> Result<T, PathError<'a>> {
    let Some((root, intermediates)) = chain.split_first() else {
        return Err(PathError::MissingIssuer { issuer: leaf.issuer(), url: leaf.extensions().issuer_url() });
    };
    let kind = search.anchors.kind_of(root, pinned, search.checks.crypto);
    let kind = kind.ok_or(PathError::UntrustedRoot(root.subject()))?;
    let count = intermediates.len().saturating_add(1);
    let mut below = [leaf; MAX_CHAIN];
    let below = below.get_mut(..count);
    let below = below.ok_or(PathError::Chain(Error::new(count, Problem::TooLong)))?;
    below.iter_mut().zip(intermediates).for_each(|(slot, certificate)| *slot = *certificate);
    let path = verify_path(*root, kind, below, search.profile, &search.checks).map_err(PathError::Chain)?;
    accept(&path).ok_or(PathError::NotAccepted)
}

struct Builder<'a, 's, T> {
    search: &'s PathSearch<'a, 's>,
    given: &'s [Certificate<'a>],
    pinned: &'s PinnedCertificates<'a>,
    accept: &'s mut dyn FnMut(&AnchoredPath<'a>) -> Option<T>,
    /// The path so far, filled from the end: the leaf is last.
    path: [Certificate<'a>; MAX_CHAIN],
    depth: usize,
    steps: usize,
    /// Whether every certificate of the path so far came with the evidence.
    from_given: bool,
    best: Option<Failure<'a>>,
}

impl<'a, T> Builder<'a, '_, T> {
    /// Extends the path by a certificate, and from there up to every anchor. As deep as a chain may
    /// be long.
    fn extend(&mut self, certificate: &Certificate<'a>) -> Option<T> {
        self.steps = self.steps.saturating_add(1);
        let deeper = self.depth.saturating_add(1);
        let at = MAX_CHAIN.checked_sub(deeper);
        let slot = at.and_then(|at| self.path.get_mut(at)).filter(|_| self.steps <= MAX_STEPS);
        let Some(slot) = slot else {
            self.fail(PathError::Chain(Error::new(self.depth, Problem::TooLong)));
            return None;
        };
        *slot = *certificate;
        self.depth = deeper;
        let found = self.issuers(certificate);
        self.depth = deeper.saturating_sub(1);
        found
    }

    /// Tries every issuer of a certificate, which is the topmost of the path.
    fn issuers(&mut self, certificate: &Certificate<'a>) -> Option<T> {
        let name = certificate.issuer();
        let mut issuers = Shortlist::new();
        self.list_issuers(certificate, &mut issuers);
        if issuers.iter().next().is_none() {
            self.fail(PathError::MissingIssuer { issuer: name, url: certificate.extensions().issuer_url() });
        }
        for issuer in issuers.iter() {
            let one = &issuer.certificate;
            let found = match issuer.anchor {
                Some(kind) => self.finish(one, kind),
                None if one.subject() != one.issuer() => {
                    let before = self.from_given;
                    self.from_given = before && issuer.given;
                    let found = if self.has(one) { None } else { self.extend(one) };
                    self.from_given = before;
                    found
                }
                // A root leads no further. A copy of an anchor says nothing new.
                None => {
                    let is_anchor = |other: &Issuer<'_>| other.anchor.is_some() && other.is(one);
                    if !issuers.iter().any(is_anchor) {
                        self.fail(PathError::UntrustedRoot(name));
                    }
                    None
                }
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Whether a certificate is on the path already.
    fn has(&self, certificate: &Certificate<'_>) -> bool {
        self.below().iter().any(|one| one.der() == certificate.der())
    }

    /// The path so far, from the top down.
    fn below(&self) -> &[Certificate<'a>] {
        self.path.get(MAX_CHAIN.saturating_sub(self.depth)..).unwrap_or_default()
    }

    /// Verifies the path below an anchor, and hands it over.
    fn finish(&mut self, root: &Certificate<'a>, kind: AnchorKind) -> Option<T> {
        let search = self.search;
        match verify_path(*root, kind, self.below(), search.profile, &search.checks) {
            Ok(path) => {
                let taken = (self.accept)(&path);
                if taken.is_none() {
                    self.fail(PathError::NotAccepted);
                }
                taken
            }
            Err(error) => {
                self.fail(PathError::Chain(error));
                None
            }
        }
    }

    /// Lists the issuers of a certificate that are tried, in the order in which they are.
    fn list_issuers(&self, certificate: &Certificate<'a>, issuers: &mut Shortlist<Issuer<'a>, MAX_ISSUERS>) {
        let name = certificate.issuer();
        let common_name = name.common_name();
        let wanted_key = LazyCell::new(|| certificate.extensions().authority_key_id());
        // One alone, which is the usual case, is not ranked.
        let mut first: Option<Issuer<'a>> = None;
        let mut several = false;
        let mut insert = |one: Certificate<'a>, anchor: Option<AnchorKind>, given: bool| {
            let mut issuer = Issuer { certificate: one, anchor, given, rank: Rank::ALONE };
            if !several {
                let Some(mut earlier) = first.replace(issuer) else { return };
                several = true;
                earlier.rank = self.rank(&earlier.certificate, certificate, *wanted_key);
                issuers.insert(earlier, Issuer::order);
            }
            issuer.rank = self.rank(&one, certificate, *wanted_key);
            issuers.insert(issuer, Issuer::order);
        };
        let named = |pinned: &crate::PinnedCertificate<'a>| pinned.named(name, common_name);
        self.pinned
            .roots
            .iter()
            .filter_map(named)
            .for_each(|one| insert(one, Some(AnchorKind::Pinned), true));
        let added = self.search.anchors.added.iter().filter(|der| Certificate::has_subject(der, name));
        added
            .filter_map(|der| Certificate::parse(der).ok())
            .for_each(|one| insert(one, Some(AnchorKind::Added), true));
        self.given.iter().filter(|one| one.subject() == name).for_each(|one| insert(*one, None, true));
        self.pinned.intermediates.iter().filter_map(named).for_each(|one| insert(one, None, false));
        if let Some(only) = first.filter(|_| !several) {
            issuers.insert(only, Issuer::order);
        }
    }

    fn rank(&self, issuer: &Certificate<'_>, issued: &Certificate<'_>, wanted_key: Option<&[u8]>) -> Rank {
        let key_differs =
            wanted_key.and_then(|wanted| issuer.extensions().subject_key_id().map(|own| wanted != own));
        let (from, until) = (Time(issuer.not_before()), Time(issuer.not_after()));
        Rank {
            not_cached: !self.search.checks.cache.has_pair(issuer, issued),
            // Equal first, then unknown, then different.
            key: match key_differs {
                Some(false) => 0,
                None => 1,
                Some(true) => 2,
            },
            not_valid: self.search.at.is_some_and(|at| at < from || at > until),
        }
    }

    fn fail(&mut self, error: PathError<'a>) {
        let failure = Failure { error, from_given: self.from_given };
        if self.best.as_ref().is_none_or(|best| failure.promise() > best.promise()) {
            self.best = Some(failure);
        }
    }
}

/// A candidate for the issuer of a certificate.
#[derive(Clone, Copy, Debug)]
struct Issuer<'a> {
    certificate: Certificate<'a>,
    /// What it is trusted by, if it is an anchor.
    anchor: Option<AnchorKind>,
    /// Whether it came, or is an anchor; and not one of the pinned intermediates.
    given: bool,
    rank: Rank,
}

/// Which candidate is tried first: the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_cached: bool,
    key: u8,
    not_valid: bool,
}

impl Rank {
    const ALONE: Self = Self { not_cached: false, key: 0, not_valid: false };
}

impl Issuer<'_> {
    fn is(&self, certificate: &Certificate<'_>) -> bool {
        self.certificate.der() == certificate.der()
    }

    /// Anchors before intermediates; by rank; pinned anchors before added ones; by the bytes.
    fn order(&self, other: &Self) -> Ordering {
        let key = |one: &Self| (one.anchor.is_none(), one.rank, one.anchor);
        key(self).cmp(&key(other)).then_with(|| self.certificate.der().cmp(other.certificate.der()))
    }
}

/// A path that leads nowhere.
#[derive(Clone, Copy, Debug)]
struct Failure<'a> {
    error: PathError<'a>,
    from_given: bool,
}

impl Failure<'_> {
    /// How near the path came: the higher, the more it is worth telling.
    const fn promise(&self) -> (bool, bool, u8, usize, bool) {
        let (class, link, past_signature) = match &self.error {
            PathError::NotAccepted => return (true, true, 0, 0, true),
            PathError::MissingIssuer { .. } => (0, 0, false),
            PathError::Chain(Error { problem: Problem::TooLong, .. }) => (0, 1, false),
            PathError::Chain(Error { link: 1, problem: Problem::Signature }) => (1, 1, false),
            PathError::UntrustedRoot(_) => (2, 0, false),
            PathError::Chain(Error { link, problem: Problem::Signature }) => (3, *link, false),
            PathError::Chain(Error { link, .. }) => (3, *link, true),
        };
        (false, self.from_given, class, link, past_signature)
    }
}
