//! RSA signatures with the two paddings that evidence uses.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{RsaParameters, RsaPublicKeyComponents};
use teeproof_core::{BadSignature, RsaKey, VerifyRsa};

use crate::hash;

/// The library's longest exponent: 33 bits.
const MAX_EXPONENT_BYTES: usize = 5;

/// RSA with one padding and one hash.
pub(crate) struct Rsa {
    pub(crate) algorithm: &'static RsaParameters,
    pub(crate) hash: &'static digest::Algorithm,
}

impl VerifyRsa for Rsa {
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let key = components(key)?;
        if let [whole] = message {
            return key.verify(self.algorithm, whole, signature).or(Err(BadSignature));
        }
        key.to_parsed_public_key(self.algorithm)
            .or(Err(BadSignature))?
            .verify_digest_sig(&hash::of_parts(self.hash, message), signature)
            .or(Err(BadSignature))
    }
}

/// The key in the library's form. It checks the modulus and the upper bound of the exponent.
pub(crate) fn components(key: RsaKey<'_>) -> Result<RsaPublicKeyComponents<&[u8]>, BadSignature> {
    if key.exponent.len() > MAX_EXPONENT_BYTES || key.exponent == [1] {
        return Err(BadSignature);
    }
    Ok(RsaPublicKeyComponents { n: key.modulus, e: key.exponent })
}
