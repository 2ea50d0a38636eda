//! Verification with caches: fewer signatures, no parsing of known collateral, the same results.

use std::cell::Cell;

use teeproof_core::{BadSignature, Class, Crypto, Freshness, VerifyEcdsa};
use teeproof_mint::tdx::TdxMachine;
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_tdx::{
    Collateral, CollateralCache, DocumentProblem, Error, NewCollateral, SignedJson, TdxEvidence,
    TdxVerification, verify,
};
use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_x509::{Anchors, CachedSignatures, OwnedSignature, Problem, Revocation, SignatureCache};

use crate::support::{Checked, Evidence, Findings, YEAR, genuine, time};

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
type New = (Vec<OwnedSignature>, NewCollateral);

/// Both caches; a test can leave one of them empty.
struct Caches {
    signatures: SignatureCache,
    collateral: CollateralCache,
}

impl Caches {
    fn new(entries: usize) -> Self {
        Self { signatures: SignatureCache::new(entries), collateral: CollateralCache::new(entries) }
    }

    /// The findings, and how many signatures they cost. Inserts what the caches lack if `keep` is set.
    fn verify(&mut self, minted: &Evidence, keep: bool) -> (Result<Findings, Error>, usize) {
        SIGNATURES.set(0);
        let (result, new) = self.run(minted);
        if let Some((signatures, collateral)) = new.filter(|_| keep) {
            self.signatures.insert(signatures);
            self.collateral.insert(collateral);
        }
        (result, SIGNATURES.get())
    }

    fn run(&self, minted: &Evidence) -> (Result<Findings, Error>, Option<New>) {
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
    fn of(minted: &Evidence) -> Self {
        let mut caches = Self::new(100);
        caches.verify(minted, true).0.unwrap();
        caches
    }
}

/// A platform whose authority has revoked another certificate.
fn machine() -> TdxMachine {
    genuine().pck_ca_revokes(&[0x77])
}

/// The evidence of a platform, with the lists of both its authorities.
fn listed(machine: &TdxMachine) -> Evidence {
    let evidence = machine.evidence();
    Evidence { crls: vec![evidence.minted.root_crl.clone(), evidence.minted.pck_crl.clone()], ..evidence }
}

/// Two certificates, two lists (that of the root once, although it concerns both chains), the quoting enclave's
/// report, the quote, the signing certificate, and two documents: nine. A further quote costs its own signature.
#[test]
fn a_known_platform_costs_one_signature() {
    let machine = machine();
    let minted = listed(&machine);
    let mut caches = Caches::new(100);
    let (cold, cost) = caches.verify(&minted, true);
    let cold = cold.unwrap();
    assert_eq!(cost, 9);
    assert_eq!((caches.signatures.len(), caches.collateral.len()), (8, 3));
    let (warm, cost) = caches.verify(&minted, true);
    assert_eq!((warm.unwrap().0, cost), (cold.0, 1));
    let (_, new) = caches.run(&minted);
    let (signatures, collateral) = new.unwrap();
    assert!(signatures.is_empty() && collateral.is_empty());
    // Another REPORTDATA, signed by the same attestation key.
    let mut further = minted.clone();
    further.quote[568..584].copy_from_slice(b"other sixteen!!!");
    let signature = machine.attestation_key.sign(Scheme::Ecdsa, &further.quote[..632]).unwrap();
    further.quote[636..700].copy_from_slice(&signature);
    let (result, cost) = caches.verify(&further, false);
    assert_eq!((result.map(|_| ()), cost), (Ok(()), 1));
}

#[test]
fn each_cache_serves_alone() {
    let minted = listed(&machine());
    let mut caches = Caches::of(&minted);
    caches.collateral = CollateralCache::new(100);
    assert_eq!(caches.verify(&minted, false).1, 1);
    let mut caches = Caches::of(&minted);
    caches.signatures = SignatureCache::new(100);
    assert_eq!(caches.verify(&minted, false).1, 7);
}

/// A bit of each byte of the documents with their signatures, and of every third of the quote: the caches change no result.
#[test]
fn one_other_bit_is_another_document() {
    let minted = listed(&machine());
    let mut caches = Caches::of(&minted);
    let mut none = Caches::new(0);
    let mut refused = 0;
    let mut compare = |changed: &Evidence, what: &str, at: usize| {
        let (with, without) = (caches.verify(changed, false).0, none.verify(changed, false).0);
        refused += usize::from(without.is_err());
        assert_eq!(with.map(|findings| findings.0), without.map(|findings| findings.0), "{what} {at}");
    };
    let flipped = |text: &str, at: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 1;
        String::from_utf8(bytes).unwrap()
    };
    for at in 0..minted.tcb_info.len() {
        let mut changed = minted.clone();
        changed.tcb_info = flipped(&minted.tcb_info, at);
        compare(&changed, "TCB info", at);
    }
    for at in 0..minted.qe_identity.len() {
        let mut changed = minted.clone();
        changed.qe_identity = flipped(&minted.qe_identity, at);
        compare(&changed, "QE identity", at);
    }
    for at in (0..minted.quote.len()).step_by(3) {
        let mut changed = minted.clone();
        changed.quote[at] ^= 1 << (at % 8);
        compare(&changed, "quote", at);
    }
    assert!(refused > 3000, "{refused}");
}

