//! A real document of an enclave in production.

use teeproof_core::{Crypto, Freshness};
use teeproof_nitro::{DEFAULT_SKEW_SECS, Error, Limits, Moment, Verification, VerifiedDocument};
use teeproof_x509::Anchors;

use crate::Floor;

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
        let verification = Verification {
            anchors: Anchors::PINNED,
            freshness: Freshness::Waived("a recorded vector"),
            at: Moment::OfDocument,
            skew_secs: DEFAULT_SKEW_SECS,
            limits: Limits::USUAL,
            crypto,
        };
        teeproof_nitro::verify(self.document, &verification, &mut ())
    }

    /// The cryptographic operations of [`Nitro::verify`].
    #[must_use]
    pub fn floor(self) -> Floor {
        Floor::of(|crypto| assert!(self.verify(crypto).is_ok()))
    }
}
