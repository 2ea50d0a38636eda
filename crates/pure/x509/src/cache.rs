//! A bounded memory of signatures that held, so that the next evidence of a known chip, region or
//! VM costs only the signatures that are new.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::Held;

/// Signatures of chains that were verified before: owned by the caller, bounded in number and size,
/// shared freely between threads while nobody writes.
///
/// It is handed to a verification by [`crate::Anchors::with`]. Nothing enters it but what was
/// verified ([`Held`]), and what is found in it is the very bytes: the signer's whole certificate,
/// the signed bytes and the signature. Validity, revocation, names and constraints are not
/// remembered but looked at each time.
///
/// ```
/// # use teeproof_x509::{Anchors, ChainCache};
/// # fn verify(_: Anchors<'_>) -> [teeproof_x509::Held<'static>; 0] { [] }
/// let mut cache = ChainCache::new(1024);
/// let verified = verify(Anchors::PINNED.with(&cache));
/// // What was known already costs no memory.
/// let news = cache.news(verified);
/// cache.learn(news);
/// ```
#[derive(Clone, Debug)]
pub struct ChainCache {
    /// How many signatures each generation has room for.
    room: usize,
    /// What was learned last, sorted.
    young: Vec<Learned>,
    /// What was learned before that, sorted. It is forgotten when the young are full.
    old: Vec<Learned>,
}

/// A signature that held, owned, to be handed to [`ChainCache::learn`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    signature: Box<[u8]>,
    signed: Box<[u8]>,
    signer: Box<[u8]>,
}

/// Signatures over more than this, or under a certificate that is longer, are not remembered.
pub const MAX_REMEMBERED_BYTES: usize = 16 * 1024;

impl ChainCache {
    /// An empty cache for so many signatures: a chip takes two or three, a Nitro region four, a VM
    /// six. Each takes 2 to 3 KiB, and never more than 33 KiB.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self { room: signatures.div_ceil(2), young: Vec::new(), old: Vec::new() }
    }

    /// How many signatures are remembered.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }

    /// What of this is worth learning: what is not remembered, or about to be forgotten. Allocates
    /// nothing where there is nothing.
    #[must_use]
    pub fn news<'h>(&self, held: impl IntoIterator<Item = Held<'h>>) -> Vec<Learned> {
        let new = |held: &Held<'_>| {
            let small = held.signed().len().max(held.signer().len()) <= MAX_REMEMBERED_BYTES;
            small && !is_among(&self.young, held.signer(), held.signed(), held.signature())
        };
        held.into_iter().filter(new).map(|held| Learned::from(&held)).collect()
    }

    /// Remembers. When there is no more room, what was not used for longest is forgotten.
    pub fn learn(&mut self, news: Vec<Learned>) {
        for one in news {
            if self.young.len() >= self.room {
                self.old = core::mem::take(&mut self.young);
            }
            let found = self.young.binary_search_by(|other| other.cmp(&one.signed, &one.signature));
            match found {
                Ok(at) => {
                    if let Some(other) = self.young.get_mut(at) {
                        *other = one;
                    }
                }
                Err(at) if self.room > 0 => self.young.insert(at, one),
                Err(_) => {}
            }
        }
    }

    pub(crate) fn holds(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        is_among(&self.young, signer, signed, signature) || is_among(&self.old, signer, signed, signature)
    }
}

fn is_among(sorted: &[Learned], signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let found = sorted.binary_search_by(|other| other.cmp(signed, signature));
    found.ok().and_then(|at| sorted.get(at)).is_some_and(|one| *one.signer == *signer)
}

impl Learned {
    /// The order of the cache. Signatures first: they differ in their first bytes.
    fn cmp(&self, signed: &[u8], signature: &[u8]) -> Ordering {
        (*self.signature).cmp(signature).then_with(|| (*self.signed).cmp(signed))
    }
}

impl From<&Held<'_>> for Learned {
    fn from(held: &Held<'_>) -> Self {
        Self {
            signature: held.signature().into(),
            signed: held.signed().into(),
            signer: held.signer().into(),
        }
    }
}
