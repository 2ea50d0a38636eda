//! Further evidence of a machine that was verified before.

use std::sync::atomic::{AtomicUsize, Ordering};

use teeproof_core::{BadSignature, Class, Crypto, Outcome, RsaKey, VerifyEcdsa, VerifyRsa};
use teeproof_hcl::{Error, verify_snp, verify_snp_again};
use teeproof_mint::azure::Vm;

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
    let result = first.asked(&teeproof_aws_lc::TABLE, |evidence, certificates, verification| {
        let known = verify_snp(evidence, certificates, verification, &mut ()).unwrap();
        next.asked(&table, |evidence, certificates, verification| {
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
    let told = |findings: &Findings| -> Vec<_> {
        findings.0.iter().map(|told| (told.id, told.outcome, told.waived)).collect()
    };
    assert_eq!(told(&findings), told(&next.findings()));
    findings.told("snp.signature", Outcome::Pass, "as before");
    findings.told("quote.nonce", Outcome::Pass, "extraData");
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
    findings.told("snp.signature", Outcome::Pass, "ECDSA");
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
    for dropped in 0..2 {
        let mut anchors = next.anchors.clone();
        anchors.remove(dropped);
        let distrusted = Bag { anchors, ..next.clone() };
        assert_eq!(again(&first, &distrusted).0.unwrap_err().class(), Class::NotAuthentic, "{dropped}");
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
    findings.told("ak.key", Outcome::Pass, "HCLAkPub");
}

/// The fast table, counting signatures.
fn counting() -> (Crypto<'static>, &'static AtomicUsize) {
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
