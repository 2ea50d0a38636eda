//! A minted document of an EC2 instance with NitroTPM: no package publishes a real one.

use teeproof_core::{Crypto, Freshness};
use teeproof_nitro::nitrotpm::{NitroTpmError, VerifiedNitroTpm, verify};
use teeproof_nitro::{Moment, NitroVerification};
use teeproof_x509::{Anchors, CachedSignatures, Revocation, SignatureCache};

use crate::ROOM;

/// The document.
#[derive(Clone, Copy, Debug)]
pub struct NitroTpm {
    /// The whole COSE_Sign1.
    pub document: &'static [u8],
}

impl NitroTpm {
    /// The vector that is measured.
    pub const MINTED: Self = Self { document: include_bytes!("../../testdata/minted/nitrotpm.cose") };
    /// The root under which it was minted.
    pub const ANCHORS: Anchors<'static> =
        Anchors::and(&[include_bytes!("../../testdata/minted/nitro-root.der")]);

    /// Verifies the document at its own time.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify(
        self,
        crypto: &'static Crypto<'static>,
    ) -> Result<VerifiedNitroTpm<'static>, NitroTpmError> {
        self.verify_with(CachedSignatures::NONE, crypto)
    }

    /// The same with these cached signatures.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify_with(
        self,
        cache: CachedSignatures<'static>,
        crypto: &'static Crypto<'static>,
    ) -> Result<VerifiedNitroTpm<'static>, NitroTpmError> {
        let verification =
            NitroVerification::new(Freshness::Waived("a recorded vector"), Moment::OfDocument, crypto)
                .anchors(Self::ANCHORS)
                .cache(cache)
                .revocation(Revocation::Unchecked("no list is minted with it"));
        verify(self.document, &verification, &mut ())
    }

    /// A cache of the chain's signatures: the same instance again.
    #[must_use]
    pub fn chain_cached(self) -> SignatureCache {
        let verified = self.verify(&teeproof_aws_lc::TABLE).expect("minted");
        let mut cache = SignatureCache::new(ROOM);
        cache.insert(cache.new_signatures(verified.path().path().signatures()));
        cache
    }
}
