//! The registers that a certified key is bound to: exactly those that are named, with exactly the
//! values that were verified.

use std::collections::BTreeSet;

use teeproof_core::Class;
use teeproof_mint::azure::Vm;
use teeproof_tpm::{CertificationError as Error, Selection, checks};

use crate::certified_support::*;
use crate::support::*;

const SHA256: u16 = 0x000b;

/// Registers with 24 different values: register `i` holds `i + 1`.
fn distinct() -> Vm {
    let mut vm = vm();
    vm.pcrs = core::array::from_fn(|index| [u8::try_from(index).unwrap() + 1; 32]);
    vm.log = None;
    vm
}

fn value(index: u8) -> (u8, [u8; 32]) {
    (index, [index + 1; 32])
}

fn select(indices: &[u8]) -> Selection {
    Selection { bank: SHA256, bitmap: indices.iter().fold(0, |bitmap, index| bitmap | 1 << index) }
}

/// A genuine key with the policy that these registers of [`distinct`] have their values.
fn bound_to(indices: &[u8]) -> Certified {
    let registers: Vec<_> = indices.iter().map(|index| value(*index)).collect();
    bent(|key| key.area.policy = policy(&registers).to_vec())
}

#[track_caller]
fn refused(result: Result<(), Error>, expected: Error, class: Class) {
    is(result.expect_err("accepted"), expected, class);
}

#[test]
fn keys_bound_to_verified_registers_are_accepted() {
    let all: Vec<u8> = (0..24).collect();
    Bag::of(&distinct()).with_pcrs(|pcrs| {
        for indices in [&[0][..], &[7], &[23], &[0, 7, 16, 23], &[3, 4, 5], &all] {
            bound_to(indices).policy(pcrs, select(indices)).unwrap();
        }
    });
    // The quote may sign more, or just these.
    for quoted in [&[0, 7, 11][..], &[0, 7]] {
        Bag::of(&distinct().pcr_selection(quoted))
            .with_pcrs(|pcrs| bound_to(&[0, 7]).policy(pcrs, select(&[0, 7])).unwrap());
    }
}

#[test]
fn other_registers_are_refused() {
    Bag::of(&distinct()).with_pcrs(|pcrs| {
        let key = bound_to(&[0, 7]);
        key.policy(pcrs, select(&[0, 7])).expect("the control");
        for indices in [&[0][..], &[7], &[0, 7, 8], &[0, 8], &[1, 7], &[7, 23]] {
            refused(key.policy(pcrs, select(indices)), Error::Policy, Class::NotBound);
        }
    });
}

#[test]
fn other_values_are_refused() {
    for changed in [0, 7] {
        let mut vm = distinct();
        vm.pcrs[changed] = [0xee; 32];
        Bag::of(&vm).with_pcrs(|pcrs| {
            refused(bound_to(&[0, 7]).policy(pcrs, select(&[0, 7])), Error::Policy, Class::NotBound);
        });
    }
    // Two registers that hold each other's values.
    let mut vm = distinct();
    vm.pcrs.swap(0, 7);
    Bag::of(&vm).with_pcrs(|pcrs| {
        refused(bound_to(&[0, 7]).policy(pcrs, select(&[0, 7])), Error::Policy, Class::NotBound);
    });
    // One that the policy does not name may be anything.
    let mut vm = distinct();
    vm.pcrs[8] = [0xee; 32];
    Bag::of(&vm).with_pcrs(|pcrs| bound_to(&[0, 7]).policy(pcrs, select(&[0, 7])).unwrap());
}

#[test]
fn a_register_that_was_not_verified_is_named() {
    Bag::of(&distinct().pcr_selection(&[0, 7])).with_pcrs(|pcrs| {
        for (indices, missing) in [(&[0, 8][..], 8), (&[23], 23), (&[1, 2, 7], 1), (&[0, 7, 16, 22], 16)] {
            let error = Error::PcrUnverified(missing);
            refused(bound_to(indices).policy(pcrs, select(indices)), error, Class::Incomplete);
        }
        // A bare key of zeros: registers that were not verified are not taken for zero.
        let zeros = bent(|key| key.area.policy = policy(&[(8, [0; 32])]).to_vec());
        refused(zeros.policy(pcrs, select(&[8])), Error::PcrUnverified(8), Class::Incomplete);
    });
    // Registers that no TPM has.
    Bag::of(&distinct()).with_pcrs(|pcrs| {
        for index in [24, 25, 31] {
            let selection = Selection { bank: SHA256, bitmap: 1 << 7 | 1 << index };
            let error = Error::PcrUnverified(index);
            refused(bound_to(&[7]).policy(pcrs, selection), error, Class::Incomplete);
        }
    });
}

