//! The path builder: every way from a trust anchor down to a leaf, at bounded cost.
//!
//! RFC 5280, section 6, takes a path as given; choosing it is the verifier's work. Candidates are
//! found by the issuer's name, byte for byte. Key identifiers and validity only say which of them
//! is tried first.

use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time};
use teeproof_wire::certificate::{Certificate, Name};

use crate::{
    Anchor, AnchorKind, AnchoredPath, Anchors, Error, MAX_CHAIN, PinnedCertificates, Problem,
    SignatureChecks, verify_path,
};

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
    /// Whether the search ended because the budget of signatures was spent.
    #[must_use]
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::Chain(Error { problem: Problem::TooManySignatures, .. }))
    }

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
/// order in which they came or on what is cached: anchors, then pinned intermediates, then those that
/// came, of which matching key identifiers and valid certificates first, then by their bytes. One of those
/// that came is tried right below the anchors before a pinned one of its name. Nothing but
/// the budget limits how many: each path costs at most one signature for each certificate that is not
/// pinned together with its issuer.
///
/// # Errors
/// [`Problem::TooManySignatures`] where the budget is spent; otherwise the failure of the most promising
/// path: see [`PathError`].
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
                from_given: true,
                spent: None,
                best: None,
            };
            builder.extend(&leaf).ok_or(match (builder.spent, builder.best) {
                (Some(error), _) => PathError::Chain(error),
                (None, Some(failure)) => failure.error,
                (None, None) => PathError::NotAccepted,
            })
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
    /// Whether every certificate of the path so far came with the evidence.
    from_given: bool,
    /// Where the budget was spent, which ends the search.
    spent: Option<Error>,
    best: Option<Failure<'a>>,
}

