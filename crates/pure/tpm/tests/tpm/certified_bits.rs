//! A certified key is refused with any bit of it changed, cut to any length, and extended.

use teeproof_core::Class;
use teeproof_tpm::CertificationError as Error;

use crate::certified_support::*;

fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len() * 8).map(|at| {
        let mut bytes = bytes.to_vec();
        bytes[at / 8] ^= 1 << (at % 8);
        bytes
    })
}

fn of_other_length(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len()).map(|length| bytes[..length].to_vec()).chain([
        [bytes, &[0]].concat(),
        [bytes, &[0xff; 300]].concat(),
        [bytes, bytes].concat(),
        [&[0], bytes].concat(),
    ])
}

#[test]
fn every_flipped_bit_is_refused() {
    let genuine = Statement::genuine().certified();
    genuine.verify().expect("the control");
    let mut count = 0;
    for message in flipped(&genuine.message) {
        Certified { message, ..genuine.clone() }.refused(Error::Signature, Class::NotAuthentic);
        count += 1;
    }
    for signature in flipped(&genuine.signature) {
        Certified { signature, ..genuine.clone() }.refused(Error::Signature, Class::NotAuthentic);
        count += 1;
    }
    for public in flipped(&genuine.public) {
        Certified { public, ..genuine.clone() }.refused(Error::Name, Class::NotBound);
        count += 1;
    }
    assert_eq!(count, (163 + 256 + 310) * 8);
}

#[test]
fn every_other_length_is_refused() {
    let genuine = Statement::genuine().certified();
    for message in of_other_length(&genuine.message) {
        Certified { message, ..genuine.clone() }.refused(Error::Signature, Class::NotAuthentic);
    }
    for signature in of_other_length(&genuine.signature) {
        let error = Certified { signature, ..genuine.clone() }.verify().unwrap_err();
        assert!(matches!(error, Error::SignatureForm(_)), "{error}");
        is(error, error, error.class());
    }
    for public in of_other_length(&genuine.public) {
        Certified { public, ..genuine.clone() }.refused(Error::Name, Class::NotBound);
    }
}

#[test]
fn every_flipped_bit_of_a_signatures_head_is_refused() {
    let genuine = Statement::genuine().certified();
    let head = [0x00, 0x14, 0x00, 0x0b, 0x01, 0x00];
    for head in flipped(&head) {
        let signature = [&head[..], &genuine.signature].concat();
        let error = Certified { signature, ..genuine.clone() }.verify().unwrap_err();
        assert!(matches!(error, Error::SignatureForm(_)), "{error}");
    }
}
