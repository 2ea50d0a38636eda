//! A bounded cache of verified signatures: further evidence of the same chip, region or VM costs only
//! new signatures.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::VerifiedSignature;

/// A cache of verified signatures, bounded in number and size. The caller owns it; a verification borrows
/// it as [`crate::CachedSignatures`].
///
/// Entries are made of [`VerifiedSignature`]s only, and compared by all their bytes: the signer's whole
/// certificate, the signed bytes and the signature. Validity, revocation, names and constraints are
/// never cached.
///
/// ```
/// use teeproof_x509::{AnchoredPath, SignatureCache};
///
/// /// Caches the signatures of a path; only those that the cache lacks are copied.
/// fn keep(path: &AnchoredPath<'_>, cache: &mut SignatureCache) {
///     let new = cache.new_signatures(path.signatures());
///     cache.insert(new);
/// }
/// ```
#[derive(Clone, Debug)]
pub struct SignatureCache {
    /// The capacity of each generation, in signatures.
    capacity: usize,
    /// The latest insertions, sorted.
    young: Vec<OwnedSignature>,
    /// Earlier insertions, sorted; dropped when `young` is full.
    old: Vec<OwnedSignature>,
}

/// An owned copy of a verified signature, for [`SignatureCache::insert`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedSignature {
    signature: Box<[u8]>,
    signed: Box<[u8]>,
    signer: Box<[u8]>,
}

/// The size limit of an entry, in bytes: larger signed data and larger certificates are not cached.
pub const MAX_CACHED_BYTES: usize = 16 * 1024;

impl SignatureCache {
    /// An empty cache for `signatures` entries of 2 to 3 KiB each, at most 33 KiB. A chip needs two or
    /// three, a Nitro region four, a VM six.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self { capacity: signatures.div_ceil(2), young: Vec::new(), old: Vec::new() }
    }

    /// The number of cached signatures.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.young.len().saturating_add(self.old.len())
    }

    /// Whether the cache is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }

    /// Copies of the signatures that are not in the cache or about to be dropped from it; without an
    /// allocation if there are none.
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

    /// Inserts signatures. A full cache drops those that were inserted longest ago.
    pub fn insert(&mut self, new: Vec<OwnedSignature>) {
        for one in new {
            if self.young.len() >= self.capacity {
                self.old = core::mem::take(&mut self.young);
            }
            let found = self.young.binary_search_by(|other| other.cmp(&one.signed, &one.signature));
            match found {
                Ok(at) => {
                    if let Some(other) = self.young.get_mut(at) {
                        *other = one;
                    }
                }
                Err(at) if self.capacity > 0 => self.young.insert(at, one),
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
