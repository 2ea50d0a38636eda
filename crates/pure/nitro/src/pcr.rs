//! How the registers of an enclave come about, so that expected values can be computed.
//!
//! Source: AWS Nitro Enclaves, "Cryptographic attestation", platform configuration registers;
//! SHA-384 everywhere, registers begin as 48 zero bytes.

use teeproof_core::Crypto;

/// A register's value.
pub type Digest384 = [u8; 48];

/// A register after it was extended by `data` (not hashed before).
#[must_use]
pub fn extend(old: &Digest384, data: &[u8], crypto: &Crypto) -> Digest384 {
    crypto.sha384.digest(&[old, data])
}

/// PCR3 for an instance whose profile holds this IAM role (the role's ARN).
#[must_use]
pub fn pcr3_of_role(arn: &str, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], arn.as_bytes(), crypto)
}

/// PCR4 for a parent instance (its id, `i-` and 17 hex digits).
#[must_use]
pub fn pcr4_of_instance(id: &str, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], id.as_bytes(), crypto)
}

/// PCR8 for an image that was signed under a certificate, given the SHA-384 of its DER.
#[must_use]
pub fn pcr8_of_signer(fingerprint: &Digest384, crypto: &Crypto) -> Digest384 {
    extend(&[0; 48], fingerprint, crypto)
}
