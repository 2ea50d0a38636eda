//! The claims' attestation key: exactly one, by its id, and usable for signatures.

use base64ct::{Base64UrlUnpadded, Encoding};
use teeproof_core::Class;
use teeproof_hcl::{AttestationKeyProblem, Error};
use teeproof_mint::azure::{Json, Object};
use teeproof_mint::{Key, Kind};

use crate::support::{Bag, refused, vm};

#[track_caller]
fn unfit(change: impl FnOnce(&mut Object), problem: AttestationKeyProblem) {
    refused(
        |vm| vm.with_claims(|claims| change(claims.key_mut("HCLAkPub").unwrap())),
        Error::Key(problem),
        Class::NotAuthentic,
    );
}

fn number(bytes: &[u8]) -> Json {
    Base64UrlUnpadded::encode_string(bytes).into()
}

#[test]
fn the_order_of_keys_and_members_does_not_matter() {
    let swapped = vm().with_claims(|claims| {
        claims.keys.reverse();
        claims.keys.iter_mut().for_each(Object::reverse);
        claims.configuration.reverse();
    });
    let seen = Bag::of(&swapped).verify().unwrap();
    assert_eq!(seen.claims.keys()[0].kid, "HCLEkPub");
    assert_eq!(seen.claims.ak().modulus, swapped.ak.modulus().unwrap());
    assert!(seen.quoted && seen.ak.is_some());
}

#[test]
fn exactly_one_by_its_name() {
    unfit(|key| key.set("kid", "HCLAkpub"), AttestationKeyProblem::Missing);
    unfit(|key| key.set("kid", ""), AttestationKeyProblem::Missing);
    for clone in [true, false] {
        refused(
            |vm| {
                vm.with_claims(|claims| {
                    let mut second = claims.keys[0].clone();
                    if !clone {
                        second.set("n", Json::Modulus(Key::shared("another AK", Kind::Rsa2048)));
                    }
                    claims.keys.push(second);
                })
            },
            Error::Key(AttestationKeyProblem::Several),
            Class::NotAuthentic,
        );
    }
    refused(
        |vm| vm.with_claims(|claims| claims.keys.clear()),
        Error::Key(AttestationKeyProblem::Missing),
        Class::NotAuthentic,
    );
    // The transfer key of requests is ignored.
    let transfer = vm().with_claims(|claims| {
        let mut key = claims.keys[1].clone();
        key.set("kid", "HCLTransferKey");
        claims.keys.insert(0, key);
    });
    assert_eq!(Bag::of(&transfer).verify().unwrap().claims.keys().len(), 3);
}

#[test]
fn a_key_that_could_not_be_created() {
    for modulus in [&[0; 256][..], &[0; 1], &[]] {
        for exponent in [&[0, 0, 0][..], &[0], &[], &[1, 0, 1]] {
            unfit(
                |key| {
                    key.set("n", number(modulus));
                    key.set("e", number(exponent));
                },
                AttestationKeyProblem::Zero,
            );
        }
    }
    assert!(Error::Key(AttestationKeyProblem::Zero).to_string().contains("all zeros"));
}

#[test]
fn exactly_2048_bits() {
    unfit(
        |key| key.set("n", Json::Modulus(Key::shared("large", Kind::Rsa3072))),
        AttestationKeyProblem::Size,
    );
    let modulus = vm().ak.modulus().unwrap();
    unfit(|key| key.set("n", number(&modulus[..255])), AttestationKeyProblem::Size);
    unfit(|key| key.set("n", number(&[&[0], modulus.as_slice()].concat())), AttestationKeyProblem::Size);
    unfit(|key| key.set("n", number(&[modulus.as_slice(), &[0]].concat())), AttestationKeyProblem::Size);
    let mut short = modulus.clone();
    short[0] &= 0x7f;
    unfit(|key| key.set("n", number(&short)), AttestationKeyProblem::Size);
}

#[test]
fn the_exponent_is_65537() {
    for exponent in [&[3][..], &[1], &[0, 1, 0, 1], &[1, 0, 1, 0], &[1, 0, 0, 1], &[]] {
        unfit(|key| key.set("e", number(exponent)), AttestationKeyProblem::Exponent);
    }
}

#[test]
fn the_kind_is_rsa() {
    for kind in ["EC", "rsa", ""] {
        unfit(|key| key.set("kty", kind), AttestationKeyProblem::Kind);
    }
    // key_ops is not checked: the oldest paravisors write it wrongly.
    let odd = vm().with_claims(|claims| claims.keys[0].set("key_ops", Json::Array(vec!["fly".into()])));
    Bag::of(&odd).verify().unwrap();
    // The endorsement key is not used, and not judged.
    let odd = vm().with_claims(|claims| claims.keys[1].set("n", number(&[0; 256])));
    Bag::of(&odd).verify().unwrap();
}
