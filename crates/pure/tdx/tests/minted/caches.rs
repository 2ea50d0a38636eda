//! Caches next to minted evidence, and how many signatures a verification costs.

#![allow(dead_code, reason = "each test program uses its part")]

use std::cell::Cell;

use teeproof_core::{BadSignature, Crypto, Freshness, VerifyEcdsa};
use teeproof_mint::tdx::TdxMachine;
use teeproof_tdx::{
    Collateral, CollateralCache, Error, NewCollateral, SignedJson, TdxEvidence, TdxVerification, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, CachedSignatures, OwnedSignature, Revocation, SignatureCache};

use crate::support::{Checked, Evidence, Findings, genuine, time};

thread_local! {
    static SIGNATURES: Cell<usize> = const { Cell::new(0) };
}

/// Counts the signatures that are verified.
struct Counted;

impl VerifyEcdsa for Counted {
    fn verify(&self, key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        SIGNATURES.set(SIGNATURES.get() + 1);
        teeproof_aws_lc::TABLE.ecdsa_p256_sha256.verify(key, message, signature)
    }
}

const COUNTING: Crypto<'static> = Crypto { ecdsa_p256_sha256: &Counted, ..teeproof_aws_lc::TABLE };

/// What the caches lack.
pub(crate) type New = (Vec<OwnedSignature>, NewCollateral);

/// Both caches; a test can leave one of them empty.
pub(crate) struct Caches {
    pub(crate) signatures: SignatureCache,
    pub(crate) collateral: CollateralCache,
}

impl Caches {
    pub(crate) fn new(entries: usize) -> Self {
        Self { signatures: SignatureCache::new(entries), collateral: CollateralCache::new(entries) }
    }

    /// The findings, and how many signatures they cost. Inserts what the caches lack if `keep` is set.
    pub(crate) fn verify(&mut self, minted: &Evidence, keep: bool) -> (Result<Findings, Error>, usize) {
        SIGNATURES.set(0);
        let (result, new) = self.run(minted);
        if let Some((signatures, collateral)) = new.filter(|_| keep) {
            self.signatures.insert(signatures);
            self.collateral.insert(collateral);
        }
        (result, SIGNATURES.get())
    }

    pub(crate) fn run(&self, minted: &Evidence) -> (Result<Findings, Error>, Option<New>) {
        let mut findings = Findings::default();
        let evidence = match TdxEvidence::parse_with(&minted.quote, &self.collateral) {
            Ok(evidence) => evidence,
            Err(error) => return (Err(error), None),
        };
        let documents: Result<Vec<_>, _> =
            [&minted.tcb_info, &minted.qe_identity].into_iter().map(|text| SignedJson::parse(text)).collect();
        let documents = match documents {
            Ok(documents) => documents,
            Err(error) => return (Err(error), None),
        };
        let certificates: Vec<_> =
            minted.certificates.iter().map(|der| Certificate::parse(der).unwrap()).collect();
        let lists: Vec<_> = minted.crls.iter().map(|der| RevocationList::parse(der).unwrap()).collect();
        let collateral = Collateral { documents: &documents, certificates: &certificates };
        let roots: [&[u8]; 1] = [&minted.root];
        let verification = TdxVerification::new(Freshness::Waived("a test"), time(minted.at), &COUNTING)
            .anchors(Anchors::and(&roots))
            .cache(CachedSignatures::from_cache(&self.signatures))
            .revocation(Revocation::Lists(&lists))
            .collateral_cache(&self.collateral);
        match verify(&evidence, &collateral, &verification, &mut findings) {
            Ok(verified) => {
                let signatures = self.signatures.new_signatures(verified.signatures());
                (Ok(findings), Some((signatures, self.collateral.new_collateral(&evidence, &verified))))
            }
            Err(error) => (Err(error), None),
        }
    }

    /// The caches after this evidence.
    pub(crate) fn of(minted: &Evidence) -> Self {
        let mut caches = Self::new(100);
        caches.verify(minted, true).0.unwrap();
        caches
    }
}

/// A platform whose authority has revoked another certificate.
pub(crate) fn machine() -> TdxMachine {
    genuine().pck_ca_revokes(&[0x77])
}

/// The evidence of a platform, with the lists of both its authorities.
pub(crate) fn listed(machine: &TdxMachine) -> Evidence {
    let evidence = machine.evidence();
    Evidence { crls: vec![evidence.minted.root_crl.clone(), evidence.minted.pck_crl.clone()], ..evidence }
}
