//! One signature of a certificate or a revocation list.

use teeproof_core::{BadSignature, Crypto, RsaKey};
use teeproof_wire::certificate::{PublicKey, SignatureAlgorithm, ecdsa_fixed};

use crate::Problem;

/// Verifies a signature over `signed` as X.509 has it.
///
/// # Errors
/// [`Problem::Algorithm`] when key and algorithm are not a supported pair, [`Problem::Signature`]
/// when the signature does not hold.
pub fn verify_signature(
    key: PublicKey<'_>,
    algorithm: SignatureAlgorithm,
    signed: &[u8],
    signature: &[u8],
    crypto: &Crypto,
) -> Result<(), Problem> {
    use SignatureAlgorithm as Algorithm;
    let held = match (key, algorithm) {
        (PublicKey::P384(point), Algorithm::EcdsaSha384) => ecdsa_fixed::<96>(signature)
            .ok_or(BadSignature)
            .and_then(|fixed| crypto.ecdsa_p384_sha384.verify(point, &[signed], &fixed)),
        (PublicKey::P256(point), Algorithm::EcdsaSha256) => ecdsa_fixed::<64>(signature)
            .ok_or(BadSignature)
            .and_then(|fixed| crypto.ecdsa_p256_sha256.verify(point, &[signed], &fixed)),
        (PublicKey::Rsa { modulus, exponent }, algorithm) => {
            let table = match algorithm {
                Algorithm::RsaPssSha384 => crypto.rsa_pss_sha384,
                Algorithm::RsaPkcs1Sha256 => crypto.rsa_pkcs1_sha256,
                Algorithm::RsaPkcs1Sha384 => crypto.rsa_pkcs1_sha384,
                Algorithm::RsaPkcs1Sha512 => crypto.rsa_pkcs1_sha512,
                _ => return Err(Problem::Algorithm),
            };
            table.verify(RsaKey { modulus, exponent }, &[signed], signature)
        }
        _ => return Err(Problem::Algorithm),
    };
    held.map_err(|BadSignature| Problem::Signature)
}
