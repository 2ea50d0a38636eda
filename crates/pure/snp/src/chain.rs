//! The way from a VEK up to a trust anchor: found by name, verified by signature.

use core::fmt;

use teeproof_core::Crypto;
use teeproof_wire::certificate::{Certificate, Name, SignatureAlgorithm};
use teeproof_x509::{Anchors, PinnedPair, Problem, SignedPath, verify_path};

use crate::anchors::{INTERMEDIATE_NAMES, PINNED_NAMES};
use crate::{Endorsements, Error, KNOWN_INTERMEDIATES, Link, PINNED, VekKind};

/// The known intermediates under their roots: three signatures over constants, which the tests
/// verify so that no verification has to.
const PINNED_PAIRS: [PinnedPair<'static>; 3] = {
    let ([milan, genoa, turin], [ask_milan, ask_genoa, ask_turin]) = (PINNED, KNOWN_INTERMEDIATES);
    [
        PinnedPair { issuer: milan, issued: ask_milan },
        PinnedPair { issuer: genoa, issued: ask_genoa },
        PinnedPair { issuer: turin, issued: ask_turin },
    ]
};

/// Finds and verifies the path from an anchor to the VEK. Intermediates and anchors are tried by
/// name, those that came before those that are known, the pinned anchors before the added ones.
pub(crate) fn chain<'a>(
    vek: &Certificate<'a>,
    endorsements: &Endorsements<'a, '_>,
    anchors: &Anchors<'a>,
    crypto: &Crypto,
) -> Result<(SignedPath<'a>, bool), Error> {
    let known = anchors.known().and_pinned(&PINNED_PAIRS);
    let mut best = Error::Missing(Link::Intermediate);
    let pinned = named(KNOWN_INTERMEDIATES, INTERMEDIATE_NAMES, vek.issuer());
    let came = endorsements.issuers_of(vek).copied();
    let intermediates = came.map(|one| (one, true)).chain(pinned.map(|one| (one, false))).take(MAX_TRIES);
    for (intermediate, came) in intermediates {
        if best == Error::Missing(Link::Intermediate) {
            best = Error::Untrusted;
        }
        let mut found = [None; MAX_TRIES];
        found.iter_mut().zip(roots(&intermediate, anchors)).for_each(|(slot, root)| *slot = Some(root));
        let found = || found.iter().flatten();
        let is_known = |(root, _): &&(Certificate<'a>, bool)| known.knows(root, &intermediate);
        // A root whose signature is known is the right one; the others may only have its name.
        for &(root, production) in found().filter(is_known).chain(found().filter(|root| !is_known(root))) {
            match verify_path(root, &[intermediate, *vek], &[], known, crypto) {
                Ok(path) => return profile(&path).map(|()| (path, production)),
                // What is wrong with what came says more than that a known one did not fit either.
                Err(error) if came || !matches!(best, Error::Chain { .. }) => {
                    best = further(best, chain_error(error));
                }
                Err(_) => {}
            }
        }
    }
    Err(best)
}

/// AMD's authorities sign in one way (57230, section 3), however they are named.
fn profile(path: &SignedPath<'_>) -> Result<(), Error> {
    let other = |one: &Certificate<'_>| one.algorithm() != SignatureAlgorithm::RsaPssSha384;
    match path.below().iter().position(other) {
        None => Ok(()),
        Some(at) => Err(Error::Chain { link: Link::at(at.saturating_add(1)), problem: Problem::Algorithm }),
    }
}

/// How many intermediates of one name are tried; real endorsements have one.
const MAX_TRIES: usize = 4;

/// The trust anchors that an intermediate could be issued by, and whether they are AMD's.
fn roots<'a>(
    intermediate: &Certificate<'a>,
    anchors: &Anchors<'a>,
) -> impl Iterator<Item = (Certificate<'a>, bool)> {
    let issuer = intermediate.issuer();
    let pinned = named(PINNED, PINNED_NAMES, issuer).map(|root| (root, true));
    let added = anchors.added.iter().filter_map(|der| Certificate::parse(der).ok());
    let added = added.filter(move |root| root.subject() == issuer).map(|root| (root, false));
    pinned.chain(added).take(MAX_TRIES)
}

/// Of certificates whose common names are told, those that have this name.
fn named(
    ders: [&'static [u8]; 3],
    names: [&'static str; 3],
    wanted: Name<'_>,
) -> impl Iterator<Item = Certificate<'static>> {
    let common = wanted.common_name();
    let likely = ders.into_iter().zip(names).filter(move |(_, name)| common == Some(name));
    likely.filter_map(|(der, _)| Certificate::parse(der).ok()).filter(move |one| one.subject() == wanted)
}

/// Of two failures, the one that came further: down the chain, or past the same signature.
fn further(best: Error, next: Error) -> Error {
    let progress = |error: &Error| match error {
        Error::Chain { link, problem } => (Some(*link), *problem != Problem::Signature),
        _ => (None, false),
    };
    if progress(&next) > progress(&best) { next } else { best }
}

pub(crate) fn chain_error(error: teeproof_x509::Error) -> Error {
    Error::Chain { link: Link::at(error.link), problem: error.problem }
}

/// `VCEK ← SEV-Milan ← ARK-Milan (pinned)`.
pub(crate) struct Shown<'a> {
    pub(crate) path: &'a SignedPath<'a>,
    pub(crate) vek: VekKind,
    pub(crate) production: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.vek)?;
        let above = self.path.below().iter().take(1).chain(core::iter::once(self.path.root()));
        for certificate in above {
            write!(f, " ← {}", certificate.subject().common_name().unwrap_or("?"))?;
        }
        f.write_str(if self.production { " (pinned)" } else { " (NON-PRODUCTION ANCHOR)" })
    }
}
