//! Further evidence of a verified VM.

use std::sync::atomic::{AtomicUsize, Ordering};

use teeproof_core::{BadSignature, Class, Crypto, Outcome, RsaKey, VerifyEcdsa, VerifyRsa};
use teeproof_hcl::{Error, verify_snp, verify_snp_again};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::Vm;
use teeproof_mint::x509::{Crl, Validity};

use crate::support::{AT, Bag, Findings, NONCE, vm};

/// Another question.
const NEXT: &[u8] = b"what the relying party asks next";

/// A machine's evidence, and the same machine's answer to another question.
fn two_of(vm: &Vm) -> [Bag; 2] {
    let first = Bag { nonce: Some(NONCE.to_vec()), ..Bag::of(&vm.clone().nonce(NONCE)) };
    let next = Bag::of(&vm.clone().nonce(NEXT));
    let next = Bag { quote: next.quote, nonce: Some(NEXT.to_vec()), ..first.clone() };
    [first, next]
}

/// Verifies the first whole and the next as further evidence of it, under a table that counts.
fn again(first: &Bag, next: &Bag) -> (Result<(), Error>, Findings, usize) {
    let (table, counter) = counting();
    let mut findings = Findings::default();
    let result = first.with_input(&teeproof_aws_lc::TABLE, |evidence, certificates, verification| {
        let known = verify_snp(evidence, certificates, verification, &mut ()).unwrap();
        next.with_input(&table, |evidence, certificates, verification| {
            let vm = verify_snp_again(&known, evidence, certificates, verification, &mut findings)?;
            assert_eq!(vm.claims(), known.claims());
            assert_eq!(vm.report().report().signed(), known.report().report().signed());
            assert_eq!(vm.is_production(), known.is_production());
            Ok(())
        })
    });
    (result, findings, counter.load(Ordering::Relaxed))
}

#[test]
fn a_further_quote_costs_one_signature_and_tells_every_check() {
    let [first, next] = two_of(&vm());
    let (result, findings, signatures) = again(&first, &next);
    assert_eq!((result, signatures), (Ok(()), 1));
    let summary = |findings: &Findings| -> Vec<_> {
        findings.0.iter().map(|finding| (finding.id, finding.outcome, finding.waived)).collect()
    };
    assert_eq!(summary(&findings), summary(&next.findings()));
    findings.assert_finding("snp.signature", Outcome::Pass, "already verified");
    findings.assert_finding("quote.nonce", Outcome::Pass, "extraData");
}

#[test]
fn an_old_quote_is_refused() {
    let [first, _] = two_of(&vm());
    let replay = Bag { nonce: Some(NEXT.to_vec()), ..first.clone() };
    assert_eq!(again(&first, &replay).0.unwrap_err().class(), Class::NotBound);
}

#[test]
fn every_bit_of_a_further_quote_counts() {
    let [first, next] = two_of(&vm());
    let (message, signature) = next.quote.clone().unwrap();
    for bit in (0..message.len() * 8).step_by(7) {
        let mut altered = message.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let altered = Bag { quote: Some((altered, signature.clone())), ..next.clone() };
        assert!(again(&first, &altered).0.is_err(), "bit {bit}");
    }
}

/// Of another machine everything is verified, and everything costs.
#[test]
fn another_report_is_verified_whole() {
    let [first, _] = two_of(&vm());
    let other = Bag { nonce: Some(NEXT.to_vec()), ..Bag::of(&vm().nonce(NEXT)) };
    assert_ne!(first.report, other.report);
    let (result, findings, signatures) = again(&first, &Bag { at: AT, ..other.clone() });
    assert_eq!(result, Ok(()));
    assert!(signatures > 3, "{signatures}");
    findings.assert_finding("snp.signature", Outcome::Pass, "ECDSA");
    let mut altered = other;
    altered.report[0x20 + 0x90] ^= 1;
    assert!(again(&first, &altered).0.is_err());
}

/// Time and trust are the later verification's.
#[test]
fn time_and_anchors_are_looked_at_again() {
    let [first, next] = two_of(&vm());
    let late = Bag { at: AT + 100 * 365 * 86_400, ..next.clone() };
    assert_eq!(again(&first, &late).0.unwrap_err().class(), Class::Incomplete);
    let [processor, vtpm] = [0, 1].map(|at| {
        let mut anchors = next.anchors.clone();
        anchors.remove(at);
        Bag { anchors, ..next.clone() }
    });
    assert_eq!(again(&first, &processor).0.unwrap_err().class(), Class::NotAuthentic);
    // The AK certificate is searched anew, and no longer verified.
    let (table, findings) = (teeproof_aws_lc::TABLE, &mut Findings::default());
    let ak = first.with_input(&table, |evidence, certificates, verification| {
        let known = verify_snp(evidence, certificates, verification, &mut ()).unwrap();
        vtpm.with_input(&table, |evidence, certificates, verification| {
            let vm = verify_snp_again(&known, evidence, certificates, verification, findings).unwrap();
            vm.ak_path().is_some()
        })
    });
    assert!(!ak);
    findings.assert_finding("ak.chain", Outcome::Warn, "is missing");
}

