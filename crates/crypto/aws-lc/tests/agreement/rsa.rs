//! RSA: key sizes, the two paddings, and altered signatures.

use std::convert::Infallible;
use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RsaEncoding,
    RsaPssSaltLength, RsaSignatureEncoding,
};
use p384::elliptic_curve::bigint::{ConcatenatingMul, NonZero, Resize};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::{Sha256, Sha384};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use teeproof_core::{Crypto, RsaKey, VerifyRsa};

use crate::ecdsa::unhex;
use crate::{bit_flips, both, cuts, primes, wrong_lengths};

const MESSAGE: &[u8] = b"a certificate of the length of a sentence";

static PSS_SALT_32: RsaSignatureEncoding = RSA_PSS_SHA384.with_pss_salt_length(RsaPssSaltLength::Custom(32));
static PSS_SALT_0: RsaSignatureEncoding = RSA_PSS_SHA384.with_pss_salt_length(RsaPssSaltLength::Custom(0));
static PSS_SALT_LONGEST: RsaSignatureEncoding =
    RSA_PSS_SHA384.with_pss_salt_length(RsaPssSaltLength::Custom(256 - 48 - 2));

type Entry = for<'c> fn(&'c Crypto<'c>) -> &'c dyn VerifyRsa;

const ENTRIES: [(Entry, &dyn RsaEncoding); 4] = [
    (|table| table.rsa_pss_sha384, &RSA_PSS_SHA384),
    (|table| table.rsa_pkcs1_sha256, &RSA_PKCS1_SHA256),
    (|table| table.rsa_pkcs1_sha384, &RSA_PKCS1_SHA384),
    (|table| table.rsa_pkcs1_sha512, &RSA_PKCS1_SHA512),
];

/// A throwaway key in both libraries' shapes.
struct Key {
    pair: KeyPair,
    parts: RsaPrivateKey,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Key {
    fn generate(size: KeySize) -> Self {
        Self::of(KeyPair::generate(size).unwrap())
    }

    fn of(pair: KeyPair) -> Self {
        let der: Pkcs8V1Der<'static> = pair.as_der().unwrap();
        let parts = RsaPrivateKey::from_pkcs8_der(der.as_ref()).unwrap();
        Self { pair, modulus: big_endian(parts.n()), exponent: big_endian(parts.e()), parts }
    }

    /// A key of 8192 bits: to find its primes would take up to ten seconds.
    fn largest() -> Self {
        let prime = |digits: &str| BoxedUint::from_be_slice(&unhex(digits), 4096).unwrap();
        let [p, q] = [primes::MODP_4096, primes::FFDHE_4096].map(prime);
        let parts = RsaPrivateKey::from_p_q(p, q, BoxedUint::from(65_537_u32)).unwrap();
        Self::of(KeyPair::from_pkcs8(parts.to_pkcs8_der().unwrap().as_bytes()).unwrap())
    }

    /// A key of 2048 bits that all tests share.
    fn shared() -> &'static Self {
        static KEY: OnceLock<Key> = OnceLock::new();
        KEY.get_or_init(|| Self::generate(KeySize::Rsa2048))
    }

    fn public(&self) -> RsaKey<'_> {
        RsaKey { modulus: &self.modulus, exponent: &self.exponent }
    }

    fn sign(&self, encoding: &'static dyn RsaEncoding) -> Vec<u8> {
        let mut signature = vec![0; self.modulus.len()];
        self.pair.sign(encoding, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
        signature
    }
}

