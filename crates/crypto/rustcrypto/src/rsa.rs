//! RSA signatures with the two paddings that evidence uses.

use core::marker::PhantomData;

use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::{BoxedUint, RsaPublicKey};
use sha2::digest::FixedOutputReset;
use sha2::digest::const_oid::AssociatedOid;
use teeproof_core::{BadSignature, RsaKey, VerifyRsa};

use crate::hash;

const MIN_MODULUS_BITS: usize = 2048;
const MAX_MODULUS_BITS: usize = 8192;
const MAX_MODULUS_BYTES: usize = MAX_MODULUS_BITS / 8;
/// Bounds the work of an exponentiation, as aws-lc does: 33 bits hold every exponent in use.
const MAX_EXPONENT_BYTES: usize = 5;

/// RSASSA-PSS with `D` as hash and as mask, and a salt as long as its output.
pub(crate) struct Pss<D>(PhantomData<fn() -> D>);

impl<D> Pss<D> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<D: sha2::Digest + FixedOutputReset> VerifyRsa for Pss<D> {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let padding = rsa::Pss::<D>::new_with_salt(<D as sha2::Digest>::output_size());
        public_key(key)?.verify(padding, &hash::of_parts::<D>(message), signature).or(Err(BadSignature))
    }
}

/// RSASSA-PKCS1-v1_5 with `D` as hash.
pub(crate) struct Pkcs1<D>(PhantomData<fn() -> D>);

impl<D> Pkcs1<D> {
    pub(crate) const NEW: Self = Self(PhantomData);
}

impl<D: sha2::Digest + AssociatedOid> VerifyRsa for Pkcs1<D> {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let padding = Pkcs1v15Sign::new::<D>();
        public_key(key)?.verify(padding, &hash::of_parts::<D>(message), signature).or(Err(BadSignature))
    }
}

/// The key, if it has a supported size. Lengths are checked first, to bound the work.
fn public_key(key: RsaKey<'_>) -> Result<RsaPublicKey, BadSignature> {
    let written = |number: &[u8]| number.first().is_some_and(|&first| first != 0);
    if !written(key.modulus)
        || !written(key.exponent)
        || key.modulus.len() > MAX_MODULUS_BYTES
        || key.exponent.len() > MAX_EXPONENT_BYTES
        || key.exponent == [1]
    {
        return Err(BadSignature);
    }
    let modulus = BoxedUint::from_be_slice_vartime(key.modulus);
    let exponent = BoxedUint::from_be_slice_vartime(key.exponent);
    RsaPublicKey::new_with_size_limits(modulus, exponent, MIN_MODULUS_BITS..=MAX_MODULUS_BITS)
        .or(Err(BadSignature))
}