/// A certificate that was renewed meanwhile takes the place of the old one.
#[test]
fn a_renewed_ak_certificate_is_used() {
    let [first, next] = two_of(&vm());
    let year = 365 * 86_400;
    let later = vm().with_ak_chain(|chain| {
        let validity = Validity::new(DEFAULT_TIME, DEFAULT_TIME + 3 * year);
        chain.leaf.certificate.validity = validity;
    });
    let renewed = Bag::of(&later).certificates.remove(2);
    let mut with_renewed = Bag { at: AT + 2 * year as i64, ..next };
    with_renewed.certificates.push(renewed);
    for _ in 0..with_renewed.certificates.len() {
        with_renewed.certificates.rotate_left(1);
        let (result, findings, signatures) = again(&first, &with_renewed);
        assert_eq!(result, Ok(()));
        findings.assert_finding("ak.chain", Outcome::Pass, "ConfidentialVM");
        // The quote, the renewed certificate and its authority.
        assert_eq!(signatures, 3);
    }
}

/// An AK certificate that comes later is verified then.
#[test]
fn a_certificate_that_was_missing_may_come_later() {
    let [first, next] = two_of(&vm());
    let bare = Bag { certificates: first.certificates[..2].to_vec(), ..first.clone() };
    let (result, findings, signatures) = again(&bare, &next);
    assert_eq!(result, Ok(()));
    assert!(signatures > 1);
    findings.assert_finding("ak.key", Outcome::Pass, "HCLAkPub");
}

/// The fast table, counting signatures.
pub(crate) fn counting() -> (Crypto<'static>, &'static AtomicUsize) {
    let counter: &'static AtomicUsize = Box::leak(Box::default());
    let fast = teeproof_aws_lc::TABLE;
    let rsa = |table| -> &'static dyn VerifyRsa { Box::leak(Box::new(Rsa { table, counter })) };
    let crypto = Crypto {
        ecdsa_p384_sha384: Box::leak(Box::new(Ecdsa(counter))),
        rsa_pss_sha384: rsa(fast.rsa_pss_sha384),
        rsa_pkcs1_sha256: rsa(fast.rsa_pkcs1_sha256),
        rsa_pkcs1_sha384: rsa(fast.rsa_pkcs1_sha384),
        rsa_pkcs1_sha512: rsa(fast.rsa_pkcs1_sha512),
        ..fast
    };
    (crypto, counter)
}

struct Ecdsa(&'static AtomicUsize);

impl VerifyEcdsa for Ecdsa {
    fn verify(&self, key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        teeproof_aws_lc::TABLE.ecdsa_p384_sha384.verify(key, message, signature)
    }
}

struct Rsa {
    table: &'static dyn VerifyRsa,
    counter: &'static AtomicUsize,
}

impl VerifyRsa for Rsa {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        self.counter.fetch_add(1, Ordering::Relaxed);
        self.table.verify(key, message, signature)
    }
}

/// What the first verification would have said under these lists, the further one says as well, also where
/// no certificate comes along with the further quote.
#[test]
fn a_chain_that_was_revoked_since_is_refused() {
    let machine = vm();
    let [first, next] = two_of(&machine);
    let serial = &machine.ak_chain.leaf.certificate.serial;
    let revoked =
        Crl::new(0, 2 * DEFAULT_TIME).revoke(serial).sign(&machine.ak_chain.intermediates[0]).unwrap();
    let intermediate = &machine.machine.intermediate.certificate.serial;
    let processor = machine.machine.mint_crl(&[intermediate]).unwrap();
    for (list, check) in [(revoked, "ak.revocation"), (processor, "snp.revocation")] {
        for certificates in [next.certificates.clone(), vec![]] {
            let next = Bag { certificates, lists: Some(vec![list.clone()]), ..next.clone() };
            let error = again(&first, &next).0.unwrap_err();
            assert_eq!((error.class(), error.check().id), (Class::Incomplete, check), "{error}");
            assert!(error.to_string().contains("revoked"), "{error}");
            assert!(error.advice().unwrap().to_string().contains("revoked the certificate"));
        }
    }
}

/// The same of dates: the warning is that of the certificate that expired.
#[test]
fn an_ak_certificate_that_expired_since_is_named() {
    let [first, next] = two_of(&vm().with_ak_chain(|chain| {
        chain.leaf.certificate.validity = Validity::new(DEFAULT_TIME - 10, DEFAULT_TIME + 10);
    }));
    for certificates in [next.certificates.clone(), vec![]] {
        let next = Bag { certificates, at: AT + 11, ..next.clone() };
        let (result, findings, _) = again(&first, &next);
        assert_eq!(result, Ok(()));
        findings.assert_finding("ak.chain", Outcome::Warn, "expired: notAfter");
    }
}