#[track_caller]
fn accepts(entry: Entry, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> bool {
    both(|table| entry(table).verify(key, message, signature))
}

#[test]
fn genuine_signatures_hold_however_the_message_is_cut() {
    for size in [KeySize::Rsa2048, KeySize::Rsa3072, KeySize::Rsa4096] {
        let key = Key::generate(size);
        for (entry, encoding) in ENTRIES {
            let signature = key.sign(encoding);
            for parts in cuts(MESSAGE) {
                assert!(accepts(entry, key.public(), &parts, &signature));
            }
        }
    }
}

#[test]
fn the_largest_modulus_holds() {
    let key = Key::largest();
    for (entry, encoding) in ENTRIES {
        assert!(accepts(entry, key.public(), &[MESSAGE], &key.sign(encoding)));
    }
}

#[test]
fn each_entry_refuses_the_others_signatures() {
    let key = Key::shared();
    for (at, (entry, _)) in ENTRIES.into_iter().enumerate() {
        for (other, (_, encoding)) in ENTRIES.into_iter().enumerate() {
            assert_eq!(accepts(entry, key.public(), &[MESSAGE], &key.sign(encoding)), at == other);
        }
    }
}

#[test]
fn the_salt_is_48_bytes_and_the_hash_is_sha384() {
    let key = Key::shared();
    for other in [&PSS_SALT_32, &PSS_SALT_0, &PSS_SALT_LONGEST, &RSA_PSS_SHA256] {
        assert!(!accepts(|table| table.rsa_pss_sha384, key.public(), &[MESSAGE], &key.sign(other)));
    }
}

#[test]
fn no_bit_can_be_changed() {
    let key = Key::shared();
    for (entry, encoding) in ENTRIES {
        let signature = key.sign(encoding);
        for changed in bit_flips(&signature, 5) {
            assert!(!accepts(entry, key.public(), &[MESSAGE], &changed));
        }
        for changed in bit_flips(MESSAGE, 7) {
            assert!(!accepts(entry, key.public(), &[&changed], &signature));
        }
        for modulus in bit_flips(&key.modulus, 7) {
            let changed = RsaKey { modulus: &modulus, ..key.public() };
            assert!(!accepts(entry, changed, &[MESSAGE], &signature));
        }
        for exponent in bit_flips(&key.exponent, 1) {
            let changed = RsaKey { exponent: &exponent, ..key.public() };
            assert!(!accepts(entry, changed, &[MESSAGE], &signature));
        }
    }
}

#[test]
fn no_length_can_be_changed() {
    let key = Key::shared();
    for (entry, encoding) in ENTRIES {
        let signature = key.sign(encoding);
        for changed in wrong_lengths(&signature) {
            assert!(!accepts(entry, key.public(), &[MESSAGE], &changed));
        }
        for modulus in wrong_lengths(&key.modulus) {
            assert!(!accepts(entry, RsaKey { modulus: &modulus, ..key.public() }, &[MESSAGE], &signature));
        }
        for exponent in wrong_lengths(&key.exponent) {
            assert!(!accepts(entry, RsaKey { exponent: &exponent, ..key.public() }, &[MESSAGE], &signature));
        }
        assert!(!accepts(entry, key.public(), &[], &signature));
    }
}

#[test]
fn a_signature_is_smaller_than_the_modulus() {
    let key = Key::shared();
    let signature = key.sign(&RSA_PKCS1_SHA256);
    let entry: Entry = |table| table.rsa_pkcs1_sha256;
    let zero = vec![0; signature.len()];
    for bad in [&zero, &key.modulus, &vec![0xff; signature.len()]] {
        assert!(!accepts(entry, key.public(), &[MESSAGE], bad));
    }
}

/// The same residue, written one modulus higher, where it still fits in the length.
#[test]
fn a_signature_has_one_representative() {
    let entry: Entry = |table| table.rsa_pss_sha384;
    let mut small = (0..100).map(|_| Key::generate(KeySize::Rsa2048));
    let key = small.find(|key| key.modulus[0] < 0xc8).unwrap();
    let raised = (0..1000).find_map(|_| {
        let signature = key.sign(&RSA_PSS_SHA384);
        assert!(accepts(entry, key.public(), &[MESSAGE], &signature));
        let signature = BoxedUint::from_be_slice_vartime(&signature);
        let raised = big_endian(&signature.concatenating_add(key.parts.n().as_ref()));
        (raised.len() == key.modulus.len()).then_some(raised)
    });
    assert!(!accepts(entry, key.public(), &[MESSAGE], &raised.unwrap()));
}

#[test]
fn moduli_have_2048_to_8192_bits() {
    for (bits, valid) in
        [(1024, false), (2040, false), (2047, false), (2048, true), (2049, true), (2055, true)]
    {
        let key = RsaPrivateKey::new_with_exp_unchecked(&mut Random, bits, 65537_u32.into()).unwrap();
        let (modulus, exponent) = (big_endian(key.n()), big_endian(key.e()));
        let public = RsaKey { modulus: &modulus, exponent: &exponent };
        let digest = teeproof_aws_lc::TABLE.sha384.digest(&[MESSAGE]);
        let pss = key.sign_with_rng(&mut Random, Pss::<Sha384>::new(), &digest).unwrap();
        assert_eq!(
            accepts(|table| table.rsa_pss_sha384, public, &[MESSAGE], &pss),
            valid,
            "PSS, {bits} bits"
        );
        let pkcs1 = key.sign(Pkcs1v15Sign::new::<Sha384>(), &digest).unwrap();
        assert_eq!(accepts(|table| table.rsa_pkcs1_sha384, public, &[MESSAGE], &pkcs1), valid, "{bits} bits");
    }
    let modulus = [1; 1025];
    let public = RsaKey { modulus: &modulus, exponent: &[1, 0, 1] };
    assert!(!accepts(|table| table.rsa_pkcs1_sha256, public, &[MESSAGE], &[1; 1025]));
}

#[test]
fn exponents_are_odd_and_have_2_to_33_bits() {
    let largest = (1 << 33) - 1;
    for (exponent, valid) in
        [(3, true), (5, true), ((1 << 32) + 15, true), (largest, true), (largest + 2, false)]
    {
        let key = with_exponent(exponent);
        let (modulus, exponent) = (big_endian(key.n()), big_endian(key.e()));
        let public = RsaKey { modulus: &modulus, exponent: &exponent };
        let digest = teeproof_aws_lc::TABLE.sha256.digest(&[MESSAGE]);
        let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
        let accepted = accepts(|table| table.rsa_pkcs1_sha256, public, &[MESSAGE], &signature);
        assert_eq!(accepted, valid, "{exponent:02x?}");
    }
}

/// Under the exponent 1 anybody can sign: the padded digest is its own signature.
#[test]
fn an_exponent_of_one_signs_nothing() {
    let key = Key::shared();
    let prefix = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let digest = teeproof_aws_lc::TABLE.sha256.digest(&[MESSAGE]);
    let ones = vec![0xff; key.modulus.len() - 3 - prefix.len() - digest.len()];
    let forged = [&[0, 1], &ones[..], &[0], prefix, &digest].concat();
    for exponent in [&[1_u8][..], &[0, 1], &[2], &[0], &[]] {
        let public = RsaKey { exponent, ..key.public() };
        assert!(!accepts(|table| table.rsa_pkcs1_sha256, public, &[MESSAGE], &forged));
    }
}

/// A fresh key of 2048 bits with the given exponent.
fn with_exponent(exponent: u64) -> RsaPrivateKey {
    let attempt = |key: RsaPrivateKey| {
        let primes: Vec<BoxedUint> = key.primes().iter().map(|prime| prime.as_ref().clone()).collect();
        let [p, q] = primes.as_slice() else {
            return None;
        };
        let totient = (p - BoxedUint::one()).concatenating_mul(&(q - BoxedUint::one()));
        let precision = totient.bits_precision();
        let totient = NonZero::new(totient).into_option()?;
        let exponent = BoxedUint::from(exponent);
        let secret = exponent.clone().resize_unchecked(precision).invert_mod(&totient).into_option()?;
        let modulus = key.n().as_ref().clone();
        RsaPrivateKey::from_components_with_large_exponent(modulus, exponent, secret, primes).ok()
    };
    // Not every pair of primes goes with every exponent.
    (0..100).find_map(|_| attempt(Key::generate(KeySize::Rsa2048).parts)).unwrap()
}

fn big_endian(number: &BoxedUint) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    bytes.iter().copied().skip_while(|&byte| byte == 0).collect()
}

/// The system's random numbers for the rsa crate.
struct Random;

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Random {}

fn fill(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).unwrap();
}
