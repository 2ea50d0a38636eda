//! Path building: every path from a trust anchor to a leaf, at bounded cost.
//!
//! RFC 5280, section 6, validates a given path; this module searches for one. Candidates match the
//! issuer's name byte for byte. Key identifiers and validity only decide their order.

use core::cmp::Ordering;
use core::fmt;

use teeproof_core::{Class, Time};
use teeproof_wire::certificate::{Certificate, Name};

use crate::issuer::{Form, Issuer, Source};
use crate::{
    Anchor, AnchorKind, AnchoredPath, Anchors, Error, MAX_CHAIN, PinnedCertificates, Problem,
    SignatureChecks, verify_path,
};

/// The input of path building: candidates, anchors, and how signatures are verified.
#[derive(Clone, Copy, Debug)]
pub struct PathSearch<'a, 's> {
    /// The certificates that can be above the leaf.
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

/// The certificates that can be above a leaf.
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
                found: None,
            };
            builder.extend(&leaf);
            builder.found.ok_or(match (builder.spent, builder.best) {
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
    /// The caller's result for the accepted path, which ends the search. It is large: it stays in place.
    found: Option<T>,
}

impl<'a, 's, T> Builder<'a, 's, T> {
    /// Whether the search is over.
    const fn is_over(&self) -> bool {
        self.found.is_some() || self.spent.is_some()
    }

    /// Extends the path by a certificate, and from there up to every anchor: at most [`MAX_CHAIN`] deep.
    fn extend(&mut self, certificate: &Certificate<'a>) {
        if let Err(problem) = self.search.checks.budget.step() {
            self.spent = Some(Error::new(self.depth, problem));
            return;
        }
        let deeper = self.depth.saturating_add(1);
        let at = MAX_CHAIN.checked_sub(deeper);
        let slot = at.and_then(|at| self.path.get_mut(at));
        let Some(slot) = slot else {
            self.fail(PathError::Chain(Error::new(self.depth, Problem::TooLong)));
            return;
        };
        *slot = *certificate;
        self.depth = deeper;
        self.issuers(certificate);
        self.depth = deeper.saturating_sub(1);
    }

    /// Extends the path by every issuer of its topmost certificate in turn.
    fn issuers(&mut self, certificate: &Certificate<'a>) {
        let name = certificate.issuer();
        let mut last: Option<Issuer<'a, 's>> = None;
        let mut found = false;
        while let Some(issuer) = self.next_issuer(certificate, last.as_ref()) {
            let first_pinned = last.as_ref().is_none_or(|last| matches!(last.source, Source::Anchor(_)));
            if matches!(issuer.source, Source::Pinned { .. }) && first_pinned {
                self.first_given(certificate);
                if self.is_over() {
                    return;
                }
            }
            found |= self.with_issuer(&issuer);
            if self.is_over() {
                return;
            }
            last = Some(issuer);
        }
        // A given root leads no further; a copy of an anchor says nothing new.
        let mut roots = self.given.iter().filter(|one| is_root_of(one, name));
        if roots.any(|root| !self.is_anchor(root)) {
            self.fail(PathError::UntrustedRoot(name));
        } else if !found {
            self.fail(PathError::MissingIssuer { issuer: name, url: certificate.extensions().issuer_url() });
        }
    }

    /// Ends the path at an anchor, or extends it by another issuer and from there up; `false` for an added
    /// anchor that is not a certificate.
    fn with_issuer(&mut self, issuer: &Issuer<'a, 's>) -> bool {
        let Some(certificate) = issuer.parsed() else { return false };
        match issuer.source {
            Source::Anchor(kind) => self.finish(certificate, kind),
            _ if self.has(certificate) => {}
            source => {
                let before = self.from_given;
                self.from_given = before && source != Source::Pinned { given: false };
                self.extend(certificate);
                self.from_given = before;
            }
        }
        true
    }

    /// Builds the path of one given issuer directly below the anchors, before a pinned one of its name: the
    /// path of a test with its own intermediate, and cheap for everybody else.
    fn first_given(&mut self, issued: &Certificate<'a>) {
        let given = self.given_issuers(issued.issuer());
        let given = given.map(|one| (one, Issuer::new(Form::Given(one), Source::Given)));
        let first = given.min_by(|(_, one), (_, other)| self.order(one, other, issued));
        let Some((first, _)) = first else { return };
        let deeper = self.depth.saturating_add(1);
        let Some(slot) = MAX_CHAIN.checked_sub(deeper).and_then(|at| self.path.get_mut(at)) else { return };
        *slot = *first;
        self.depth = deeper;
        let mut last = None;
        while let Some(root) = self.next_issuer(first, last.as_ref()) {
            let Source::Anchor(_) = root.source else { break };
            self.with_issuer(&root);
            if self.is_over() {
                break;
            }
            last = Some(root);
        }
        self.depth = deeper.saturating_sub(1);
    }

    /// The given certificates of this name that are neither roots nor pinned.
    fn given_issuers(&self, name: Name<'a>) -> impl Iterator<Item = &'s Certificate<'a>> + use<'a, 's, T> {
        let pinned = self.pinned.intermediates;
        let of_name = self.given.iter().filter(move |one| one.subject() == name && one.issuer() != name);
        of_name.filter(|one| !pinned.iter().any(|pin| pin.der() == one.der()))
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
    fn finish(&mut self, root: &Certificate<'a>, kind: AnchorKind) {
        let search = self.search;
        match verify_path(*root, kind, self.below(), search.profile, &search.checks) {
            Ok(path) => {
                self.found = (self.accept)(&path);
                if self.found.is_none() {
                    self.fail(PathError::NotAccepted);
                }
            }
            Err(error) => {
                if error.problem == Problem::TooManySignatures {
                    self.spent = Some(error);
                }
                self.fail(PathError::Chain(error));
            }
        }
    }

    /// The next issuer of a certificate in order: the one after `after`, or the first.
    fn next_issuer(
        &self,
        issued: &Certificate<'a>,
        after: Option<&Issuer<'a, 's>>,
    ) -> Option<Issuer<'a, 's>> {
        let name = issued.issuer();
        let mut next: Option<Issuer<'a, 's>> = None;
        let mut offer = |one: Issuer<'a, 's>| {
            let later = after.is_none_or(|after| self.order(&one, after, issued) == Ordering::Greater);
            let sooner = |next: &Issuer<'a, 's>| self.order(&one, next, issued) == Ordering::Less;
            if later && next.as_ref().is_none_or(sooner) {
                next = Some(one);
            }
        };
        let pinned = self.pinned;
        for root in pinned.roots.iter().filter(|root| root.has_subject(name)) {
            // A given copy was parsed before.
            let copy = self.given.iter().find(|copy| copy.der() == root.der());
            let form = copy.map_or(Form::Pinned(root), Form::Given);
            offer(Issuer::new(form, Source::Anchor(AnchorKind::Pinned)));
        }
        for root in self.search.anchors.added.iter().filter(|der| Certificate::has_subject(der, name)) {
            offer(Issuer::new(Form::Added(root), Source::Anchor(AnchorKind::Added)));
        }
        for one in pinned.intermediates.iter().filter(|one| one.has_subject(name)) {
            let given = self.given.iter().any(|copy| copy.der() == one.der());
            offer(Issuer::new(Form::Pinned(one), Source::Pinned { given }));
        }
        self.given_issuers(name).for_each(|one| offer(Issuer::new(Form::Given(one), Source::Given)));
        next
    }

    /// The order of two issuers of a certificate: anchors, pinned intermediates, given certificates, and last
    /// pinned intermediates whose key identifier differs from the wanted one. Pinned and added certificates are
    /// parsed only if nothing else decides.
    fn order(&self, one: &Issuer<'a, 's>, other: &Issuer<'a, 's>, issued: &Certificate<'_>) -> Ordering {
        if one.source == other.source && one.der() == other.der() {
            return Ordering::Equal;
        }
        let first = one.group(issued).cmp(&other.group(issued));
        first.then_with(|| one.key_rank(issued).cmp(&other.key_rank(issued))).then_with(|| {
            // Among anchors who trusts them decides after their validity.
            let added = |issuer: &Issuer<'_, '_>| issuer.source == Source::Anchor(AnchorKind::Added);
            let validity = self.not_valid(one).cmp(&self.not_valid(other));
            validity.then(added(one).cmp(&added(other))).then_with(|| one.der().cmp(other.der()))
        })
    }

    /// Whether an issuer is not valid at the time of the search.
    fn not_valid(&self, issuer: &Issuer<'_, '_>) -> bool {
        self.search.at.is_some_and(|at| {
            issuer.parsed().is_none_or(|one| at < Time(one.not_before()) || at > Time(one.not_after()))
        })
    }

    /// Whether a certificate is an anchor.
    fn is_anchor(&self, certificate: &Certificate<'_>) -> bool {
        let der = certificate.der();
        self.pinned.roots.iter().any(|root| root.der() == der) || self.search.anchors.added.contains(&der)
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