#[test]
fn selections_that_ask_nothing_are_refused() {
    Bag::of(&distinct()).with_pcrs(|pcrs| {
        let nothing = bent(|key| key.area.policy = policy(&[]).to_vec());
        refused(nothing.policy(pcrs, select(&[])), Error::NoPcr, Class::Unsupported);
        for bank in [0x0000, 0x0004, 0x000c, 0x000d, 0xffff] {
            let selection = Selection { bank, bitmap: 1 << 7 };
            refused(bound_to(&[7]).policy(pcrs, selection), Error::Bank(bank), Class::Unsupported);
        }
    });
}

#[test]
fn other_policies_are_refused() {
    let values = value(7).1;
    let digest = sha256(&[&values]);
    let list = [0, 0, 0, 1, 0, 0x0b, 3, 0x80, 0, 0];
    let command = |code: u32| code.to_be_bytes();
    let pcr = sha256(&[&[0; 32], &command(0x17f), &list, &digest]);
    assert_eq!(pcr, policy(&[value(7)]), "the control");
    let others = [
        // No policy ever holds; the session's own beginning.
        [0xff; 32],
        [0; 32],
        // The values in place of their digest.
        sha256(&[&[0; 32], &command(0x17f), &list, &values]),
        // Another command over the same: PolicyNV, PolicyDuplicationSelect.
        sha256(&[&[0; 32], &command(0x149), &list, &digest]),
        sha256(&[&[0; 32], &command(0x188), &list, &digest]),
        // Something before it, and something after it: PolicyCommandCode, PolicyOR with a way around.
        sha256(&[&sha256(&[&[0; 32], &command(0x16c), &command(0x159)]), &command(0x17f), &list, &digest]),
        sha256(&[&pcr, &command(0x16c), &command(0x159)]),
        sha256(&[&[0; 32], &command(0x171), &pcr, &[7; 32]]),
    ];
    Bag::of(&distinct()).with_pcrs(|pcrs| {
        for other in others {
            let key = bent(|key| key.area.policy = other.to_vec());
            refused(key.policy(pcrs, select(&[7])), Error::Policy, Class::NotBound);
        }
    });
}

/// Each check of a certified key fails with each class that it names, and with no other.
#[test]
fn every_check_fails_in_each_way() {
    let genuine = Statement::genuine().certified();
    let mut failures = vec![
        Certified { exponent: vec![3], ..genuine.clone() }.verify().unwrap_err(),
        Certified { message: b"another".to_vec(), ..genuine }.verify().unwrap_err(),
        Certified { signature: Vec::new(), ..Statement::genuine().certified() }.verify().unwrap_err(),
        bent(|key| key.magic = 0).verify().unwrap_err(),
        bent(|key| key.kind = 0x8018).verify().unwrap_err(),
        bent(|key| key.qualified_signer.clear()).verify().unwrap_err(),
        bent(|key| key.nonce.clear()).verify().unwrap_err(),
        bent(|key| key.name = Some(vec![0x80, 0xff, 0, 0])).verify().unwrap_err(),
        bent(|key| key.name = Some(Vec::new())).verify().unwrap_err(),
        bent(|key| key.area.kind = 0x0023).verify().unwrap_err(),
        bent(|key| key.area.kind = 0x7777).verify().unwrap_err(),
        bent(|key| key.area.exponent = 3).verify().unwrap_err(),
        bent(|key| key.area.attributes = 0).verify().unwrap_err(),
    ];
    Bag::of(&distinct().pcr_selection(&[0, 7])).with_pcrs(|pcrs| {
        for selection in [select(&[]), select(&[0]), select(&[8])] {
            failures.push(bound_to(&[0, 7]).policy(pcrs, selection).unwrap_err());
        }
    });
    let seen: BTreeSet<_> = failures.iter().map(|error| (error.check().id, error.class())).collect();
    let named = checks::CERTIFY.iter().flat_map(|check| check.classes.iter().map(|class| (check.id, *class)));
    assert_eq!(seen, named.collect());
}
