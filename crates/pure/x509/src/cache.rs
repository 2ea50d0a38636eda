//! A bounded cache of verified signatures, so that the next evidence of a known chip, region or VM
//! costs only the signatures that are new.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::VerifiedSignature;

/// Signatures of chains that were verified before: owned by the caller, bounded in number and size,
/// shared freely between threads while nobody writes.
///
/// It is handed to a verification as [`crate::CachedSignatures`]. Only verified signatures enter it
/// ([`VerifiedSignature`]), and they are found by their bytes: the signer's whole certificate, the
/// signed bytes and the signature. Validity, revocation, names and constraints are not cached but
/// checked each time.
///
/// ```
/// # use teeproof_x509::{CachedSignatures, SignatureCache, VerifiedSignature};
/// # fn verify(_: CachedSignatures<'_>) -> [VerifiedSignature<'static>; 0] { [] }
/// let mut cache = SignatureCache::new(1024);
/// let verified = verify(CachedSignatures::from_cache(&cache));
/// // Signatures that are in the cache already are not copied.
/// let new = cache.new_signatures(verified);
/// cache.insert(new);
/// ```
#[derive(Clone, Debug)]
pub struct SignatureCache {
    /// How many signatures each generation has room for.
    room: usize,
    /// What was inserted last, sorted.
    young: Vec<OwnedSignature>,
    /// What was inserted before that, sorted. It is dropped when the young are full.
    old: Vec<OwnedSignature>,
}

/// A verified signature, owned, to be handed to [`SignatureCache::insert`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSignature {
    signature: Box<[u8]>,
    signed: Box<[u8]>,
    signer: Box<[u8]>,
}

/// Signatures over more than this, or under a certificate that is longer, are not cached.
pub const MAX_CACHED_BYTES: usize = 16 * 1024;

impl SignatureCache {
    /// An empty cache for so many signatures: a chip takes two or three, a Nitro region four, a VM
    /// six. Each takes 2 to 3 KiB, and never more than 33 KiB.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self { room: signatures.div_ceil(2), young: Vec::new(), old: Vec::new() }
    }

    /// How many signatures it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    /// Whether it has none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }

    /// Those of these signatures that are not in the cache, or about to be dropped from it. Allocates
    /// nothing where there are none.
    #[must_use]
    pub fn new_signatures<'h>(
        &self,
        verified: impl IntoIterator<Item = VerifiedSignature<'h>>,
    ) -> Vec<OwnedSignature> {
        let new = |one: &VerifiedSignature<'_>| {
            let small = one.signed().len().max(one.signer().len()) <= MAX_CACHED_BYTES;
            small && !is_among(&self.young, one.signer(), one.signed(), one.signature())
        };
        verified.into_iter().filter(new).map(|one| OwnedSignature::from(&one)).collect()
    }

    /// Inserts signatures. When there is no more room, what was not used for longest is dropped.
    pub fn insert(&mut self, new: Vec<OwnedSignature>) {
        for one in new {
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

    pub(crate) fn contains(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        is_among(&self.young, signer, signed, signature) || is_among(&self.old, signer, signed, signature)
    }
}

fn is_among(sorted: &[OwnedSignature], signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    let found = sorted.binary_search_by(|other| other.cmp(signed, signature));
    found.ok().and_then(|at| sorted.get(at)).is_some_and(|one| *one.signer == *signer)
}

impl OwnedSignature {
    /// The order of the cache. Signatures first: they differ in their first bytes.
    fn cmp(&self, signed: &[u8], signature: &[u8]) -> Ordering {
        (*self.signature).cmp(signature).then_with(|| (*self.signed).cmp(signed))
    }
}

impl From<&VerifiedSignature<'_>> for OwnedSignature {
    fn from(one: &VerifiedSignature<'_>) -> Self {
        Self { signature: one.signature().into(), signed: one.signed().into(), signer: one.signer().into() }
    }
}