impl<'a, T> Builder<'a, '_, T> {
    /// Extends the path by a certificate, and from there up to every anchor. As deep as a chain may
    /// be long.
    fn extend(&mut self, certificate: &Certificate<'a>) -> Option<T> {
        if let Err(problem) = self.search.checks.budget.step() {
            self.spent = Some(Error::new(self.depth, problem));
            return None;
        }
        let deeper = self.depth.saturating_add(1);
        let at = MAX_CHAIN.checked_sub(deeper);
        let slot = at.and_then(|at| self.path.get_mut(at));
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
        let mut last: Option<Issuer<'a>> = None;
        while let Some(issuer) = self.next_issuer(certificate, last.as_ref()) {
            let first_pinned = last.is_none_or(|last| matches!(last.source, Source::Anchor(_)));
            if matches!(issuer.source, Source::Pinned { .. }) && first_pinned {
                let found = self.first_given(certificate);
                if found.is_some() || self.spent.is_some() {
                    return found;
                }
            }
            let one = &issuer.certificate;
            let found = match issuer.source {
                Source::Anchor(kind) => self.finish(one, kind),
                _ if self.has(one) => None,
                source => {
                    let before = self.from_given;
                    self.from_given = before && source != Source::Pinned { given: false };
                    let found = self.extend(one);
                    self.from_given = before;
                    found
                }
            };
            if found.is_some() || self.spent.is_some() {
                return found;
            }
            last = Some(issuer);
        }
        // A root that came leads no further; a copy of an anchor says nothing new.
        let mut roots = self.given.iter().filter(|one| is_root_of(one, name));
        if roots.any(|root| !self.is_anchor(root)) {
            self.fail(PathError::UntrustedRoot(name));
        } else if last.is_none() {
            self.fail(PathError::MissingIssuer { issuer: name, url: certificate.extensions().issuer_url() });
        }
        None
    }

    /// Tries one of the issuers that came, right below the anchors, before a pinned one of its name: where
    /// a test has an intermediate of its own this is the path, and it costs little where it is not.
    fn first_given(&mut self, issued: &Certificate<'a>) -> Option<T> {
        let given = self.given_issuers(issued.issuer());
        let given = given.map(|certificate| Issuer { certificate, source: Source::Given });
        let first = given.min_by(|one, other| self.order(one, other, issued))?.certificate;
        let deeper = self.depth.saturating_add(1);
        *MAX_CHAIN.checked_sub(deeper).and_then(|at| self.path.get_mut(at))? = first;
        self.depth = deeper;
        let (mut last, mut found) = (None, None);
        while let Some(root) = self.next_issuer(&first, last.as_ref()) {
            let Source::Anchor(kind) = root.source else { break };
            found = self.finish(&root.certificate, kind);
            if found.is_some() || self.spent.is_some() {
                break;
            }
            last = Some(root);
        }
        self.depth = deeper.saturating_sub(1);
        found
    }

    /// The certificates that came with this name, and are neither roots nor pinned.
    fn given_issuers(&self, name: Name<'a>) -> impl Iterator<Item = Certificate<'a>> + use<'a, '_, T> {
        let pinned = self.pinned.intermediates;
        let of_name = self.given.iter().filter(move |one| one.subject() == name && one.issuer() != name);
        of_name.filter(|one| !pinned.iter().any(|pin| pin.der == one.der())).copied()
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
                if error.problem == Problem::TooManySignatures {
                    self.spent = Some(error);
                }
                self.fail(PathError::Chain(error));
                None
            }
        }
    }

    /// The issuer of a certificate that is tried after another one, or first.
    fn next_issuer(&self, issued: &Certificate<'a>, after: Option<&Issuer<'a>>) -> Option<Issuer<'a>> {
        let name = issued.issuer();
        let common_name = name.common_name();
        let mut next: Option<Issuer<'a>> = None;
        let mut offer = |certificate: Certificate<'a>, source: Source| {
            let one = Issuer { certificate, source };
            let later = after.is_none_or(|after| self.order(&one, after, issued) == Ordering::Greater);
            let sooner = |next: &Issuer<'a>| self.order(&one, next, issued) == Ordering::Less;
            if later && next.as_ref().is_none_or(sooner) {
                next = Some(one);
            }
        };
        let named = |pinned: &crate::PinnedCertificate<'a>| pinned.named(name, common_name);
        let roots = self.pinned.roots.iter().filter_map(named);
        roots.for_each(|one| offer(one, Source::Anchor(AnchorKind::Pinned)));
        let added = self.search.anchors.added.iter().filter(|der| Certificate::has_subject(der, name));
        added
            .filter_map(|der| Certificate::parse(der).ok())
            .for_each(|one| offer(one, Source::Anchor(AnchorKind::Added)));
        self.pinned.intermediates.iter().filter_map(named).for_each(|one| {
            let given = self.given.iter().any(|copy| copy.der() == one.der());
            offer(one, Source::Pinned { given });
        });
        self.given_issuers(name).for_each(|one| offer(one, Source::Given));
        next
    }

    /// Which of two issuers is tried first: anchors and pinned intermediates, whatever came besides; a
    /// pinned intermediate that is known to have another key comes last.
    fn order(&self, one: &Issuer<'_>, other: &Issuer<'_>, issued: &Certificate<'_>) -> Ordering {
        let key = |issuer: &Issuer<'_>| {
            let rank = self.rank(&issuer.certificate, issued);
            // Among anchors the key comes first, then who trusts them.
            match issuer.source {
                Source::Anchor(AnchorKind::Pinned) => (0_u8, rank, 0_u8),
                Source::Anchor(AnchorKind::Added) => (0, rank, 1),
                Source::Pinned { .. } if rank.key < OTHER_KEY => (1, rank, 0),
                Source::Given => (2, rank, 0),
                Source::Pinned { .. } => (3, rank, 0),
            }
        };
        key(one).cmp(&key(other)).then_with(|| one.certificate.der().cmp(other.certificate.der()))
    }

    /// Whether a certificate is one of the anchors.
    fn is_anchor(&self, certificate: &Certificate<'_>) -> bool {
        let der = certificate.der();
        self.pinned.roots.iter().any(|root| root.der == der) || self.search.anchors.added.contains(&der)
    }

    fn rank(&self, issuer: &Certificate<'_>, issued: &Certificate<'_>) -> Rank {
        let wanted_key = issued.extensions().authority_key_id();
        let key_differs =
            wanted_key.and_then(|wanted| issuer.extensions().subject_key_id().map(|own| wanted != own));
        let (from, until) = (Time(issuer.not_before()), Time(issuer.not_after()));
        Rank {
            // Equal first, then unknown, then different.
            key: match key_differs {
                Some(false) => 0,
                None => 1,
                Some(true) => OTHER_KEY,
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

/// Whether a certificate is a root of this name.
fn is_root_of(certificate: &Certificate<'_>, name: Name<'_>) -> bool {
    certificate.subject() == name && certificate.issuer() == name
}

/// A candidate for the issuer of a certificate.
#[derive(Clone, Copy, Debug)]
struct Issuer<'a> {
    certificate: Certificate<'a>,
    source: Source,
}

/// Where a candidate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// It is an anchor of this kind.
    Anchor(AnchorKind),
    /// It is a pinned intermediate.
    Pinned {
        /// Whether it came along as well.
        given: bool,
    },
    /// It came along.
    Given,
}

/// Which candidate of a group is tried first: the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    key: u8,
    not_valid: bool,
}

/// The rank of a key that is not the one that was named.
const OTHER_KEY: u8 = 2;

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
