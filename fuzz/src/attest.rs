//! Minted TPMS_ATTEST: the head shared by quotes and certifications.

use teeproof_rustcrypto::TABLE;
use teeproof_tpm::qualified_signer;

/// TPM_ST_ATTEST_CERTIFY.
pub(crate) const CERTIFY: u16 = 0x8017;
/// TPM_ST_ATTEST_QUOTE.
pub(crate) const QUOTE: u16 = 0x8018;

/// TPMS_ATTEST up to `attested`, of this type, signed under this modulus.
pub(crate) fn head(of: u16, modulus: &[u8; 256]) -> Vec<u8> {
    [
        // TPM_GENERATED_VALUE.
        &[0xff, 0x54, 0x43, 0x47][..],
        &of.to_be_bytes(),
        &[0, 34],
        &qualified_signer(modulus, &TABLE),
        // No nonce; clock, counts, safe, firmware.
        &[0; 2 + 8 + 4 + 4 + 1 + 8],
    ]
    .concat()
}
