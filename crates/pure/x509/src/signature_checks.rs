//! Cryptography, cached signatures and budget of one verification.

use core::cell::Cell;

use teeproof_core::Crypto;

#[cfg(feature = "alloc")]
use crate::SignatureCache;
use crate::{Problem, VerifiedSignature};

/// How signatures are verified: cryptography, cached signatures and a budget.
#[derive(Clone, Copy, Debug)]
pub struct SignatureChecks<'s> {
    /// The cryptography.
    pub crypto: &'s Crypto<'s>,
    /// Signatures that need no verification.
    pub cache: CachedSignatures<'s>,
    /// The number of signatures that may still be verified.
    pub budget: &'s SignatureBudget,
}

/// A pinned authority and a pinned certificate that it issued; the signature between them was verified
/// before they were pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedPair<'a> {
    /// The issuer's whole certificate, DER.
    pub issuer: &'a [u8],
    /// The whole certificate that it issued, DER.
    pub issued: &'a [u8],
}

/// Signatures that need no verification: cached ones, those of pinned pairs, and those that the same
/// verification has verified before. Names, constraints, validity and revocation are checked all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct CachedSignatures<'a> {
    pinned: &'a [PinnedPair<'a>],
    verified: &'a [VerifiedSignature<'a>],
    #[cfg(feature = "alloc")]
    cache: Option<&'a SignatureCache>,
}

impl<'a> CachedSignatures<'a> {
    /// No cached signatures: every signature is verified.
    pub const NONE: Self = Self {
        pinned: &[],
        verified: &[],
        #[cfg(feature = "alloc")]
        cache: None,
    };

    /// The same with these pinned pairs. A pair is trusted like an anchor.
    #[must_use]
    pub const fn with_pinned(mut self, pinned: &'a [PinnedPair<'a>]) -> Self {
        self.pinned = pinned;
        self
    }

    /// The same with these signatures, which were verified before.
    #[must_use]
    pub const fn with_verified(mut self, verified: &'a [VerifiedSignature<'a>]) -> Self {
        self.verified = verified;
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

    /// Whether a signature is cached or was verified before.
    pub(crate) fn contains(&self, signer: &[u8], signed: &[u8], signature: &[u8]) -> bool {
        if self.verified.iter().any(|one| one.is(signer, signed, signature)) {
            return true;
        }
        #[cfg(feature = "alloc")]
        return self.cache.is_some_and(|cache| cache.contains(signer, signed, signature));
        #[cfg(not(feature = "alloc"))]
        false
    }
}

/// The number of signatures that may still be verified, and of certificates that path building may still
/// visit.
///
/// The signature of a pinned pair is free; a cached one counts like any other, so that a cache never
/// changes a result. The budget is the only limit on the number of candidates; each verifier sets its own,
/// and [`Problem::TooManySignatures`] reports that it was spent.
#[derive(Debug)]
pub struct SignatureBudget {
    signatures: Cell<usize>,
    steps: Cell<usize>,
}

/// Visits of certificates per signature of the budget: a certificate whose issuer is missing costs a visit
/// and no signature.
const STEPS: usize = 4;

impl SignatureBudget {
    /// A budget of `signatures` signatures, and four times as many visits.
    #[must_use]
    pub const fn new(signatures: usize) -> Self {
        Self { signatures: Cell::new(signatures), steps: Cell::new(signatures.saturating_mul(STEPS)) }
    }

    /// Counts a signature.
    pub(crate) fn spend(&self) -> Result<(), Problem> {
        spend(&self.signatures)
    }

    /// Counts a visit of a certificate.
    pub(crate) fn step(&self) -> Result<(), Problem> {
        spend(&self.steps)
    }
}

fn spend(left: &Cell<usize>) -> Result<(), Problem> {
    left.set(left.get().checked_sub(1).ok_or(Problem::TooManySignatures)?);
    Ok(())
}
