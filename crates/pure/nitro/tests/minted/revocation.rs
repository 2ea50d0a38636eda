//! Revocation lists of the authorities of a document's chain.

use teeproof_core::{Class, Time};
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::nitro::Enclave;
use teeproof_mint::x509::{Crl, Extension, Link as MintLink};
use teeproof_nitro::{CertificateIndex, Error};
use teeproof_x509::Problem;

use crate::support::{Bag, Expected};

fn list(signer: &MintLink, revoked: &[&[u8]]) -> Vec<u8> {
    let list = Crl::new(0, 2 * DEFAULT_TIME);
    revoked.iter().fold(list, |list, serial| list.revoke(serial)).sign(signer).unwrap()
}

#[test]
fn every_link_is_looked_up() {
    // The instance's authority may not sign lists; here it may.
    let may_sign = Extension::key_usage(0x06);
    let enclave = Enclave::new().with_chain(|chain| chain[3].certificate.set_extension(may_sign));
    let clean: Vec<_> = enclave.chain[..4].iter().map(|signer| list(signer, &[&[9]])).collect();
    Bag { lists: Some(clean.clone()), ..Bag::of(&enclave) }.verify().unwrap();
    for (issuer, pair) in enclave.chain.windows(2).enumerate() {
        let [signer, issued] = pair else { panic!("a pair") };
        let revoked = list(signer, &[&[9], &issued.certificate.serial]);
        for lists in [vec![revoked.clone()], [vec![revoked.clone()], clean.clone()].concat()] {
            let bag = Bag { lists: Some(lists), ..Bag::of(&enclave) };
            bag.refused(Expected::Chain(issuer + 1, Problem::Revoked));
        }
        let mut bent = list(signer, &[]);
        *bent.last_mut().unwrap() ^= 1;
        let error = Error::RevocationList { issuer: CertificateIndex(issuer), problem: Problem::Signature };
        let bag = Bag { lists: Some(vec![bent]), ..Bag::of(&enclave) };
        bag.refused(Expected::Exactly(error, Class::NotAuthentic));
    }
}

#[test]
fn an_authority_that_may_not_sign_lists() {
    let enclave = Enclave::new();
    // What stands in its name is no list of the chain, and revokes nothing.
    let serial = &enclave.chain[4].certificate.serial;
    for named in [&[][..], &[&serial[..]]] {
        Bag { lists: Some(vec![list(&enclave.chain[3], named)]), ..Bag::of(&enclave) }.verify().unwrap();
    }
}

#[test]
fn lists_of_others_are_no_lists_of_the_chain() {
    let stranger = Enclave::new().with_own_authorities();
    let lists = vec![list(&stranger.chain[0], &[&Enclave::new().chain[1].certificate.serial])];
    Bag { lists: Some(lists), ..Bag::of(&Enclave::new()) }.verify().unwrap();
}

/// The instance's authority signs no lists, so none of it is required; one of each other authority is.
#[test]
fn lists_are_demanded_of_issuers_that_sign_them() {
    let enclave = Enclave::new();
    let lists: Vec<_> = enclave.chain[..3].iter().map(|signer| list(signer, &[])).collect();
    let with = |lists: Vec<Vec<u8>>| Bag { lists: Some(lists), lists_required: true, ..Bag::of(&enclave) };
    with(lists.clone()).verify().unwrap();
    for missing in 0..3 {
        let mut lists = lists.clone();
        lists.remove(missing);
        with(lists).refused(Expected::Chain(missing + 1, Problem::NoRevocationList));
    }
}

/// A list that is missing is given, one that is not current is replaced; none is left out.
#[test]
fn hints_on_lists() {
    let at = CertificateIndex(1);
    let (expired, not_yet) = (
        Problem::Expired { not_after: Time(1), at: Time(2) },
        Problem::NotYetValid { not_before: Time(2), at: Time(1) },
    );
    for (error, says) in [
        (Error::Chain { link: at, problem: Problem::NoRevocationList }, "Give the issuer's CRL."),
        (Error::Chain { link: at, problem: Problem::Revoked }, "Do not rely on this document"),
        (Error::RevocationList { issuer: at, problem: expired }, "Replace the issuer's CRL by a current one"),
        (Error::RevocationList { issuer: at, problem: not_yet }, "Replace the issuer's CRL by a current one"),
        (Error::RevocationList { issuer: at, problem: Problem::Signature }, "one that its issuer signed"),
    ] {
        let advice = error.advice().unwrap();
        assert!(advice.contains(says), "{error}: {advice}");
    }
}
