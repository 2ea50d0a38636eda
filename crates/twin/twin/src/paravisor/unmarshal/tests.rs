//! Tests of the refusals, and of random parameters.

use super::*;

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[test]
fn a_parameter_that_is_cut_off_is_left_to_the_tpm() {
    // A quote: data, no scheme, a PCR of SHA-512.
    let quote = [words(&[0, 0x10, 0, 1, 0xd]), vec![3, 1, 0, 0]].concat();
    assert_eq!(refused_parameter(0x158, &quote, false), Some(0x3c3));
    for end in 0..10 {
        assert_eq!(refused_parameter(0x158, quote.get(..end).unwrap_or_default(), false), None, "{end}");
    }
}

/// Only the size of an encrypted parameter can be seen.
#[test]
fn only_the_size_of_an_encrypted_parameter_is_checked() {
    let long = [words(&[51]), vec![0; 51], words(&[0x10])].concat();
    assert_eq!(refused_parameter(0x158, &long, true), Some(0x1d5));
    // TPM2B_SENSITIVE_CREATE with a password of 49 bytes, or what looks like it.
    let secret = [words(&[53, 49]), vec![0; 49], words(&[0])].concat();
    assert_eq!(refused_parameter(0x131, &secret, false), Some(0x1d5));
    assert_eq!(refused_parameter(0x131, &secret, true), None);
}

#[test]
fn every_implemented_hash_passes() {
    for (hash, _) in HASHES {
        assert_eq!(refused_parameter(0x17d, &words(&[0, hash]), false), None);
    }
    assert_eq!(refused_parameter(0x17d, &words(&[0, 0xd]), false), Some(0x2c3));
}

/// Random parameters are accepted or refused for each command.
#[test]
fn noise_in_the_parameters_of_every_command() {
    let mut state = 0x7ee7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(state >> 56).unwrap_or_default()
    };
    for code in 0x11f..0x1a0 {
        for round in 0..200 {
            // Small numbers are counts, sizes and algorithms.
            let noise: Vec<u8> = (0..round).map(|at| if at % 2 == 0 { 0 } else { next() & 0x3f }).collect();
            let _ = refused_parameter(code, &noise, round % 2 == 0);
        }
    }
}
