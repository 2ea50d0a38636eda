//! Revocation lists of the ARK.

use teeproof_core::{Class, Time};
use teeproof_mint::Kind;
use teeproof_mint::snp::{Machine, Product as Line};
use teeproof_mint::x509::{Crl, Extension, Oid, der};
use teeproof_snp::{Error, VekChainCertificate};
use teeproof_x509::Problem;

use crate::support::{AT, Bag, LINES, vcek, vlek};

/// The machine's evidence with these lists.
fn with(machine: &Machine, lists: &[&[u8]]) -> Bag {
    Bag { lists: Some(lists.iter().map(|list| list.to_vec()).collect()), ..Bag::of(machine) }
}

/// The machine's list, bent and signed.
fn list(machine: &Machine, bend: impl FnOnce(&mut Crl)) -> Vec<u8> {
    let mut list = machine.crl();
    bend(&mut list);
    list.sign(&machine.ark).unwrap()
}

const fn intermediate(problem: Problem) -> Error {
    Error::Chain { link: VekChainCertificate::Intermediate, problem }
}

#[test]
fn the_intermediate_is_looked_up() {
    for (line, _) in LINES {
        for machine in [vcek(line), vlek(line)] {
            let serial = machine.intermediate.certificate.serial.clone();
            let clean = machine.mint_crl(&[&[7], &[1, 0, 9]]).unwrap();
            with(&machine, &[&clean]).verify().unwrap();
            let revoked = machine.mint_crl(&[&[7], &serial, &[9]]).unwrap();
            for lists in [&[&revoked[..]][..], &[&clean, &revoked], &[&revoked, &clean]] {
                with(&machine, lists).refused(intermediate(Problem::Revoked), Class::Incomplete);
            }
        }
    }
}

/// Every VEK has serial number 0, so that it says nothing to find it on a list.
#[test]
fn the_serial_of_veks_is_not_looked_up() {
    let machine = vcek(Line::Milan);
    assert_eq!(machine.vek.certificate.serial, [0]);
    let list = machine.mint_crl(&[&[0]]).unwrap();
    with(&machine, &[&list]).verify().unwrap();
}

#[test]
fn an_asvks_list_is_the_same_roots() {
    // VCEK and VLEK machines of a line share the ARK's key, as AMD's do.
    let list = vcek(Line::Genoa).mint_crl(&[]).unwrap();
    with(&vlek(Line::Genoa), &[&list]).verify().unwrap();
}

#[test]
fn a_list_of_another_issuer_is_no_list() {
    let machine = vlek(Line::Milan);
    let other = vlek(Line::Turin).mint_crl(&[]).unwrap();
    let own = machine.mint_crl(&[]).unwrap();
    assert!(with(&machine, &[&other, &own]).verify().unwrap().revocation.covers(1));
    for lists in [&[][..], &[&other[..]]] {
        // The chain is not checked, which is a waiver, unless a list is required.
        let bag = with(&machine, lists);
        assert!(!bag.verify().unwrap().revocation.is_checked());
        let required = Bag { lists_required: true, ..bag };
        required.refused(intermediate(Problem::NoRevocationList), Class::Incomplete);
    }
    let required = Bag { lists_required: true, ..with(&machine, &[&own]) };
    assert!(required.verify().unwrap().revocation.covers(1));
}

/// A list of the ASK or ASVK is verified and honoured. All VEKs have serial number 0, so that an entry
/// of it withdraws all that this authority issued; a VEK with a serial number of its own is looked up.
#[test]
fn a_list_of_the_intermediate_is_used() {
    for machine in [vcek(Line::Milan), vlek(Line::Genoa)] {
        // AMD's intermediates may not sign lists: what stands in their name is no list of the chain.
        let list = Crl::new(0, 2 * AT as u64).sign(&machine.intermediate).unwrap();
        assert!(!with(&machine, &[&list]).verify().unwrap().revocation.is_checked());
        let may_sign = Extension::key_usage(0x06);
        let machine = machine.with_intermediate(|link| link.certificate.set_extension(may_sign));
        let signed = |serials: &[&[u8]]| {
            let list = Crl::new(0, 2 * AT as u64);
            let list = serials.iter().fold(list, |list, serial| list.revoke(serial));
            list.sign(&machine.intermediate).unwrap()
        };
        let root = machine.mint_crl(&[]).unwrap();
        let clean = signed(&[&[7], &[1, 0, 9]]);
        let seen = with(&machine, &[&root, &clean]).verify().unwrap();
        assert!(seen.revocation.is_complete());
        // Where the intermediate may not sign lists, the root's alone is complete.
        let usual = vcek(Line::Milan);
        let seen_usual = with(&usual, &[&usual.mint_crl(&[]).unwrap()]).verify().unwrap().revocation;
        assert!(seen_usual.is_complete() && !seen_usual.covers(2));
        // Alone, it does not look the intermediate up.
        let alone = with(&machine, &[&clean]);
        let seen = alone.verify().unwrap().revocation;
        assert!(seen.covers(2) && !seen.covers(1));
        let required = Bag { lists_required: true, ..alone };
        required.refused(intermediate(Problem::NoRevocationList), Class::Incomplete);

        let revoked = Error::Chain { link: VekChainCertificate::Vek, problem: Problem::Revoked };
        let all = signed(&[&[0]]);
        for lists in [&[&all[..]][..], &[&root, &all], &[&all, &root]] {
            with(&machine, lists).refused(revoked, Class::Incomplete);
        }
        let own = machine.clone().with_vek(|vek| vek.certificate.serial = vec![1, 0, 9]);
        with(&own, &[&clean]).refused(revoked, Class::Incomplete);
        // One that does not hold is refused as the root's is.
        let mut bent = clean;
        *bent.last_mut().unwrap() ^= 1;
        let error =
            Error::RevocationList { issuer: VekChainCertificate::Intermediate, problem: Problem::Signature };
        with(&machine, &[&root, &bent]).refused(error, Class::NotAuthentic);
    }
}