/// The same document under another certificate of the same key is verified anew; under another key it is refused.
#[test]
fn another_signer_is_not_cached() {
    let minted = listed(&machine());
    let mut caches = Caches::of(&minted);
    caches.signatures = SignatureCache::new(100);
    let other = machine().with(|one| one.tcb_signing.certificate.serial = vec![0x24]);
    let other = Evidence { certificates: other.evidence().certificates, ..minted.clone() };
    assert_eq!(caches.verify(&other, false).1, 9);
    let foreign = machine().with(|one| one.tcb_signing.key = Key::fresh(Kind::P256));
    let foreign = Evidence { certificates: foreign.evidence().certificates, ..minted };
    let error = caches.verify(&foreign, false).0.map(|_| ()).unwrap_err();
    assert!(matches!(error, Error::Document { problem: DocumentProblem::Signature, .. }), "{error}");
}

/// Dates, platform and revocation are checked although everything is cached.
#[test]
fn no_verdict_is_cached() {
    let minted = listed(&machine());
    let mut caches = Caches::of(&minted);
    let mut refused = |changed: Evidence| caches.verify(&changed, false).0.map(|_| ()).unwrap_err();
    // The lists are not current either at these times: without them the documents decide.
    for (at, class) in
        [(minted.at - 30 * 86_400, Class::Incomplete), (minted.at + YEAR / 2, Class::Incomplete)]
    {
        let error = refused(Evidence { at, crls: Vec::new(), ..minted.clone() });
        assert!(matches!(error, Error::Document { .. }), "{error}");
        assert_eq!(error.class(), class);
    }
    let error = refused(Evidence { at: minted.at - 2 * 86_400, ..minted.clone() });
    assert!(matches!(error, Error::RevocationList { .. }), "{error}");
    let serial = machine().pck.certificate.serial;
    let crls = listed(&machine().pck_ca_revokes(&serial)).crls;
    let error = refused(Evidence { crls, ..minted.clone() });
    assert!(matches!(error, Error::Chain { problem: Problem::Revoked, .. }), "{error}");
    let other = machine().with_sgx(|sgx| sgx.fmspc = [1, 2, 3, 4, 5, 6]);
    let mut changed = minted.clone();
    changed.quote.clone_from(&other.evidence().quote);
    let error = refused(changed);
    assert!(matches!(error, Error::Document { problem: DocumentProblem::Fmspc { .. }, .. }), "{error}");
}

#[test]
fn the_cache_is_bounded() {
    let (mut caches, mut none) = (Caches::new(4), Caches::new(0));
    for serial in 0..12 {
        let platform = machine()
            .with(|one| one.pck.certificate.serial = vec![0x30, serial])
            .with_tcb_info(|info| info.levels[0].advisories = vec![format!("INTEL-SA-{serial:05}")]);
        let minted = listed(&platform);
        caches.verify(&minted, true).0.unwrap();
        assert!(caches.collateral.len() <= 8, "{}", caches.collateral.len());
        assert!(caches.signatures.len() <= 4);
        // What was inserted last is found.
        assert!(caches.collateral.len() >= 2);
        none.verify(&minted, true).0.unwrap();
        assert!(none.collateral.is_empty());
    }
}
