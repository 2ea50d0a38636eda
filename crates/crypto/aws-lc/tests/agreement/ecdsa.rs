//! ECDSA: genuine and altered signatures, and the limits of r and s.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair,
};
use teeproof_core::{Crypto, VerifyEcdsa};

use crate::{bit_flips, both, cuts, wrong_lengths};

const MESSAGE: &[u8] = b"a report of the length of a sentence";

/// One curve: how to sign on it, where it stands in the table, and its order.
struct Curve {
    signing: &'static EcdsaSigningAlgorithm,
    entry: for<'c> fn(&'c Crypto<'c>) -> &'c dyn VerifyEcdsa,
    order: &'static str,
    negated: fn(&[u8]) -> Vec<u8>,
}

const P256: Curve = Curve {
    signing: &ECDSA_P256_SHA256_FIXED_SIGNING,
    entry: |table| table.ecdsa_p256_sha256,
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    negated: |signature| {
        let (r, s) = p256::ecdsa::Signature::from_slice(signature).unwrap().split_scalars();
        p256::ecdsa::Signature::from_scalars(r, -*s).unwrap().to_bytes().to_vec()
    },
};

const P384: Curve = Curve {
    signing: &ECDSA_P384_SHA384_FIXED_SIGNING,
    entry: |table| table.ecdsa_p384_sha384,
    order: "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
            581a0db248b0a77aecec196accc52973",
    negated: |signature| {
        let (r, s) = p384::ecdsa::Signature::from_slice(signature).unwrap().split_scalars();
        p384::ecdsa::Signature::from_scalars(r, -*s).unwrap().to_bytes().to_vec()
    },
};

/// A throwaway key with one signature of [`MESSAGE`].
struct Sample {
    curve: Curve,
    point: Vec<u8>,
    signature: Vec<u8>,
}

impl Sample {
    fn new(curve: Curve) -> Self {
        let key = EcdsaKeyPair::generate(curve.signing).unwrap();
        let signature = key.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec();
        Self { point: key.public_key().as_ref().to_vec(), signature, curve }
    }

    #[track_caller]
    fn accepts(&self, point: &[u8], message: &[&[u8]], signature: &[u8]) -> bool {
        both(|table| (self.curve.entry)(table).verify(point, message, signature))
    }

    #[track_caller]
    fn accepts_signature(&self, signature: &[u8]) -> bool {
        self.accepts(&self.point, &[MESSAGE], signature)
    }
}

#[test]
fn genuine_signatures_hold_however_the_message_is_cut() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        for parts in cuts(MESSAGE) {
            assert!(sample.accepts(&sample.point, &parts, &sample.signature));
        }
    }
}

#[test]
fn both_s_and_its_negative_are_accepted() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        let other = (sample.curve.negated)(&sample.signature);
        assert_ne!(other, sample.signature);
        assert!(sample.accepts_signature(&other));
    }
}

#[test]
fn no_bit_can_be_changed() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        for point in bit_flips(&sample.point, 1) {
            assert!(!sample.accepts(&point, &[MESSAGE], &sample.signature));
        }
        for message in bit_flips(MESSAGE, 3) {
            assert!(!sample.accepts(&sample.point, &[&message], &sample.signature));
        }
        for signature in bit_flips(&sample.signature, 1) {
            assert!(!sample.accepts_signature(&signature));
        }
    }
}

#[test]
fn no_length_can_be_changed() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        for point in wrong_lengths(&sample.point) {
            assert!(!sample.accepts(&point, &[MESSAGE], &sample.signature));
        }
        for message in wrong_lengths(MESSAGE) {
            assert!(!sample.accepts(&sample.point, &[&message], &sample.signature));
        }
        for signature in wrong_lengths(&sample.signature) {
            assert!(!sample.accepts_signature(&signature));
        }
        assert!(!sample.accepts(&sample.point, &[], &sample.signature));
    }
}

#[test]
fn other_encodings_of_the_point_are_refused() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        let (x, y) = sample.point[1..].split_at(sample.point.len() / 2);
        let sign = y[y.len() - 1] & 1;
        let compressed = [&[2 + sign], x].concat();
        let hybrid = [&[6 + sign], x, y].concat();
        let zero = vec![0; sample.point.len()];
        let origin = [&[4], &zero[1..]].concat();
        let swapped = [&[4], y, x].concat();
        for point in [compressed, hybrid, vec![0], zero, origin, swapped] {
            assert!(!sample.accepts(&point, &[MESSAGE], &sample.signature));
        }
    }
}

#[test]
fn r_and_s_lie_between_zero_and_the_order() {
    for sample in [Sample::new(P256), Sample::new(P384)] {
        let (r, s) = sample.signature.split_at(sample.signature.len() / 2);
        let order = unhex(sample.curve.order);
        let above = plus_one(&order);
        let (zero, all) = (vec![0; r.len()], vec![0xff; r.len()]);
        for bad in [&zero, &order, &above, &all] {
            assert!(!sample.accepts_signature(&[bad, s].concat()));
            assert!(!sample.accepts_signature(&[r, bad].concat()));
            assert!(!sample.accepts_signature(&[&bad[..], bad].concat()));
        }
        assert!(!sample.accepts_signature(&[s, r].concat()));
    }
}

#[test]
fn another_key_and_the_other_curve_are_refused() {
    let (p256, p384) = (Sample::new(P256), Sample::new(P384));
    let another = Sample::new(P384);
    assert!(!another.accepts(&p384.point, &[MESSAGE], &another.signature));
    assert!(!p384.accepts(&p256.point, &[MESSAGE], &p256.signature));
    assert!(!p256.accepts(&p384.point, &[MESSAGE], &p384.signature));
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The next number. Neither order ends in ff.
fn plus_one(number: &[u8]) -> Vec<u8> {
    let mut number = number.to_vec();
    *number.last_mut().unwrap() += 1;
    number
}
