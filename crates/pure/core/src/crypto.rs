//! The table of cryptographic operations that a verifier uses.
//!
//! A verifier never chooses an implementation. Its caller gives it a table: a server a fast one, a WASM
//! module one in pure Rust, a fuzzer one that accepts every signature.

use core::fmt;

/// The operations that evidence verification needs, one entry each.
///
/// A table can be copied with some entries replaced, for example by one that has prepared a key.
#[derive(Clone, Copy)]
pub struct Crypto<'a> {
    /// The name in results: `rustcrypto`, `aws-lc`.
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
    /// The digest of the concatenated parts.
    fn digest(&self, message: &[&[u8]]) -> [u8; N];
}

/// A hash function over a message that arrives in parts, with an output of `N` bytes.
///
/// The table of operations hashes messages that are in memory; this is for those that are not, such as images of
/// enclaves. A clone continues with the state of the original, so that two messages with the same beginning are
/// hashed once up to where they differ.
pub trait StreamDigest<const N: usize>: Clone {
    /// The state before the first byte.
    fn new() -> Self;

    /// Hashes the next part of the message.
    fn update(&mut self, part: &[u8]);

    /// The digest of all parts.
    fn finish(self) -> [u8; N];
}

/// ECDSA verification on one curve with one hash.
pub trait VerifyEcdsa: Sync {
    /// Verifies a signature over the concatenated parts of a message.
    ///
    /// `public_key` is an uncompressed SEC 1 point (`04 ‖ x ‖ y`); `signature` is `r ‖ s`, each
    /// big-endian and as long as the field. A high `s` is accepted: half of the genuine
    /// signatures have one.
    ///
    /// # Errors
    /// [`BadSignature`] if the point is not on the curve, a length is wrong, `r` or `s` is out of range, or the
    /// signature is not valid.
    fn verify(&self, public_key: &[u8], message: &[&[u8]], signature: &[u8]) -> Result<(), BadSignature>;
}

/// RSA verification with one padding and one hash, for moduli of 2048 to 8192 bits.
pub trait VerifyRsa: Sync {
    /// Verifies a signature over the concatenated parts of a message.
    ///
    /// # Errors
    /// [`BadSignature`] if the key is outside of the supported sizes, or the signature is not as long as the
    /// modulus, or not valid.
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

/// The signature is not valid; the reason is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

impl fmt::Display for BadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not hold")
    }
}

impl core::error::Error for BadSignature {}
