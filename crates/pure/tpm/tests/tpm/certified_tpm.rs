//! Keys that a real TPM made and certified: its own words for the name and for the policy. See
//! `testdata/tpm/README.md`.

use teeproof_core::Class;
use teeproof_tpm::{
    CertificationError as Error, CertifiedKeyProblem, ObjectAttributes, Selection, VerifiedPcrs,
};

use crate::certified_support::*;
use crate::support::*;

/// What tpm2_certify has keys certified for.
const CERTIFIED_FOR: [u8; 4] = [0x00, 0xff, 0x55, 0xaa];

fn recording(name: &str) -> Certified {
    let part = |part: &str| testdata(&format!("tpm/certified-{name}.{part}"));
    Certified {
        message: part("msg"),
        signature: part("sig"),
        public: part("pub"),
        modulus: modulus(&testdata("tpm/certified-ak.der")),
        exponent: vec![1, 0, 1],
        nonce: Some(CERTIFIED_FOR.to_vec()),
    }
}

/// The registers 0, 7, 16 and 23, as the same TPM quoted them.
fn with_pcrs<T>(then: impl FnOnce(&VerifiedPcrs) -> T) -> T {
    let quote = Bag {
        message: testdata("tpm/certified-quote.msg"),
        signature: testdata("tpm/certified-quote.sig"),
        modulus: modulus(&testdata("tpm/certified-ak.der")),
        exponent: vec![1, 0, 1],
        pcrs: Values::InOrder(testdata("tpm/certified-pcrs.bin")),
        log: None,
        nonce: Some(b"what is the state".to_vec()),
    };
    quote.with_pcrs(then)
}

fn select(bitmap: u32) -> Selection {
    Selection { bank: 0x000b, bitmap }
}

#[test]
fn keys_of_a_tpm_are_accepted() {
    for (name, forms) in [("key", (256, 310)), ("oaep", (262, 2 + 312))] {
        let key = recording(name);
        assert_eq!((key.signature.len(), key.public.len()), forms);
        let seen = key.verify().unwrap();
        assert_eq!((seen.nonce.as_slice(), seen.attributes), (&CERTIFIED_FOR[..], ATTRIBUTES));
        assert_eq!(seen.policy, testdata("tpm/certified-policy.bin"));
        with_pcrs(|pcrs| key.policy(pcrs, select(1 << 7 | 1 << 16)).unwrap());
    }
    assert_ne!(recording("key").verify().unwrap().modulus, recording("oaep").verify().unwrap().modulus);
}

#[test]
fn the_policy_is_of_two_registers_and_no_others() {
    let key = recording("key");
    with_pcrs(|pcrs| {
        for bitmap in [1 << 7, 1 << 16, 1 << 7 | 1 << 23, 1 | 1 << 16, 1 | 1 << 7 | 1 << 16] {
            is(key.policy(pcrs, select(bitmap)).unwrap_err(), Error::Policy, Class::NotBound);
        }
        let error = key.policy(pcrs, select(1 << 7 | 1 << 15)).unwrap_err();
        is(error, Error::PcrUnverified(15), Class::Incomplete);
    });
}

#[test]
fn a_key_that_a_password_opens_is_refused() {
    let problem = CertifiedKeyProblem::Has(ObjectAttributes::USER_WITH_AUTH);
    recording("password").refused(Error::Key(problem), Class::NotBound);
}

#[test]
fn parts_of_different_keys_do_not_belong_together() {
    let names = ["key", "oaep", "password"];
    for one in names {
        for other in names.into_iter().filter(|other| *other != one) {
            let (one, other) = (recording(one), recording(other));
            Certified { public: other.public, ..one.clone() }.refused(Error::Name, Class::NotBound);
            Certified { signature: other.signature, ..one }.refused(Error::Signature, Class::NotAuthentic);
        }
    }
    // The attestation key of other recordings.
    let modulus = modulus(&testdata("tpm/ak.der"));
    Certified { modulus, ..recording("key") }.refused(Error::Signature, Class::NotAuthentic);
    let nonce = Some(CERTIFIED_FOR[..3].to_vec());
    Certified { nonce, ..recording("key") }.refused(Error::Nonce, Class::NotBound);
    Certified { nonce: None, ..recording("key") }.verify().expect("a waiver");
}
