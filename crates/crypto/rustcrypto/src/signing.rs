//! ECDSA signatures of our own, for what this project builds. Nothing that is verified needs it.

use alloc::vec::Vec;
use core::fmt;

use p256::ecdsa::signature::Signer;

/// A private key on P-256 or P-384. It is erased from memory when it is dropped.
///
/// Its signatures have the nonce of RFC 6979, so that the same key and message make the same signature: what is built
/// from the same content is the same, signed or not.
pub struct SigningKey(Key);

enum Key {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
}

/// The curve of a key, and with it the hash function of its signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningCurve {
    /// P-256 with SHA-256.
    P256,
    /// P-384 with SHA-384.
    P384,
}

/// The bytes are not a private key on P-256 or P-384, or it cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningError;

impl SigningKey {
    /// Reads a private key in DER: PKCS#8 (RFC 5958) or ECPrivateKey (RFC 5915) with its curve.
    ///
    /// # Errors
    /// Other bytes, and keys on other curves.
    pub fn from_der(der: &[u8]) -> Result<Self, SigningError> {
        // The shorter key first: the library pads a scalar that is shorter than the field.
        if let Ok(key) = p256::SecretKey::from_der(der) {
            return Ok(Self(Key::P256(key.into())));
        }
        p384::SecretKey::from_der(der).map(|key| Self(Key::P384(key.into()))).map_err(|_| SigningError)
    }

    /// The curve.
    #[must_use]
    pub const fn curve(&self) -> SigningCurve {
        match &self.0 {
            Key::P256(_) => SigningCurve::P256,
            Key::P384(_) => SigningCurve::P384,
        }
    }

    /// The signature of a message: `r ‖ s`, each big-endian and as long as the field.
    ///
    /// # Errors
    /// None that is known.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match &self.0 {
            Key::P256(key) => {
                let signed: Result<p256::ecdsa::Signature, _> = key.try_sign(message);
                signed.map(|signature| signature.to_bytes().to_vec()).map_err(|_| SigningError)
            }
            Key::P384(key) => {
                let signed: Result<p384::ecdsa::Signature, _> = key.try_sign(message);
                signed.map(|signature| signature.to_bytes().to_vec()).map_err(|_| SigningError)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("curve", &self.curve()).finish_non_exhaustive()
    }
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a private key on P-256 or P-384")
    }
}

impl core::error::Error for SigningError {}