#[test]
fn a_list_holds_from_one_update_to_the_next() {
    let machine = vlek(Line::Milan);
    let at = AT as u64;
    let good = machine.mint_crl(&[]).unwrap();
    with(&machine, &[&good]).verify().unwrap();
    for (from, until) in [(at, at), (0, at), (at, at + 1)] {
        let list = list(&machine, |list| {
            list.this_update = from.into();
            list.next_update = Some(until.into());
        });
        with(&machine, &[&list]).verify().unwrap();
    }
    for (from, until, problem) in [
        (at - 10, at - 1, Problem::Expired { not_after: Time(AT - 1), at: Time(AT) }),
        (at + 1, at + 10, Problem::NotYetValid { not_before: Time(AT + 1), at: Time(AT) }),
    ] {
        let list = list(&machine, |list| {
            list.this_update = from.into();
            list.next_update = Some(until.into());
        });
        with(&machine, &[&list])
            .refused(Error::RevocationList { issuer: VekChainCertificate::Ark, problem }, Class::Incomplete);
        // With a current list of the same issuer it says nothing.
        for lists in [[&list[..], &good], [&good, &list]] {
            assert!(with(&machine, &lists).verify().unwrap().revocation.covers(1));
        }
    }
}

#[test]
fn forged_lists() {
    let machine = vlek(Line::Genoa);
    let impostor = machine.clone().authority_keys(Kind::Rsa3072);
    let good = machine.mint_crl(&[]).unwrap();
    // A list of another authority of this name names another key, and is as if it were absent.
    let other = impostor.mint_crl(&[]).unwrap();
    assert!(!with(&machine, &[&other]).verify().unwrap().revocation.is_checked());
    // A forged one does not.
    let mut forged = impostor.crl();
    forged.extensions.clear();
    let forged = forged.sign(&impostor.ark).unwrap();
    let error = Error::RevocationList { issuer: VekChainCertificate::Ark, problem: Problem::Signature };
    for lists in [&[&forged[..]][..], &[&good, &forged]] {
        with(&machine, lists).refused(error, Class::NotAuthentic);
    }
    // One bit of the signature.
    let mut bent = good;
    *bent.last_mut().unwrap() ^= 1;
    with(&machine, &[&bent]).refused(error, Class::NotAuthentic);
    // The intermediate's key in the root's name.
    let mut usurped = machine.crl();
    usurped.extensions.clear();
    let mut usurper = machine.ark.clone();
    usurper.key = machine.intermediate.key.clone();
    with(&machine, &[&usurped.sign(&usurper).unwrap()]).refused(error, Class::NotAuthentic);
}

#[test]
fn a_root_that_may_not_sign_lists() {
    let machine = vlek(Line::Milan).with_ark(|ark| ark.certificate.set_extension(Extension::key_usage(0x04)));
    Bag::of(&machine).verify().unwrap();
    let list = machine.mint_crl(&[]).unwrap();
    assert!(!with(&machine, &[&list]).verify().unwrap().revocation.is_checked());
    // There can be no list of it, so that none is required.
    for lists in [&[][..], &[&list[..]]] {
        let required = Bag { lists_required: true, ..with(&machine, lists) };
        assert!(!required.verify().unwrap().revocation.is_checked());
    }
}

#[test]
fn a_list_of_narrower_scope() {
    // issuingDistributionPoint and deltaCRLIndicator: such a list does not name all that is revoked.
    for number in [27, 28] {
        let narrower = Extension::new(Oid::new(&[2, 5, 29, number]), der::sequence(&[])).critical();
        let machine = vlek(Line::Milan);
        let list = list(&machine, |list| list.extensions.push(narrower));
        with(&machine, &[&list]).refused(
            Error::RevocationList { issuer: VekChainCertificate::Ark, problem: Problem::RevocationScope },
            Class::Incomplete,
        );
    }
}
