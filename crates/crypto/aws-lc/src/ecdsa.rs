//! ECDSA on P-256 and P-384.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{EcdsaVerificationAlgorithm, UnparsedPublicKey};
use teeproof_core::{BadSignature, VerifyEcdsa};

use crate::hash;

/// The first byte of an uncompressed point.
const UNCOMPRESSED: u8 = 4;

/// ECDSA on one curve with one hash.
pub(crate) struct Ecdsa {
    pub(crate) algorithm: &'static EcdsaVerificationAlgorithm,
    pub(crate) hash: &'static digest::Algorithm,
    pub(crate) point_len: usize,
}

impl VerifyEcdsa for Ecdsa {
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        is_point(public_key, self.point_len)?;
        UnparsedPublicKey::new(self.algorithm, public_key)
            .verify_digest(&hash::of_parts(self.hash, message), signature)
            .or(Err(BadSignature))
    }
}

/// Whether this is an uncompressed point, the form of the traits. The library also accepts compressed points
/// and whole SubjectPublicKeyInfos.
pub(crate) fn is_point(bytes: &[u8], len: usize) -> Result<(), BadSignature> {
    if bytes.len() == len && bytes.first() == Some(&UNCOMPRESSED) { Ok(()) } else { Err(BadSignature) }
}

/// The length of a point on P-256.
pub(crate) const P256_POINT: usize = 65;
/// The length of a point on P-384.
pub(crate) const P384_POINT: usize = 97;
