//! ECDSA on P-256 and P-384.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use sha2::{Sha256, Sha384};
use teeproof_core::{BadSignature, VerifyEcdsa};

use crate::hash;

/// The first byte of an uncompressed point. SEC 1 has other forms, which evidence never uses.
const UNCOMPRESSED: u8 = 4;

/// ECDSA on P-256 with SHA-256.
pub(crate) struct P256;

impl VerifyEcdsa for P256 {
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let key =
            p256::ecdsa::VerifyingKey::from_sec1_bytes(uncompressed(public_key)?).or(Err(BadSignature))?;
        let signature = p256::ecdsa::Signature::from_slice(signature).or(Err(BadSignature))?;
        key.verify_prehash(&hash::of_parts::<Sha256>(message), &signature).or(Err(BadSignature))
    }
}

/// ECDSA on P-384 with SHA-384.
pub(crate) struct P384;

impl VerifyEcdsa for P384 {
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature> {
        let key =
            p384::ecdsa::VerifyingKey::from_sec1_bytes(uncompressed(public_key)?).or(Err(BadSignature))?;
        let signature = p384::ecdsa::Signature::from_slice(signature).or(Err(BadSignature))?;
        key.verify_prehash(&hash::of_parts::<Sha384>(message), &signature).or(Err(BadSignature))
    }
}

/// The point, if it is uncompressed. Its length is checked by the curve.
fn uncompressed(point: &[u8]) -> Result<&[u8], BadSignature> {
    if point.first() == Some(&UNCOMPRESSED) { Ok(point) } else { Err(BadSignature) }
}
