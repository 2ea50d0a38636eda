//! The way from a VEK up to a trust anchor: found by name, verified by signature.

use core::fmt;

use teeproof_core::Crypto;
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, Problem, SignedPath, verify_path};

use crate::{Endorsements, Error, KNOWN_INTERMEDIATES, Link, PINNED, VekKind};

/// Finds and verifies the path from an anchor to the VEK. Intermediates and anchors are tried by
/// name, those that came before those that are known, the pinned anchors before the added ones.
pub(crate) fn chain<'a>(
    vek: &Certificate<'a>,
    endorsements: &Endorsements<'a, '_>,
    anchors: &Anchors<'a>,
    crypto: &Crypto,
) -> Result<(SignedPath<'a>, bool), Error> {
    let mut best = Error::Missing(Link::Intermediate);
    let known = KNOWN_INTERMEDIATES
        .iter()
        .filter_map(|der| Certificate::parse(der).ok())
        .filter(|known| known.subject() == vek.issuer());
    let came = endorsements.issuers_of(vek).copied();
    let intermediates = came.map(|one| (one, true)).chain(known.map(|one| (one, false))).take(MAX_TRIES);
    for (intermediate, came) in intermediates {
        if best == Error::Missing(Link::Intermediate) {
            best = Error::Untrusted;
        }
        for (root, production) in roots(&intermediate, anchors) {
            match verify_path(root, &[intermediate, *vek], &[], crypto) {
                Ok(path) => return Ok((path, production)),
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

/// How many intermediates of one name are tried; real endorsements have one.
const MAX_TRIES: usize = 4;

/// The trust anchors that an intermediate could be issued by, and whether they are AMD's.
fn roots<'a>(
    intermediate: &Certificate<'a>,
    anchors: &Anchors<'a>,
) -> impl Iterator<Item = (Certificate<'a>, bool)> {
    let issuer = intermediate.issuer();
    let pinned = PINNED.into_iter().map(|der| (der, true));
    let added = anchors.added.iter().map(|der| (*der, false));
    pinned
        .chain(added)
        .filter_map(|(der, production)| Some((Certificate::parse(der).ok()?, production)))
        .filter(move |(root, _)| root.subject() == issuer)
        .take(MAX_TRIES)
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
