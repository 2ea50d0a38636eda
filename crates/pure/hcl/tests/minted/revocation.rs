//! Revocation lists of the AK chain's authorities and of AMD's.

use teeproof_core::{Class, Outcome, Time};
use teeproof_hcl::Error;
use teeproof_mint::DEFAULT_TIME;
use teeproof_mint::azure::{AkChain, Vm};
use teeproof_mint::x509::{Crl, Link};
use teeproof_x509::Problem;

use crate::support::{AT, Bag, vm};

/// Two authorities between root and leaf.
fn cloud() -> Vm {
    vm().with_ak_chain(|chain| *chain = AkChain::cloud(&chain.leaf.key, DEFAULT_TIME))
}

fn list(signer: &Link, revoked: &[&[u8]]) -> Vec<u8> {
    let list = Crl::new(0, 2 * DEFAULT_TIME);
    revoked.iter().fold(list, |list, serial| list.revoke(serial)).sign(signer).unwrap()
}

fn with(vm: &Vm, lists: Vec<Vec<u8>>) -> Bag {
    Bag { lists: Some(lists), ..Bag::of(vm) }
}

/// The chain from the root to the leaf.
fn links(vm: &Vm) -> Vec<Link> {
    let chain = &vm.ak_chain;
    let intermediates = chain.intermediates.iter().cloned();
    std::iter::once(chain.root.clone()).chain(intermediates).chain([chain.leaf.clone()]).collect()
}

#[test]
fn every_link_of_the_ak_chain_is_looked_up() {
    let vm = cloud();
    let links = links(&vm);
    for (issuer, pair) in links.windows(2).enumerate() {
        let [signer, issued] = pair else { panic!("a pair") };
        let clean = with(&vm, vec![list(signer, &[&[9]])]).verify().unwrap();
        let link = issuer + 1;
        // One list of three: a warning names the certificates that were not looked up.
        clean.findings.assert_finding(
            "ak.revocation",
            Outcome::Warn,
            &format!("of its issuer: certificate {link};"),
        );
        for other in (1..=3).filter(|other| *other != link) {
            let unchecked = clean.findings.of("ak.revocation").because.clone();
            let (_, unchecked) = unchecked.split_once(';').unwrap();
            assert!(unchecked.contains(&format!("certificate {other}")), "{unchecked}");
        }
        let revoked = list(signer, &[&[9], &issued.certificate.serial]);
        let error = Error::AkChain { link, problem: Problem::Revoked };
        let others = links.iter().take(3).map(|signer| list(signer, &[]));
        for lists in [vec![revoked.clone()], others.chain([revoked.clone()]).collect()] {
            let mut bag = with(&vm, lists);
            bag.refused(error, Class::Incomplete);
            bag.lists.as_mut().unwrap().reverse();
            bag.refused(error, Class::Incomplete);
        }
    }
    let complete = links.iter().take(3).map(|signer| list(signer, &[])).collect();
    let seen = with(&vm, complete).verify().unwrap();
    seen.findings.assert_finding("ak.revocation", Outcome::Pass, "every certificate");
}

#[test]
fn each_chain_for_which_no_list_came_is_a_waiver() {
    let vm = vm();
    let amd = vm.machine.mint_crl(&[]).unwrap();
    let azure = list(&vm.ak_chain.root, &[]);
    for (lists, snp, ak) in [
        (vec![amd.clone()], Outcome::Pass, Outcome::Skip),
        (vec![azure.clone()], Outcome::Skip, Outcome::Warn),
        (vec![amd.clone(), azure.clone()], Outcome::Pass, Outcome::Warn),
        (vec![amd, azure, list(&vm.ak_chain.intermediates[0], &[])], Outcome::Pass, Outcome::Pass),
        (vec![], Outcome::Skip, Outcome::Skip),
    ] {
        let seen = with(&vm, lists).verify().unwrap();
        for (id, outcome) in [("snp.revocation", snp), ("ak.revocation", ak)] {
            let finding = seen.findings.of(id);
            assert_eq!((finding.outcome, finding.waived), (outcome, outcome == Outcome::Skip), "{finding:?}");
        }
    }
}

/// The certificate that was renewed takes the place of one that was revoked.
#[test]
fn a_revoked_certificate_beside_a_renewed_one() {
    let vm = vm();
    let renewed = vm.clone().with_ak_chain(|chain| chain.leaf.certificate.serial = vec![0x22; 16]);
    let renewed = Bag::of(&renewed).certificates.remove(2);
    let revoked = list(&vm.ak_chain.intermediates[0], &[&vm.ak_chain.leaf.certificate.serial]);
    let mut bag = with(&vm, vec![revoked]);
    bag.refused(Error::AkChain { link: 2, problem: Problem::Revoked }, Class::Incomplete);
    bag.certificates.push(renewed);
    for _ in 0..bag.certificates.len() {
        bag.certificates.rotate_left(1);
        assert_eq!(bag.verify().unwrap().ak, Some(false));
    }
}

#[test]
fn lists_that_do_not_hold_are_refused() {
    let vm = vm();
    let mut bent = list(&vm.ak_chain.root, &[]);
    *bent.last_mut().unwrap() ^= 1;
    let error = Error::AkRevocationList { issuer: 0, problem: Problem::Signature };
    with(&vm, vec![bent]).refused(error, Class::NotAuthentic);
    let mut old = Crl::new(0, DEFAULT_TIME - 1);
    old.extensions.clear();
    let old = old.sign(&vm.ak_chain.intermediates[0]).unwrap();
    let problem = Problem::Expired { not_after: Time(AT - 1), at: Time(AT) };
    with(&vm, vec![old]).refused(Error::AkRevocationList { issuer: 1, problem }, Class::Incomplete);
}
