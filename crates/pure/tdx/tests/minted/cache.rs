//! Verification with caches: fewer signatures, no parsing of known collateral, the same results.

use teeproof_core::Class;
use teeproof_mint::{Key, Kind, Scheme};
use teeproof_tdx::{CollateralCache, DocumentProblem, Error};
use teeproof_x509::{Problem, SignatureCache};

use crate::caches::{Caches, listed, machine};
use crate::support::{Checked, Evidence, YEAR};

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
