//! Every accepted vector with every bit flipped, cut at every length and extended by a byte:
//! all refused, none with a panic.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

#[path = "support/code.rs"]
mod code;
mod support;

use code::code;
use support::{Counts, REMEMBERING, Vector, accepted, bits, every_bit, outcome, report, sample};
use teeproof::{Policy, Verdict};

/// What comes of a vector with altered evidence or endorsements; it must be refused. Endorsements
/// that are no certificate any more do not even reach the verifier: malformed, exit code 3.
fn refused(vector: &Vector, evidence: &[u8], endorsements: &[Vec<u8>], what: &dyn Fn() -> String) -> u8 {
    let seen = outcome(vector, evidence, endorsements, &REMEMBERING, None, |result| {
        (result.verdict(), code(result.class()))
    });
    match seen {
        None => 3,
        Some((Verdict::Refused, exit)) => exit,
        Some(other) => panic!("{}: {} gives {other:?}", vector.name, what()),
    }
}

/// All of them are 300,000 signatures: see [`sample`].
#[test]
fn every_bit_counts() {
    let step = sample();
    for vector in &accepted() {
        assert!(is_authentic(vector), "{}", vector.name);
        let counts = bits(&vector.evidence, step, |altered, bit| {
            refused(vector, altered, &vector.endorsements, &|| format!("bit {bit} flipped"))
        });
        report(&vector.name, "bits flipped", &counts);
        assert_eq!(counts.values().sum::<usize>(), (vector.evidence.len() * 8).div_ceil(step));
    }
}

#[test]
fn every_bit_of_an_endorsement_counts() {
    for vector in &accepted() {
        for endorsement in &vector.endorsements {
            let counts = every_bit(endorsement, |altered, bit| {
                refused(vector, &vector.evidence, &[altered.to_vec()], &|| format!("VCEK, bit {bit} flipped"))
            });
            report(&vector.name, "bits of its VCEK flipped", &counts);
        }
    }
}

#[test]
fn every_length_counts() {
    for vector in &accepted() {
        let mut counts = Counts::new();
        for length in 0..vector.evidence.len() {
            let exit = refused(vector, &vector.evidence[..length], &vector.endorsements, &|| {
                format!("cut to {length}")
            });
            *counts.entry(exit).or_default() += 1;
        }
        report(&vector.name, "lengths", &counts);
        assert_eq!(counts, Counts::from([(3, vector.evidence.len())]), "cut evidence is malformed");
    }
}

#[test]
fn every_extension_counts() {
    for vector in &accepted() {
        let mut counts = Counts::new();
        for byte in 0..=u8::MAX {
            for altered in
                [[&vector.evidence[..], &[byte]].concat(), [&[byte], &vector.evidence[..]].concat()]
            {
                let exit =
                    refused(vector, &altered, &vector.endorsements, &|| format!("extended by {byte:#04x}"));
                *counts.entry(exit).or_default() += 1;
            }
        }
        report(&vector.name, "extensions by a byte", &counts);
        assert_eq!(counts, Counts::from([(3, 512)]), "extended evidence is malformed");
    }
}

/// The same answers, check by check, from both tables.
#[test]
fn both_tables_agree() {
    for vector in &accepted() {
        let answers = [teeproof_aws_lc::TABLE, teeproof_rustcrypto::TABLE].map(|crypto| {
            outcome(
                vector,
                &vector.evidence,
                &vector.endorsements,
                &crypto,
                Some(&Policy::genuine()),
                |result| (code(result.class()), result.findings().to_vec(), result.claims().to_vec()),
            )
        });
        assert_eq!(answers[0], answers[1], "{}", vector.name);
    }
}

fn is_authentic(vector: &Vector) -> bool {
    outcome(vector, &vector.evidence, &vector.endorsements, &REMEMBERING, None, |result| code(result.class()))
        == Some(10)
}
