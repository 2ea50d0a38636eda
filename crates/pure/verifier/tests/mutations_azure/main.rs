//! A minted Azure machine on SEV-SNP with every bit of its evidence flipped, each file cut at every
//! length and extended by a byte: nothing is accepted with other claims than before, and everything
//! that is accepted is named here.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]
#![cfg(feature = "policy-file")]

#[path = "../support/code.rs"]
mod code;
mod log;
mod machine;
#[path = "../support/mod.rs"]
mod support;

use machine::{AK, BEFORE, MACHINE, Machine, Seen, Values, vm};
use support::{Counts, every_bit, report};
use teeproof::Verdict;
use teeproof_wire::hcl::HclReport;

/// Cuts a file at every length, and counts what `verify` answers.
fn every_length(bytes: &[u8], verify: impl Fn(&[u8]) -> u8) -> Counts {
    let mut counts = Counts::new();
    for length in 0..bytes.len() {
        *counts.entry(verify(&bytes[..length])).or_default() += 1;
    }
    counts
}

/// Puts every byte before and after a file, and counts what `verify` answers; its second
/// argument is the byte where it is at the end.
fn every_extension(bytes: &[u8], verify: impl Fn(&[u8], Option<u8>) -> u8) -> Counts {
    let mut counts = Counts::new();
    for byte in 0..=u8::MAX {
        *counts.entry(verify(&[bytes, &[byte]].concat(), Some(byte))).or_default() += 1;
        *counts.entry(verify(&[&[byte], bytes].concat(), None)).or_default() += 1;
    }
    counts
}

#[test]
fn every_bit_of_the_report_counts() {
    let counts = every_bit(&MACHINE.report, |altered, bit| {
        let seen = MACHINE.with(|machine| machine.report = altered.to_vec()).verify();
        seen.is_not_authentic(&|| format!("bit {bit} of the report"))
    });
    report("azure, HCL report", "bits flipped", &counts);
    assert_eq!(counts.values().sum::<usize>(), MACHINE.report.len() * 8);
}

#[test]
fn every_bit_of_the_quote_counts() {
    let counts = every_bit(&MACHINE.message, |altered, bit| {
        let seen = MACHINE.with(|machine| machine.message = altered.to_vec()).verify();
        seen.is_not_authentic(&|| format!("bit {bit} of the message"))
    });
    report("azure, quote", "bits of the message flipped", &counts);
    assert_eq!(counts, Counts::from([(4, MACHINE.message.len() * 8)]));
    let counts = every_bit(&MACHINE.signature, |altered, bit| {
        let seen = MACHINE.with(|machine| machine.signature = altered.to_vec()).verify();
        seen.is_not_authentic(&|| format!("bit {bit} of the signature"))
    });
    report("azure, quote", "bits of the signature flipped", &counts);
    assert_eq!(counts, Counts::from([(4, MACHINE.signature.len() * 8)]));
}

/// The mint gives each value with its register.
fn values(machine: &Machine) -> [[u8; 32]; 24] {
    match &machine.pcrs {
        Values::Indexed(values) => **values,
        Values::InOrder(_) => panic!("values without registers"),
    }
}

#[test]
fn every_bit_of_a_quoted_register_counts() {
    let bytes = values(&MACHINE).concat();
    let counts = every_bit(&bytes, |altered, bit| {
        let indexed = Values::Indexed(Box::new(altered.as_chunks().0.try_into().unwrap()));
        let of = |pcrs: Values| MACHINE.with(|machine| machine.pcrs = pcrs).verify();
        let exit = of(indexed).is_not_authentic(&|| format!("bit {bit} of the registers"));
        assert_eq!(of(Values::InOrder(altered.to_vec())).exit, exit);
        exit
    });
    report("azure, registers", "bits flipped", &counts);
    assert_eq!(counts, Counts::from([(5, 24 * 256)]));
}

/// Registers that the quote does not sign are no facts, whatever comes for them.
#[test]
fn registers_that_were_not_quoted_do_not_count() {
    let machine = Machine::of(&vm().pcr_selection(&[0, 1, 2, 3, 4, 5, 6, 7]));
    let before = machine.verify();
    assert_eq!(before.verdict, Verdict::Accepted);
    assert!(before.claims.iter().any(|(name, _)| name == "pcr7"));
    assert!(before.claims.iter().all(|(name, _)| name != "pcr8"));
    let counts = every_bit(&values(&machine).concat(), |altered, bit| {
        let pcrs = Values::Indexed(Box::new(altered.as_chunks().0.try_into().unwrap()));
        let seen = machine.with(|machine| machine.pcrs = pcrs).verify();
        if bit < 8 * 256 {
            return seen.is_not_authentic(&|| format!("bit {bit} of the registers"));
        }
        assert_eq!(seen, before, "bit {bit}");
        seen.exit
    });
    report("azure, 8 of 24 registers quoted", "bits flipped", &counts);
    assert_eq!(counts, Counts::from([(5, 8 * 256), (0, 16 * 256)]));
}

