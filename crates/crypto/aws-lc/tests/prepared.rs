//! Prepared keys give the table's results, for their own key and for every other.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::traits::PublicKeyParts;
use teeproof_aws_lc::{PreparedP256, PreparedP384, PreparedRsa, TABLE};
use teeproof_core::{BadSignature, RsaKey, VerifyEcdsa, VerifyRsa};

const MESSAGE: &[u8] = b"a quote of the length of a sentence";

/// A message, whole, cut, and another one.
const MESSAGES: [&[&[u8]]; 4] =
    [&[MESSAGE], &[b"a quote of the", b" length of a sentence"], &[b"another"], &[]];

/// A signature, and the same with one bit flipped in each byte, cut and extended.
fn altered(signature: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![signature.to_vec(), Vec::new(), signature[1..].to_vec(), [signature, &[0]].concat()];
    for at in 0..signature.len() {
        let mut flipped = signature.to_vec();
        flipped[at] ^= 1 << (at % 8);
        all.push(flipped);
    }
    all
}

struct Rsa {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    signature: Vec<u8>,
}

impl Rsa {
    fn new() -> Self {
        let pair = RsaPair::generate(KeySize::Rsa2048).unwrap();
        let public = RsaPublicKey::from_pkcs1_der(pair.public_key().as_ref()).unwrap();
        let [n, e] = [public.n_bytes(), public.e_bytes()].map(Vec::from);
        let mut signature = vec![0; n.len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
        Self { modulus: n, exponent: e, signature }
    }

    fn key(&self) -> RsaKey<'_> {
        RsaKey { modulus: &self.modulus, exponent: &self.exponent }
    }
}

#[test]
fn an_attestation_key() {
    let (own, other) = (Rsa::new(), Rsa::new());
    let prepared = PreparedRsa::new(own.key()).unwrap();
    let mut accepted = 0;
    for key in [&own, &other] {
        for signature in altered(&own.signature).iter().chain(&altered(&other.signature)) {
            for message in MESSAGES {
                let answer = prepared.verify(key.key(), message, signature);
                assert_eq!(answer, TABLE.rsa_pkcs1_sha256.verify(key.key(), message, signature));
                accepted += usize::from(answer.is_ok());
            }
        }
    }
    // Whole and cut, for each key.
    assert_eq!(accepted, 4);
}

#[test]
fn a_vek() {
    let pairs = [(); 2].map(|()| EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap());
    let points = pairs.each_ref().map(|pair| pair.public_key().as_ref());
    let signatures = pairs.each_ref().map(|pair| pair.sign(&SystemRandom::new(), MESSAGE).unwrap());
    let prepared = PreparedP384::new(points[0]).unwrap();
    let mut accepted = 0;
    for point in points {
        for signature in signatures.iter().flat_map(|signature| altered(signature.as_ref())) {
            for message in MESSAGES {
                let answer = prepared.verify(point, message, &signature);
                assert_eq!(answer, TABLE.ecdsa_p384_sha384.verify(point, message, &signature));
                accepted += usize::from(answer.is_ok());
            }
        }
    }
    assert_eq!(accepted, 4);
}

#[test]
fn a_quoting_enclaves_key() {
    let pairs = [(); 2].map(|()| EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap());
    let points = pairs.each_ref().map(|pair| pair.public_key().as_ref());
    let signatures = pairs.each_ref().map(|pair| pair.sign(&SystemRandom::new(), MESSAGE).unwrap());
    let prepared = PreparedP256::new(points[0]).unwrap();
    let mut accepted = 0;
    for point in points {
        for signature in signatures.iter().flat_map(|signature| altered(signature.as_ref())) {
            for message in MESSAGES {
                let answer = prepared.verify(point, message, &signature);
                assert_eq!(answer, TABLE.ecdsa_p256_sha256.verify(point, message, &signature));
                accepted += usize::from(answer.is_ok());
            }
        }
    }
    assert_eq!(accepted, 4);
    let compressed = [&[2], &points[0][1..33]].concat();
    for point in [&[][..], &points[0][..64], &compressed] {
        assert_eq!(PreparedP256::new(point).err(), Some(BadSignature));
    }
}

#[test]
fn unusable_keys_are_not_prepared() {
    let rsa = Rsa::new();
    for (modulus, exponent) in [
        (&rsa.modulus[..255], &rsa.exponent[..]),
        (&rsa.modulus, &[1]),
        (&rsa.modulus, &[1, 0, 0, 0, 0, 1]),
        (&[], &rsa.exponent),
    ] {
        assert_eq!(PreparedRsa::new(RsaKey { modulus, exponent }).err(), Some(BadSignature));
    }
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref();
    let mut off = point.to_vec();
    off[96] ^= 1;
    let compressed = [&[2], &point[1..49]].concat();
    for point in [&[][..], &point[..96], &off, &compressed] {
        assert_eq!(PreparedP384::new(point).err(), Some(BadSignature));
    }
}
