//! Names of TPM objects: the attestation key's, its qualified name, and that of any public area.
//!
//! Source: TCG TPM 2.0 Library, Part 1, section 16 (names), Part 2, section 12.2.4 (TPMT_PUBLIC).

use teeproof_core::Crypto;

/// TPMT_PUBLIC of the attestation key up to its modulus: RSA; nameAlg SHA-256; fixedTPM,
/// fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign; no policy; no symmetric
/// algorithm; RSASSA with SHA-256; 2048 bits; the default exponent, 65537; 256 bytes follow.
const PUBLIC_HEAD: [u8; 24] = [
    0x00, 0x01, 0x00, 0x0b, 0x00, 0x05, 0x04, 0x72, 0x00, 0x00, 0x00, 0x10, 0x00, 0x14, 0x00, 0x0b, 0x08,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
];
/// TPM_ALG_SHA256, the first two bytes of each Name.
const SHA256: [u8; 2] = [0x00, 0x0b];
/// TPM_RH_ENDORSEMENT: the parent of a primary key in the endorsement hierarchy.
const ENDORSEMENT: [u8; 4] = [0x40, 0x00, 0x00, 0x0b];

/// The Name of an attestation key with this modulus (256 bytes, big-endian), as TPM2_ReadPublic returns it.
#[must_use]
pub fn ak_name(modulus: &[u8; 256], crypto: &Crypto) -> [u8; 34] {
    named(crypto.sha256.digest(&[&PUBLIC_HEAD, modulus]))
}

/// The Name of an object with this TPMT_PUBLIC, whose nameAlg must be SHA-256.
pub(crate) fn object_name(public: &[u8], crypto: &Crypto) -> [u8; 34] {
    named(crypto.sha256.digest(&[public]))
}

/// The qualified name of an attestation key that is a primary key of the endorsement hierarchy: the
/// qualifiedSigner of its quotes.
///
/// It is the key's own statement: the owner of an unrestricted key can sign any message, with this name too.
#[must_use]
pub fn qualified_signer(modulus: &[u8; 256], crypto: &Crypto) -> [u8; 34] {
    named(crypto.sha256.digest(&[&ENDORSEMENT, &ak_name(modulus, crypto)]))
}

fn named(digest: [u8; 32]) -> [u8; 34] {
    let mut name = [0; 34];
    let (algorithm, rest) = name.split_at_mut(SHA256.len());
    algorithm.copy_from_slice(&SHA256);
    rest.copy_from_slice(&digest);
    name
}
