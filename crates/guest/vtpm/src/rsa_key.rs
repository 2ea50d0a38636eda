//! RSA public keys of 2048 bits, from a TPM's modulus to the cryptographic library.

use aws_lc_rs::rsa::PublicEncryptingKey;

/// The size of a modulus in bytes.
pub(crate) const MODULUS_BYTES: usize = 256;
/// SubjectPublicKeyInfo of an RSA key of 2048 bits, up to the modulus.
const BEFORE_MODULUS: [u8; 33] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
    0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00,
];
/// After the modulus: the exponent 65537.
const AFTER_MODULUS: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];

/// The key of this modulus with the exponent 65537; `None` if the library takes it for none.
pub(crate) fn rsa_2048(modulus: &[u8; MODULUS_BYTES]) -> Option<PublicEncryptingKey> {
    let spki = [&BEFORE_MODULUS, modulus.as_slice(), &AFTER_MODULUS].concat();
    PublicEncryptingKey::from_der(&spki).ok()
}

/// The modulus of a SubjectPublicKeyInfo of this form.
#[cfg(test)]
pub(crate) fn modulus_of_spki(spki: &[u8]) -> Option<&[u8]> {
    spki.strip_prefix(&BEFORE_MODULUS)?.strip_suffix(&AFTER_MODULUS)
}
