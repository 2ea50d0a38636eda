//! Templates (TPMT_PUBLIC) of the paravisor's keys, all of them RSA-2048.

use teeproof_mint::azure::ak;

/// The length of a modulus.
pub(super) const MODULUS_BYTES: usize = 256;

/// TPM_ALG_RSA, the names made with TPM_ALG_SHA256.
const RSA_SHA256: [u8; 4] = [0x00, 0x01, 0x00, 0x0b];
/// TPM_ALG_NULL.
const NOTHING: &[u8] = &[0x00, 0x10];
/// AES-128 in CFB mode.
const AES_128_CFB: &[u8] = &[0x00, 0x06, 0x00, 0x80, 0x00, 0x43];
/// RSASSA with SHA-256.
const RSASSA_SHA256: &[u8] = &[0x00, 0x14, 0x00, 0x0b];

/// As the attestation key, but decrypting in place of signing.
const STORAGE: u32 = 0x0003_0472;
/// fixedTPM, fixedParent, sensitiveDataOrigin, adminWithPolicy, restricted, and decrypting.
const ENDORSEMENT: u32 = 0x0003_00b2;

/// PolicyA of the TCG's default template for endorsement keys: PolicySecret of the endorsement
/// hierarchy.
const ENDORSEMENT_POLICY: [u8; 32] = *b"\x83\x71\x97\x67\x44\x84\xb3\xf8\x1a\x90\xcc\x8d\x46\xa5\xd7\x24\
    \xfd\x52\xd7\x6e\x06\x52\x0b\x64\xf2\xa1\xda\x1b\x33\x14\x69\xaa";

pub(super) fn attestation_key() -> Vec<u8> {
    template(ak::ATTRIBUTES, &[], NOTHING, RSASSA_SHA256, &[])
}

pub(super) fn storage_root_key() -> Vec<u8> {
    template(STORAGE, &[], AES_128_CFB, NOTHING, &[0; MODULUS_BYTES])
}

/// Source: TCG EK Credential Profile, template L-1.
pub(crate) fn endorsement_key() -> Vec<u8> {
    template(ENDORSEMENT, &ENDORSEMENT_POLICY, AES_128_CFB, NOTHING, &[0; MODULUS_BYTES])
}

fn template(attributes: u32, policy: &[u8], symmetric: &[u8], scheme: &[u8], unique: &[u8]) -> Vec<u8> {
    const BITS: u16 = 2048;
    const USUAL_EXPONENT: [u8; 4] = [0; 4];
    let parts: [&[u8]; 8] = [
        &RSA_SHA256,
        &attributes.to_be_bytes(),
        &super::sized(policy),
        symmetric,
        scheme,
        &BITS.to_be_bytes(),
        &USUAL_EXPONENT,
        &super::sized(unique),
    ];
    parts.concat()
}
