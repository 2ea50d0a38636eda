//! A real document of an enclave in production.

use teeproof_core::{Crypto, Freshness};
use teeproof_nitro::{Error, Moment, NitroVerification, VerifiedDocument};
use teeproof_x509::{CachedSignatures, Revocation, SignatureCache};

use crate::ROOM;

/// The document.
#[derive(Clone, Copy, Debug)]
pub struct Nitro {
    /// The whole COSE_Sign1.
    pub document: &'static [u8],
}

impl Nitro {
    /// The vector that is measured.
    pub const PRODUCTION: Self =
        Self { document: include_bytes!("../../testdata/nitro/production-eu-central-1-2025-01.cose") };

    /// Verifies the document at its own time.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify(self, crypto: &'static Crypto<'static>) -> Result<VerifiedDocument<'static>, Error> {
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
    ) -> Result<VerifiedDocument<'static>, Error> {
        let verification =
            NitroVerification::new(Freshness::Waived("a recorded vector"), Moment::OfDocument, crypto)
                .cache(cache)
                .revocation(Revocation::Unchecked("no list is published with the vector"));
        teeproof_nitro::verify(self.document, &verification, &mut ())
    }

    /// A cache of the authorities' signatures, and of the enclave's own certificate where it is the same
    /// enclave again.
    #[must_use]
    pub fn chain_cached(self, same_enclave: bool) -> SignatureCache {
        let verified = self.verify(&teeproof_aws_lc::TABLE).expect("genuine");
        let path = verified.path().path();
        let signatures = path.signatures().count();
        let mut cache = SignatureCache::new(ROOM);
        let known = if same_enclave { signatures } else { signatures - 1 };
        cache.insert(cache.new_signatures(path.signatures().take(known)));
        cache
    }
}
