//! The certificates of a module: one leaf for many documents, and a new one before it expires.

use std::sync::{Arc, Mutex, PoisonError};

use teeproof_mint::nitro::{Identity, Signer, newly_issued};
use teeproof_mint::x509::Link;

use crate::root::ROOT_SERIAL;

/// For how long a leaf signs, in seconds. The oldest leaf under a real document was 8523 seconds old; it expires after
/// 10803.
const LEAF_IN_USE: u64 = 8500;

/// The chain in use.
#[derive(Debug)]
pub(super) struct Issuer {
    identity: Identity,
    root: Vec<u8>,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    signer: Arc<Signer>,
    since: u64,
}

impl Issuer {
    /// A chain with a leaf that is valid from now on, in seconds since 1970-01-01T00:00:00Z.
    pub(super) fn new(identity: &Identity, now: u64) -> Result<Self, teeproof_mint::Error> {
        let signer = Arc::new(under_one_root(&links(identity, now))?);
        let root = signer.root().to_vec();
        Ok(Self { identity: identity.clone(), root, current: Mutex::new(Current { signer, since: now }) })
    }

    /// The certificate of the root, in DER.
    pub(super) fn root(&self) -> &[u8] {
        &self.root
    }

    /// The signer for a document of this time.
    pub(super) fn signer(&self, now: u64) -> Result<Arc<Signer>, teeproof_mint::Error> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back is a reason as well: the leaf would not be valid yet.
        if !(current.since..current.since.saturating_add(LEAF_IN_USE)).contains(&now) {
            let signer = under_one_root(&links(&self.identity, now))?;
            *current = Current { signer: Arc::new(signer), since: now };
        }
        Ok(current.signer.clone())
    }
}

/// The first signer of the process, whose root is that of all others.
static FIRST: Mutex<Option<Signer>> = Mutex::new(None);

/// Signs a chain: the certificate of its root is the same throughout the process, byte for byte.
pub(super) fn under_one_root(links: &[Link]) -> Result<Signer, teeproof_mint::Error> {
    let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*first {
        Some(first) => first.renewed(links),
        None => Ok(first.insert(Signer::new(links)?).clone()),
    }
}

/// The chain as AWS has it, but for the serial number of the root, by which it is known as a twin's.
fn links(identity: &Identity, now: u64) -> Vec<Link> {
    marked(newly_issued(identity, now))
}

/// The chain with a twin's root.
pub(super) fn marked(mut links: Vec<Link>) -> Vec<Link> {
    if let Some(root) = links.first_mut() {
        root.certificate.serial = ROOT_SERIAL.to_vec();
    }
    links
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_leaf_is_reused_and_renewed_under_the_same_root() {
        const NOW: u64 = 1_800_000_000;
        let issuer = Issuer::new(&Identity::default(), NOW).unwrap();
        let leaf = |at| issuer.signer(at).unwrap().chain().last().unwrap().clone();
        let first = leaf(NOW);
        assert_eq!(leaf(NOW + LEAF_IN_USE - 1), first);
        let second = leaf(NOW + LEAF_IN_USE);
        assert_ne!(second, first);
        assert_eq!(leaf(NOW + LEAF_IN_USE), second);
        assert_eq!(issuer.signer(NOW + LEAF_IN_USE).unwrap().root(), issuer.root());
        // A clock that was set back.
        assert_ne!(leaf(NOW), second);
        assert!(crate::is_twin_root(issuer.root()));
    }
}
