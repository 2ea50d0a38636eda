//! Signatures that need not be verified again.

use teeproof_core::Crypto;

use crate::SignatureBudget;
#[cfg(feature = "alloc")]
use crate::SignatureCache;

/// An authority and a certificate that it issued, both whole and DER, that somebody pins together:
/// the signature between them was verified when they were written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedPair<'a> {
    /// The issuer.
    pub issuer: &'a [u8],
    /// What it issued.
    pub issued: &'a [u8],
}

/// Signatures that were verified before. Only the signature is skipped: names, constraints, validity
/// and revocation are checked each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct CachedSignatures<'a> {
    pinned: &'a [PinnedPair<'a>],
    #[cfg(feature = "alloc")]
    cache: Option<&'a SignatureCache>,
}

impl<'a> CachedSignatures<'a> {
    /// None: every signature is verified.
    pub const NONE: Self = Self {
        pinned: &[],
        #[cfg(feature = "alloc")]
        cache: None,
    };

    /// These pairs besides. Whoever pins a pair vouches for it as for an anchor.
    #[must_use]
    pub const fn with_pinned(mut self, pinned: &'a [PinnedPair<'a>]) -> Self {
        self.pinned = pinned;
        self
    }

    /// The signatures of a cache.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub const fn from_cache(cache: &'a SignatureCache) -> Self {
        Self { cache: Some(cache), ..Self::NONE }
    }

    /// Whether the signature of a certificate is pinned together with its issuer.
    pub(crate) fn is_pinned(&self, issuer: &[u8], issued: &[u8]) -> bool {
        self.pinned.iter().any(|pair| pair.issued == issued && pair.issuer == issuer)
    }

    /// Whether the cache has a signature.
    pub(crate) fn contains(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        #[cfg(feature = "alloc")]
        return self.cache.is_some_and(|cache| cache.contains(signer, signed, signature));
        #[cfg(not(feature = "alloc"))]
        {
            let _ = (signer, signed, signature);
            false
        }
    }
}

/// What signatures are verified with.
#[derive(Clone, Copy, Debug)]
pub struct SignatureChecks<'s> {
    /// The cryptography.
    pub crypto: &'s Crypto<'s>,
    /// Signatures that were verified before.
    pub cache: CachedSignatures<'s>,
    /// How many more may be verified.
    pub budget: &'s SignatureBudget,
}
