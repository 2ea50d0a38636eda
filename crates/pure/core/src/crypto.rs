//! The table of cryptographic operations that a verifier is handed.
//!
//! A verifier never chooses an implementation: it is given one of these tables, so that a server
//! takes the fast one, a WASM module the pure one, and a fuzzer one that believes everything.

use core::fmt;

/// The operations that evidence verification needs, one entry each.
///
/// It is a plain struct: take one, replace an entry, hand it on. A caller who has a prepared key
/// puts it in front of an entry for as long as it lives.
#[derive(Clone, Copy)]
pub struct Crypto<'a> {
    /// What the table is called in results: `rustcrypto`, `aws-lc`.
    pub name: &'static str,
    /// SHA-256.
    pub sha256: &'a dyn Digest<32>,
    /// SHA-384.
    pub sha384: &'a dyn Digest<48>,
    /// SHA-512.
    pub sha512: &'a dyn Digest<64>,
    /// ECDSA on P-256 with SHA-256.
    pub ecdsa_p256_sha256: &'a dyn VerifyEcdsa,
    /// ECDSA on P-384 with SHA-384.
    pub ecdsa_p384_sha384: &'a dyn VerifyEcdsa,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384, a salt of 48 bytes.
    pub rsa_pss_sha384: &'a dyn VerifyRsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    pub rsa_pkcs1_sha256: &'a dyn VerifyRsa,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    pub rsa_pkcs1_sha384: &'a dyn VerifyRsa,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    pub rsa_pkcs1_sha512: &'a dyn VerifyRsa,
}

impl fmt::Debug for Crypto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crypto").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A hash function with an output of `N` bytes.
pub trait Digest<const N: usize>: Sync {
    /// The digest of the parts, one after the other.
    fn digest(&self, message: &[&[u8]]) -> [u8; N];
}

/// ECDSA verification on one curve with one hash.
pub trait VerifyEcdsa: Sync {
    /// Verifies a signature over the parts of the message, one after the other.
    ///
    /// `public_key` is an uncompressed SEC 1 point (`04 ‖ x ‖ y`); `signature` is `r ‖ s`, each
    /// big-endian and as long as the field. A high `s` is accepted: half of the genuine
    /// signatures have one.
    ///
    /// # Errors
    /// [`BadSignature`] when the point is not on the curve, a length is wrong, `r` or `s` is out
    /// of range, or the signature does not hold.
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature>;
}

/// RSA verification with one padding and one hash, for moduli of 2048 to 8192 bits.
pub trait VerifyRsa: Sync {
    /// Verifies a signature over the parts of the message, one after the other.
    ///
    /// # Errors
    /// [`BadSignature`] when the key is outside of the supported sizes, the signature is not as
    /// long as the modulus, or it does not hold.
    fn verify(&self, key: RsaKey<'_>, message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature>;
}

/// An RSA public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RsaKey<'a> {
    /// The modulus, big-endian, without leading zero bytes.
    pub modulus: &'a [u8],
    /// The public exponent, big-endian, without leading zero bytes.
    pub exponent: &'a [u8],
}

/// A signature does not hold. There is no more to say without helping a forger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not hold")
    }
}

impl core::error::Error for BadSignature {}
