//! Path building: every path from a trust anchor to a leaf, at bounded cost.
//!
//! RFC 5280, section 6, validates a given path; this module searches for one. Candidates match the
//! issuer's name byte for byte. Key identifiers and validity only decide their order.

use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time};
use teeproof_wire::certificate::{Certificate, Name};

use crate::{
    Anchor, AnchorKind, AnchoredPath, Anchors, Error, MAX_CHAIN, PinnedCertificates, Problem,
    SignatureChecks, verify_path,
};

/// The input of path building: candidates, anchors, and how signatures are verified.
#[derive(Clone, Copy, Debug)]
pub struct PathSearch<'a, 's> {
    /// The certificates that can stand above the leaf.
    pub candidates: Candidates<'a, 's>,
    /// The roots that the relying party added.
    pub anchors: Anchors<'a>,
    /// The object identifiers (DER contents) of critical extensions that the caller checks.
    pub profile: &'s [&'s [u8]],
    /// The time that orders candidates: certificates that are not valid then are last.
    pub at: Option<Time>,
    /// Cryptography, cached signatures and the budget.
    pub checks: SignatureChecks<'s>,
}

/// The certificates that can stand above a leaf.
#[derive(Clone, Copy, Debug)]
pub enum Candidates<'a, 's> {
    /// Certificates in any order, some of them possibly for other evidence, and certificates that ship
    /// with teeproof.
    AnyOrder {
        /// The certificates of the evidence and its endorsements.
        given: &'s [Certificate<'a>],
        /// The certificates that ship with teeproof.
        pinned: &'s PinnedCertificates<'a>,
    },
    /// The whole chain above the leaf, from the root downwards, in the order that the evidence signs.
    InOrder {
        /// Root and intermediates.
        chain: &'s [Certificate<'a>],
        /// The pinned roots.
        pinned: &'s [Anchor<'s>],
    },
}

/// Why path building found no accepted path: the failure of the most promising one.
///
/// Paths of given certificates are more promising than those through a pinned intermediate; paths that
/// end at an anchor more than those that end at an untrusted root or lack an issuer; then the path that
/// is valid furthest down. An invalid signature right below the anchor ranks below an untrusted root
/// among the given certificates: that anchor merely has the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError<'a> {
    /// The certificate of an issuer is missing.
    MissingIssuer {
        /// The issuer's name.
        issuer: Name<'a>,
        /// The `caIssuers` URL of the certificate that it issued (RFC 5280, section 4.2.2.1).
        url: Option<&'a str>,
    },
    /// The path ends at a root of this name, which is not a trust anchor.
    UntrustedRoot(Name<'a>),
    /// A certificate of the path is not valid.
    Chain(Error),
    /// The caller accepted none of the valid paths.
    NotAccepted,
}

impl PathError<'_> {
    /// Whether the search ended because the signature budget was spent.
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
                url.map_or(Ok(()), |url| write!(f, "; fetch it from {url}"))
            }
            Self::UntrustedRoot(name) => {
                write!(f, "the chain ends at a root that is not trusted: {name}")
            }
            Self::Chain(error) => error.fmt(f),
            Self::NotAccepted => f.write_str("no path was accepted"),
        }
    }
}

/// Calls `accept` with each valid path from a trust anchor to `leaf`, until it returns `Some`.
///
/// The order of the candidates depends on the certificates alone, never on the order of the input or on
/// the cache: anchors, then pinned intermediates, then given certificates; among the latter matching key
/// identifiers and valid certificates first, then the order of their bytes. One given issuer directly
/// below an anchor goes before a pinned one of its name. Only the budget limits the number of
/// candidates: a path costs at most one signature for each certificate that is not pinned together with
/// its issuer.
///
/// # Errors
/// [`Problem::TooManySignatures`] if the budget is spent; otherwise the failure of the most promising
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

/// The path of a chain in order.
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
    /// Whether every certificate of the path so far is a given one.
    from_given: bool,
    /// The error of a spent budget, which ends the search.
    spent: Option<Error>,
    best: Option<Failure<'a>>,
}

impl<'a, T> Builder<'a, '_, T> {
    /// Extends the path by a certificate, and from there up to every anchor: at most [`MAX_CHAIN`] deep.
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

    /// Extends the path by every issuer of its topmost certificate in turn.
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
        // A given root leads no further; a copy of an anchor says nothing new.
        let mut roots = self.given.iter().filter(|one| is_root_of(one, name));
        if roots.any(|root| !self.is_anchor(root)) {
            self.fail(PathError::UntrustedRoot(name));
        } else if last.is_none() {
            self.fail(PathError::MissingIssuer { issuer: name, url: certificate.extensions().issuer_url() });
        }
        None
    }

    /// Builds the path of one given issuer directly below the anchors, before a pinned one of its name: the
    /// path of a test with its own intermediate, and cheap for everybody else.
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

    /// The given certificates of this name that are neither roots nor pinned.
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

    /// Verifies the path below an anchor and offers it to the caller.
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

    /// The next issuer of a certificate in order: the one after `after`, or the first.
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

    /// The order of two issuers: anchors, pinned intermediates, given certificates, and last pinned
    /// intermediates whose key identifier differs from the wanted one.
    fn order(&self, one: &Issuer<'_>, other: &Issuer<'_>, issued: &Certificate<'_>) -> Ordering {
        let key = |issuer: &Issuer<'_>| {
            let rank = self.rank(&issuer.certificate, issued);
            // Among anchors the key decides first, then who trusts them.
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

    /// Whether a certificate is an anchor.
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
    /// An anchor of this kind.
    Anchor(AnchorKind),
    /// A pinned intermediate.
    Pinned {
        /// Whether it is among the given certificates too.
        given: bool,
    },
    /// A given certificate.
    Given,
}

/// The order within a group of candidates, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    key: u8,
    not_valid: bool,
}

/// The rank of a key that differs from the wanted one.
const OTHER_KEY: u8 = 2;

/// A path that failed.
#[derive(Clone, Copy, Debug)]
struct Failure<'a> {
    error: PathError<'a>,
    from_given: bool,
}

impl Failure<'_> {
    /// How promising the path was; the failure of the highest is reported.
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
