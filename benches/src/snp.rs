//! A real report of a Milan machine under its VCEK.

use teeproof_core::{Crypto, Freshness, Time};
use teeproof_snp::{Endorsements, Error, SnpVerification, VerifiedReport};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{CachedSignatures, Revocation, SignatureCache};

use crate::ROOM;

/// The report and its endorsements.
#[derive(Clone, Copy, Debug)]
pub struct Snp {
    /// The report.
    pub report: &'static [u8],
    /// The VCEK's certificate, DER.
    pub vcek: &'static [u8],
}

impl Snp {
    /// The vector that is measured.
    pub const MILAN: Self = Self {
        report: include_bytes!("../../testdata/snp/milan-report.bin"),
        vcek: include_bytes!("../../testdata/snp/milan-vcek.der"),
    };

    /// A time at which the certificates are valid.
    pub const AT: Time = Time(1_790_000_000);

    /// Verifies the report as a relying party would for the first time: the certificate is read anew.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify(self, crypto: &'static Crypto<'static>) -> Result<VerifiedReport<'static>, Error> {
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
    ) -> Result<VerifiedReport<'static>, Error> {
        let certificates = [Certificate::parse(self.vcek).map_err(Error::Report)?];
        let verification = SnpVerification::new(Freshness::Waived("a recorded vector"), Self::AT, crypto)
            .cache(cache)
            .revocation(Revocation::Unchecked("no list is published with the vector"));
        teeproof_snp::verify(self.report, &Endorsements::new(&certificates), &verification, &mut ())
    }

    /// A cache of the chain's signatures.
    #[must_use]
    pub fn chain_cached(self) -> SignatureCache {
        let verified = self.verify(&teeproof_aws_lc::TABLE).expect("genuine");
        let mut cache = SignatureCache::new(ROOM);
        cache.insert(cache.new_signatures(verified.path().path().signatures()));
        cache
    }
}
