//! Altered evidence of a machine on TDX: single bits, and parts of two machines in any combination.

use std::sync::LazyLock;

use proptest::prelude::*;
use teeproof_core::Class;
use teeproof_mint::{Key, Kind};

use crate::support::{Bag, td_vm};

static GENUINE: LazyLock<Bag> = LazyLock::new(|| Bag::of(&td_vm()));
static OTHER: LazyLock<Bag> = LazyLock::new(|| {
    let vm = td_vm().attestation_key(Key::shared("another AK", Kind::Rsa2048));
    Bag::of(&vm.pcr_selection(&[0, 1, 2, 3, 7]))
});

fn class(bag: &Bag) -> Option<Class> {
    bag.with(&teeproof_aws_lc::TABLE, &mut (), |result| result.err().map(|error| error.class()))
}

/// The fields of a TDREPORT that no quote has, because they are for the same processor: CPUSVN and MAC.
fn is_for_the_processor(at: usize) -> bool {
    let of_report = at.checked_sub(0x20);
    of_report.is_some_and(|at| (16..32).contains(&at) || (224..256).contains(&at))
}

#[test]
fn no_bit_of_the_report_can_be_turned() {
    assert_eq!(class(&GENUINE), None);
    for at in 0..GENUINE.report.len() {
        // One bit of each byte, each of the eight in turn.
        let mut bag = GENUINE.clone();
        bag.report[at] ^= 1 << (at % 8);
        assert_eq!(class(&bag).is_none(), is_for_the_processor(at), "{at:#x}");
    }
}

#[test]
fn no_signed_bit_of_the_td_quote_can_be_turned() {
    // Header and body of version 4.
    for at in 0..632 {
        for bit in 0..8 {
            let mut bag = GENUINE.clone();
            bag.td_quote.as_mut().unwrap()[at] ^= 1 << bit;
            assert!(class(&bag).is_some(), "{at} {bit}");
        }
    }
}

#[test]
fn no_bit_of_the_vtpms_quote_can_be_turned() {
    let (message, signature) = GENUINE.quote.clone().unwrap();
    for bit in (0..message.len() * 8).step_by(7) {
        let mut altered = message.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(
            class(&Bag { quote: Some((altered, signature.clone())), ..GENUINE.clone() }).is_some(),
            "{bit}"
        );
    }
    for bit in (0..signature.len() * 8).step_by(13) {
        let mut altered = signature.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(
            class(&Bag { quote: Some((message.clone(), altered)), ..GENUINE.clone() }).is_some(),
            "{bit}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Parts of two machines are accepted only where all of them are of one.
    #[test]
    fn parts_of_two_machines_never_mix(report: bool, td_quote: bool, quote: bool, pcrs: bool) {
        let of = |other: bool| if other { &*OTHER } else { &*GENUINE };
        let bag = Bag {
            report: of(report).report.clone(),
            td_quote: of(td_quote).td_quote.clone(),
            quote: of(quote).quote.clone(),
            pcrs: of(pcrs).pcrs,
            ..GENUINE.clone()
        };
        // Both have the same PCR values, of which they quote different ones.
        let one = report == td_quote && td_quote == quote;
        prop_assert_eq!(class(&bag).is_none(), one);
    }

    /// Bytes overwritten anywhere are never accepted, unless no signature is over them.
    #[test]
    fn overwritten_bytes_are_refused(
        at in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let mut bag = GENUINE.clone();
        let start = at.index(bag.report.len());
        let mut altered = false;
        for (place, byte) in (start..bag.report.len()).zip(bytes) {
            altered |= bag.report[place] != byte && !is_for_the_processor(place);
            bag.report[place] = byte;
        }
        prop_assert_eq!(class(&bag).is_some(), altered);
    }

    /// A quote cut anywhere, or of random bytes, is an error with a class.
    #[test]
    fn cut_quotes_are_refused(at in any::<prop::sample::Index>(), random in prop::collection::vec(any::<u8>(), 0..2000)) {
        let whole = GENUINE.td_quote.as_ref().unwrap();
        // The bytes after the quote are not part of it.
        let cut = at.index(whole.len() - 80);
        let bag = Bag { td_quote: Some(whole[..cut].to_vec()), ..GENUINE.clone() };
        prop_assert_eq!(class(&bag), Some(Class::Malformed));
        let bag = Bag { td_quote: Some(random), ..GENUINE.clone() };
        prop_assert!(class(&bag).is_some());
    }
}
