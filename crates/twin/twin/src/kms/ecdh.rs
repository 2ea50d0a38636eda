//! Key pairs on the curves of NIST: for DeriveSharedSecret, and as data keys.

use aws_lc_rs::agreement::{
    self, ECDH_P256, ECDH_P384, ECDH_P521, ParsedPublicKey, PrivateKey, UnparsedPublicKey,
};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};

/// A curve, by KMS' name of its key spec.
pub(super) fn algorithm(spec: &str) -> Option<&'static agreement::Algorithm> {
    match spec {
        "ECC_NIST_P256" => Some(&ECDH_P256),
        "ECC_NIST_P384" => Some(&ECDH_P384),
        "ECC_NIST_P521" => Some(&ECDH_P521),
        _ => None,
    }
}

/// A pair on this curve: PKCS #8 and SubjectPublicKeyInfo.
pub(super) fn pair(algorithm: &'static agreement::Algorithm) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = PrivateKey::generate(algorithm).ok()?;
    let private: Pkcs8V1Der<'_> = key.as_der().ok()?;
    Some((private.as_ref().to_vec(), public_key(&key)?))
}

/// The SubjectPublicKeyInfo of a key.
pub(super) fn public_key(key: &PrivateKey) -> Option<Vec<u8>> {
    let public: PublicKeyX509Der<'_> = key.compute_public_key().ok()?.as_der().ok()?;
    Some(public.as_ref().to_vec())
}

/// The x coordinate of the shared point; `None` if the peer's key is not a SubjectPublicKeyInfo of the same curve.
pub(super) fn shared_secret(key: &PrivateKey, peer: &[u8]) -> Option<Vec<u8>> {
    let peer = ParsedPublicKey::try_from(UnparsedPublicKey::new(key.algorithm(), peer)).ok()?;
    if peer.format() != agreement::ParsedPublicKeyFormat::X509 {
        return None;
    }
    agreement::agree(key, peer, None, |secret| Ok::<_, Option<()>>(secret.to_vec())).ok()
}
