//! The search for a path: from the leaf upwards by name, at bounded cost.

use alloc::vec::Vec;

use teeproof_core::Crypto;
use teeproof_wire::certificate::{Certificate, Name};
use teeproof_x509::{Anchors, SignedPath, verify_path};

use super::{AK_ROOT, EXTENDED_KEY_USAGE, further};

/// The most certificates below the root; real chains have two or three.
const MAX_DEPTH: usize = 4;
/// How many certificates are looked at, over all ways up; real chains have one way.
const MAX_STEPS: usize = 16;
/// How many paths are verified; each costs at most four signatures.
const MAX_PATHS: usize = 4;

/// Why there is no path.
pub(super) enum Failure<'a> {
    /// No certificate has this name, which one that came names as its issuer.
    Missing(Name<'a>),
    /// The way ends at a root that is no trust anchor, or goes on for too long.
    Untrusted,
    /// The certificates of the path do not hold.
    Chain(teeproof_x509::Error),
}

struct Climb<'a, 's> {
    given: &'s [Certificate<'a>],
    /// The added trust anchors.
    added: Vec<Certificate<'a>>,
    anchors: &'s Anchors<'a>,
    crypto: &'s Crypto<'s>,
    /// The path so far, the leaf first.
    path: Vec<Certificate<'a>>,
    steps: usize,
    paths: usize,
    best: Option<Failure<'a>>,
}

/// Finds and verifies a path from a trust anchor to the leaf; says whether the anchor is Azure's.
pub(super) fn climb<'a>(
    leaf: &Certificate<'a>,
    given: &[Certificate<'a>],
    anchors: &Anchors<'a>,
    crypto: &Crypto,
) -> Result<(SignedPath<'a>, bool), Failure<'a>> {
    let added = anchors.added.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    let mut climb = Climb { given, added, anchors, crypto, path: Vec::new(), steps: 0, paths: 0, best: None };
    match climb.from(*leaf) {
        Some(found) => Ok(found),
        None => Err(climb.best.unwrap_or(Failure::Untrusted)),
    }
}

impl<'a> Climb<'a, '_> {
    /// Goes up from a certificate, which is added to the path meanwhile.
    fn from(&mut self, certificate: Certificate<'a>) -> Option<(SignedPath<'a>, bool)> {
        self.steps = self.steps.saturating_add(1);
        if self.steps > MAX_STEPS || self.path.len() >= MAX_DEPTH {
            self.failed(Failure::Untrusted);
            return None;
        }
        self.path.push(certificate);
        let found = self.end(certificate.issuer()).or_else(|| self.on(certificate.issuer()));
        self.path.pop();
        found
    }

    /// Ends the path at an anchor of this name, if one holds.
    fn end(&mut self, issuer: Name<'a>) -> Option<(SignedPath<'a>, bool)> {
        let below: Vec<_> = self.path.iter().rev().copied().collect();
        for (root, production) in self.roots(issuer) {
            self.paths = self.paths.saturating_add(1);
            if self.paths > MAX_PATHS {
                return None;
            }
            match verify_path(root, &below, &[EXTENDED_KEY_USAGE], self.anchors.known(), self.crypto) {
                Ok(path) => return Some((path, production)),
                Err(error) => self.failed(Failure::Chain(error)),
            }
        }
        None
    }

    /// Goes on through the authorities of this name.
    fn on(&mut self, issuer: Name<'a>) -> Option<(SignedPath<'a>, bool)> {
        let given = self.given;
        let mut named = given.iter().filter(|one| one.subject() == issuer).peekable();
        if named.peek().is_none() {
            self.failed(Failure::Missing(issuer));
        }
        for authority in named {
            // A root leads nowhere further; that it is none of the anchors was found before.
            if authority.issuer() == issuer {
                self.failed(Failure::Untrusted);
            } else if let Some(found) = self.from(*authority) {
                return Some(found);
            }
        }
        None
    }

    /// The trust anchors of a name: Azure's, if it came, then the added ones.
    fn roots(&self, issuer: Name<'a>) -> Vec<(Certificate<'a>, bool)> {
        let named = |one: &Certificate<'a>| one.subject() == issuer;
        let came = self.given.iter().copied().filter(named).take(MAX_STEPS);
        let pinned = came.filter(|one| AK_ROOT.is(one, self.crypto)).map(|one| (one, true)).take(1);
        let added = self.added.iter().copied().filter(named).map(|one| (one, false));
        pinned.chain(added).collect()
    }

    fn failed(&mut self, next: Failure<'a>) {
        self.best = Some(match self.best.take() {
            None => next,
            Some(best) => further(best, next),
        });
    }
}
