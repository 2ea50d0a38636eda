//! Minted evidence of an Azure VM: no complete genuine evidence is published.

use std::sync::OnceLock;

use teeproof::Evidence;
use teeproof_core::{Crypto, Freshness, Time};
use teeproof_evidence::{InputKind, Inputs};
use teeproof_hcl::{Error, HclVerification, VerifiedVm};
use teeproof_wire::certificate::Certificate;
use teeproof_x509::{Anchors, CachedSignatures, Revocation, SignatureCache};

use crate::ROOM;

/// The evidence and its endorsements.
#[derive(Clone, Copy, Debug)]
pub struct Azure {
    /// HCL report, quote, PCR values, and optionally the event log.
    pub evidence: teeproof_hcl::HclEvidence<'static>,
    /// VCEK, intermediate, the AK's certificate and those above it, DER.
    pub certificates: &'static [&'static [u8]],
}

impl Azure {
    /// A time at which the certificates are valid.
    pub const AT: Time = Time(1_768_478_400);
    /// The nonce of the quote.
    pub const NONCE: &'static [u8] = b"minted-for-the-readme";
    /// The roots under which it was minted.
    pub const ANCHORS: Anchors<'static> = Anchors::and(&[
        include_bytes!("../../testdata/minted/ark.der"),
        include_bytes!("../../testdata/minted/ak-root.der"),
    ]);
    pub(crate) const BUNDLE: &'static [u8] = include_bytes!("../../testdata/minted/azure-genoa.bundle");

    /// The evidence with its event log.
    #[must_use]
    pub fn with_log() -> Self {
        static READ: OnceLock<Azure> = OnceLock::new();
        *READ.get_or_init(Self::read)
    }

    /// The evidence without its event log.
    #[must_use]
    pub fn minted() -> Self {
        let mut azure = Self::with_log();
        azure.evidence.log = None;
        azure
    }

    fn read() -> Self {
        let mut inputs = Inputs::new();
        inputs.add(Self::BUNDLE, None).expect("a bundle");
        let inputs: &'static Inputs = Box::leak(Box::new(inputs));
        let Evidence::AzureSnp(evidence) = Evidence::from_inputs(inputs).expect("evidence") else {
            unreachable!("the bundle holds an Azure VM on SNP");
        };
        let certificates = inputs.parts().iter().filter(|part| part.kind() == InputKind::Certificate);
        let certificates: Vec<_> = certificates.map(|part| part.bytes()).collect();
        Self { evidence, certificates: certificates.leak() }
    }

    /// Verifies the evidence as a relying party would for the first time: certificates are read anew.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify(self, crypto: &'static Crypto<'static>) -> Result<VerifiedVm<'static>, Error> {
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
    ) -> Result<VerifiedVm<'static>, Error> {
        let read = |der: &&'static [u8]| Certificate::parse(der).map_err(Error::Report);
        let certificates: Vec<_> = self.certificates.iter().map(read).collect::<Result<_, _>>()?;
        let verification = Self::verification(cache, crypto);
        teeproof_hcl::verify_snp(&self.evidence, &certificates, &verification, &mut ())
    }

    /// Verifies it as further evidence of a VM that was verified before: the quote is new to it.
    ///
    /// # Errors
    /// None, unless something is broken.
    pub fn verify_again(
        self,
        known: &VerifiedVm<'static>,
        crypto: &'static Crypto<'static>,
    ) -> Result<VerifiedVm<'static>, Error> {
        let verification = Self::verification(CachedSignatures::NONE, crypto);
        teeproof_hcl::verify_snp_again(known, &self.evidence, &[], &verification, &mut ())
    }

    fn verification(
        cache: CachedSignatures<'static>,
        crypto: &'static Crypto<'static>,
    ) -> HclVerification<'static> {
        HclVerification::new(Freshness::nonce(Self::NONCE).expect("a nonce"), Self::AT, crypto)
            .anchors(Self::ANCHORS)
            .cache(cache)
            .revocation(Revocation::Unchecked("no list is minted with it"))
    }

    /// A cache of both chains' signatures, and of the paravisor's report where it is the same boot of the VM.
    #[must_use]
    pub fn chains_cached(self, same_boot: bool) -> SignatureCache {
        let verified = self.verify(&teeproof_aws_lc::TABLE).expect("minted");
        let statement = verified.report().statement();
        let mut cache = SignatureCache::new(ROOM);
        let known = verified.signatures().filter(|one| same_boot || one.signature() != statement.signature());
        cache.insert(cache.new_signatures(known));
        cache
    }
}
