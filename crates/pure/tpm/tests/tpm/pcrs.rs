//! The PCR values of a quote: only those that it signed, each under its own number.

use teeproof_core::Class;
use teeproof_mint::azure::{EventLog, Vm};
use teeproof_tpm::Error;

use crate::support::*;

/// Registers with 24 different values, and no log.
fn distinct() -> Vm {
    let mut vm = vm();
    vm.pcrs = core::array::from_fn(|index| [u8::try_from(index).unwrap() + 1; 32]);
    vm.log = None;
    vm
}

fn indexed(bag: &mut Bag) -> &mut [Option<[u8; 32]>; 24] {
    match &mut bag.pcrs {
        Values::Indexed(values) => values,
        Values::InOrder(_) => panic!("not indexed"),
    }
}

#[test]
fn any_two_registers_exchanged_are_refused() {
    let bag = Bag::of(&distinct());
    bag.verify().expect("the control");
    let mut exchanged = 0;
    for one in 0..24 {
        for other in one + 1..24 {
            let mut bag = bag.clone();
            indexed(&mut bag).swap(one, other);
            bag.refused(Error::PcrDigest, Class::NotBound);
            exchanged += 1;
        }
    }
    assert_eq!(exchanged, 276);
}

#[test]
fn a_missing_register_is_named() {
    let bag = Bag::of(&distinct());
    for index in 0..24 {
        let mut bag = bag.clone();
        indexed(&mut bag)[index] = None;
        bag.refused(Error::PcrMissing(u8::try_from(index).unwrap()), Class::Incomplete);
    }
}

#[test]
fn unsigned_registers_are_dropped() {
    let mut bag = Bag::of(&distinct().pcr_selection(&[0, 7]));
    let seen = bag.verify().unwrap();
    assert_eq!(seen.pcrs, [(0, [1; 32]), (7, [8; 32])]);
    indexed(&mut bag)[1] = Some([0xee; 32]);
    assert_eq!(bag.verify().unwrap(), seen);
    indexed(&mut bag)[1] = None;
    assert_eq!(bag.verify().unwrap(), seen);
    indexed(&mut bag)[7] = Some([0xee; 32]);
    bag.refused(Error::PcrDigest, Class::NotBound);
}

#[test]
fn bare_lists_are_exactly_as_long_as_the_selection() {
    let vm = distinct().pcr_selection(&[3, 5, 11]);
    let list: Vec<u8> = [[4; 32], [6; 32], [12; 32]].concat();
    let bag = |bytes: &[u8]| Bag { pcrs: Values::InOrder(bytes.to_vec()), ..Bag::of(&vm) };
    assert_eq!(bag(&list).verify().unwrap().pcrs, [(3, [4; 32]), (5, [6; 32]), (11, [12; 32])]);
    for length in [0, 1, 32, 64, 95] {
        let error = Error::PcrCount { expected_bytes: 96, found_bytes: length };
        bag(&list[..length]).refused(error, Class::Malformed);
    }
    for more in [1, 32, 24 * 32] {
        let error = Error::PcrCount { expected_bytes: 96, found_bytes: 96 + more };
        bag(&[&list[..], &vec![0; more]].concat()).refused(error, Class::Malformed);
    }
    let mut exchanged = list.clone();
    exchanged.rotate_left(32);
    bag(&exchanged).refused(Error::PcrDigest, Class::NotBound);
}

#[test]
fn another_digest_is_refused() {
    for digest in [vec![0; 32], Vec::new(), vec![0; 20], vec![0; 48]] {
        let vm = distinct().with_quote(|quote| quote.pcr_digest = Some(digest));
        Bag::of(&vm).refused(Error::PcrDigest, Class::NotBound);
    }
    // The right digest, cut and extended.
    let right = distinct().quote.digest_of(&distinct().pcrs);
    for digest in [right[..31].to_vec(), [&right[..], &[0]].concat()] {
        let vm = distinct().with_quote(|quote| quote.pcr_digest = Some(digest));
        Bag::of(&vm).refused(Error::PcrDigest, Class::NotBound);
    }
}

#[test]
fn another_machines_log_does_not_change_the_registers() {
    let vm = distinct();
    let log = EventLog::booted_securely().bytes().unwrap();
    let seen = Bag { log: Some(log), ..Bag::of(&vm) }.verify().unwrap();
    assert_eq!(seen.pcrs, Bag::of(&vm).verify().unwrap().pcrs);
    assert!(!seen.log.unwrap().explains_all);
}