#[test]
fn swapped_registers_are_refused() {
    let values = values(&MACHINE);
    let (mut swapped, mut counts) = (0, Counts::new());
    for first in 0..24 {
        for second in first + 1..24 {
            let mut altered = values;
            altered.swap(first, second);
            let indexed = MACHINE.with(|machine| machine.pcrs = Values::Indexed(Box::new(altered))).verify();
            let in_order = MACHINE.with(|machine| machine.pcrs = Values::InOrder(altered.concat())).verify();
            assert_eq!(indexed, in_order);
            if values[first] == values[second] {
                assert_eq!(indexed, *BEFORE);
            } else {
                indexed.is_not_authentic(&|| format!("registers {first} and {second} swapped"));
            }
            *counts.entry(indexed.exit).or_default() += 1;
            swapped += 1;
        }
    }
    report("azure, registers", "pairs swapped; accepted are those of equal value", &counts);
    assert_eq!(swapped, 276);
    // What was not extended is all zeros (10, 12, 13, 15, 16, 23) or all ones (17 to 22), and into 2
    // and 3 the same was measured: a separator.
    let pairs = |all: usize| all * (all - 1) / 2;
    assert_eq!(counts[&0], pairs(6) + pairs(6) + pairs(2));
}

/// Without its certificate an attestation key is still the one of the claims: such evidence is
/// authentic, says that there is no certificate, and is refused by a policy that demands one.
#[test]
fn every_bit_of_the_ak_certificates_counts() {
    for (at, name) in [(AK, "AK certificate"), (AK + 1, "its intermediate")] {
        let counts = every_bit(&MACHINE.certificates[at], |altered, bit| {
            let seen = MACHINE.with(|machine| machine.certificates[at] = altered.to_vec()).verify();
            let exit = seen.is_refused_without("ak_certificate", "absent", &|| format!("{name}, bit {bit}"));
            assert_eq!(seen.authentic, exit == 6, "{name}, bit {bit}: {seen:?}");
            exit
        });
        report(&format!("azure, {name}"), "bits flipped", &counts);
        assert_eq!(counts.values().sum::<usize>(), MACHINE.certificates[at].len() * 8);
        assert!(counts[&4] > 0 && counts[&3] > 0, "{counts:?}");
    }
}

#[test]
fn every_length_counts() {
    // The NV index is longer than the report in it; the rest is zeros.
    let content = MACHINE.report.len() - HclReport::parse(&MACHINE.report).unwrap().padding_bytes();
    let counts = every_length(&MACHINE.report, |cut| {
        let seen = MACHINE.with(|machine| machine.report = cut.to_vec()).verify();
        match cut.len() >= content {
            true => assert_eq!(seen, *BEFORE),
            false => assert_eq!(seen, Seen::malformed(), "cut to {}", cut.len()),
        }
        seen.exit
    });
    report("azure, HCL report", "lengths; accepted are those that only lack zeros at the end", &counts);
    assert_eq!(counts[&3], content);
    let cut = |what: &str, bytes: &[u8], alter: fn(&mut Machine, &[u8])| {
        let counts = every_length(bytes, |cut| {
            let seen = MACHINE.with(|machine| alter(machine, cut)).verify();
            seen.is_not_authentic(&|| format!("{what} cut to {}", cut.len()))
        });
        report(&format!("azure, {what}"), "lengths", &counts);
    };
    cut("message", &MACHINE.message, |machine, cut| machine.message = cut.to_vec());
    cut("signature", &MACHINE.signature, |machine, cut| machine.signature = cut.to_vec());
    cut("registers", &values(&MACHINE).concat(), |machine, cut| machine.pcrs = Values::InOrder(cut.to_vec()));
    cut("AK certificate", &MACHINE.certificates[AK], |machine, cut| machine.certificates[AK] = cut.to_vec());
}

#[test]
fn every_extension_counts() {
    let counts = every_extension(&MACHINE.report, |altered, end| {
        let seen = MACHINE.with(|machine| machine.report = altered.to_vec()).verify();
        match end {
            Some(0) => assert_eq!(seen, *BEFORE),
            _ => assert_eq!(seen, Seen::malformed()),
        }
        seen.exit
    });
    report("azure, HCL report", "extensions by a byte; a zero at the end is padding", &counts);
    assert_eq!(counts, Counts::from([(0, 1), (3, 511)]));
    let counts = every_extension(&MACHINE.log, |altered, end| {
        let seen = MACHINE.with(|machine| machine.log = altered.to_vec()).verify();
        match end {
            Some(0 | 0xff) => assert_eq!(seen, *BEFORE),
            _ => assert_eq!(seen, Seen::malformed()),
        }
        seen.exit
    });
    report("azure, event log", "extensions by a byte; 00 and ff at the end are padding", &counts);
    assert_eq!(counts, Counts::from([(0, 2), (3, 510)]));
    let extended = |what: &str, bytes: &[u8], alter: fn(&mut Machine, &[u8])| {
        let counts = every_extension(bytes, |altered, _| {
            let seen = MACHINE.with(|machine| alter(machine, altered)).verify();
            seen.is_not_authentic(&|| format!("{what} extended"))
        });
        report(&format!("azure, {what}"), "extensions by a byte", &counts);
    };
    extended("message", &MACHINE.message, |machine, bytes| machine.message = bytes.to_vec());
    extended("signature", &MACHINE.signature, |machine, bytes| machine.signature = bytes.to_vec());
    extended("registers", &values(&MACHINE).concat(), |machine, bytes| {
        machine.pcrs = Values::InOrder(bytes.to_vec());
    });
    extended("AK certificate", &MACHINE.certificates[AK], |machine, bytes| {
        machine.certificates[AK] = bytes.to_vec();
    });
}
