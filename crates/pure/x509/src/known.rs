//! Signatures that need not be verified again.

use teeproof_wire::certificate::Certificate;

#[cfg(feature = "alloc")]
use crate::ChainCache;

/// An authority and a certificate that it issued, both whole and DER, that somebody pins together:
/// the signature between them was verified when they were written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedPair<'a> {
    /// The issuer.
    pub issuer: &'a [u8],
    /// What it issued.
    pub issued: &'a [u8],
}

/// Signatures that are known to hold. Only the signature is skipped: names, constraints, validity
/// and revocation are looked at each time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pinned: &'a [PinnedPair<'a>],
    #[cfg(feature = "alloc")]
    cache: Option<&'a ChainCache>,
}

impl<'a> Known<'a> {
    /// Nothing is known: every signature is verified.
    pub const NOTHING: Self = Self {
        pinned: &[],
        #[cfg(feature = "alloc")]
        cache: None,
    };

    /// These pairs besides. Whoever pins a pair vouches for it as for an anchor.
    #[must_use]
    pub const fn and_pinned(mut self, pinned: &'a [PinnedPair<'a>]) -> Self {
        self.pinned = pinned;
        self
    }

    /// What a cache remembers.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub const fn of(cache: &'a ChainCache) -> Self {
        Self { cache: Some(cache), ..Self::NOTHING }
    }

    /// Whether the signature between two certificates need not be verified.
    #[must_use]
    pub fn knows(&self, issuer: &Certificate<'_>, issued: &Certificate<'_>) -> bool {
        self.is_pinned(issuer.der(), issued.der())
            || self.holds(issuer.der(), issued.tbs(), issued.signature())
    }

    /// Whether the signature of a certificate is pinned together with its issuer.
    pub(crate) fn is_pinned(&self, issuer: &[u8], issued: &[u8]) -> bool {
        self.pinned.iter().any(|pair| pair.issued == issued && pair.issuer == issuer)
    }

    /// Whether a cache remembers that a signature holds.
    pub(crate) fn holds(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        #[cfg(feature = "alloc")]
        return self.cache.is_some_and(|cache| cache.holds(signer, signed, signature));
        #[cfg(not(feature = "alloc"))]
        {
            let _ = (signer, signed, signature);
            false
        }
    }
}
