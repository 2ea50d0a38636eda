//! Limits of the paravisor's TPM where swtpm implements more.
//!
//! Source of every number, unless it says otherwise: `overrides/include/Implementation.h` of
//! microsoft/ms-tpm-20-ref-rs, the configuration of the TPM (revision 1.38) that OpenVMM's
//! `vm/devices/tpm/tpm_device` runs. The sizes of buffers follow from it by the structures of TCG
//! TPM 2.0 Library, Part 2, as the reference code declares them.

use clap::ValueEnum;

/// Capabilities of the TPM that clients see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TpmProfile {
    /// The paravisor's: what it does not implement is refused with its codes
    #[default]
    Paravisor,
    /// swtpm's as it is, which accepts more than the paravisor's
    Swtpm,
}

/// TPM_ALG_SHA1, TPM_ALG_SHA256 and TPM_ALG_SHA384 with the sizes of their digests: all hashes set to
/// `ALG_YES`. Each has a PCR bank.
pub(super) const HASHES: [(u16, usize); 3] = [(0x0004, 20), (0x000b, 32), (0x000c, 48)];
/// The curves set to `YES`: NIST P-224, P-256 and P-384, and BN P-256.
pub(super) const CURVES: [u16; 4] = [0x0002, 0x0003, 0x0004, 0x0010];
/// `RSA_KEY_SIZES_BITS`.
pub(super) const RSA_BITS: [u16; 2] = [1024, 2048];
/// `AES_KEY_SIZES_BITS`.
pub(super) const AES_BITS: [u16; 2] = [128, 256];
/// CTR, OFB, CBC, CFB, ECB: every mode of a cipher.
pub(super) const CIPHER_MODES: [u16; 5] = [0x0040, 0x0041, 0x0042, 0x0043, 0x0044];

/// Every algorithm set to `ALG_YES`.
pub(super) const ALGORITHMS: [u16; 26] = [
    0x0001, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008, 0x000a, 0x000b, 0x000c, 0x0014, 0x0015, 0x0016, 0x0017,
    0x0018, 0x0019, 0x001a, 0x001c, 0x0020, 0x0022, 0x0023, 0x0025, 0x0040, 0x0041, 0x0042, 0x0043, 0x0044,
];

/// TPM2_EncryptDecrypt2, the last command of the library in revision 1.38.
const LAST_COMMAND: u32 = 0x193;

/// Whether it has this command.
pub(super) const fn has_command(code: u32) -> bool {
    code <= LAST_COMMAND
}

/// `MAX_DIGEST_SIZE`, by SHA-384: TPM2B_DIGEST, TPM2B_NONCE, TPM2B_AUTH, TPM2B_OPERAND.
pub(super) const DIGEST_BYTES: u16 = 48;
/// TPM2B_DATA holds a TPMT_HA: an algorithm and a digest.
pub(super) const DATA_BYTES: u16 = 50;
/// TPM2B_NAME holds a TPMU_NAME, a TPMT_HA or a handle, whose alignment rounds it up.
pub(super) const NAME_BYTES: u16 = 52;
/// `MAX_RSA_KEY_BYTES`: TPM2B_PUBLIC_KEY_RSA, TPM2B_ENCRYPTED_SECRET.
pub(super) const RSA_BYTES: u16 = 256;
/// TPM2B_PRIVATE_KEY_RSA holds one prime.
pub(super) const RSA_PRIME_BYTES: u16 = 128;
/// `MAX_ECC_KEY_BYTES`, by P-384: TPM2B_ECC_PARAMETER.
pub(super) const ECC_BYTES: u16 = 48;
/// `MAX_SYM_KEY_BYTES`: TPM2B_SYM_KEY.
pub(super) const SYMMETRIC_KEY_BYTES: u16 = 32;
/// `MAX_SYM_BLOCK_SIZE`: TPM2B_IV.
pub(super) const IV_BYTES: u16 = 16;
/// `MAX_SYM_DATA`: TPM2B_SENSITIVE_DATA.
pub(super) const SENSITIVE_DATA_BYTES: u16 = 128;
/// `MAX_DIGEST_BUFFER`, `MAX_NV_BUFFER_SIZE`, and the size of a TPM2B_EVENT.
pub(super) const BUFFER_BYTES: u16 = 1024;
/// TPM2B_ID_OBJECT holds a TPMS_ID_OBJECT: two TPM2B_DIGEST.
pub(super) const ID_OBJECT_BYTES: u16 = 100;
/// TPM2B_TIMEOUT.
pub(super) const TIMEOUT_BYTES: u16 = 8;

/// Fixed properties (TPM_PT) that differ from swtpm's.
///
/// Manufacturer, vendor strings and firmware version stay swtpm's, because quotes and certifications carry
/// swtpm's firmware version under its signature.
pub(super) const PROPERTIES: [(u32, u32); 8] = [
    // TPM_PT_REVISION, and TPM_PT_PS_REVISION: FINGERPRINT_SPEC_VERSION.
    (0x102, 138),
    (0x125, 138),
    // TPM_PT_HR_PERSISTENT_MIN: MIN_EVICT_OBJECTS.
    (0x10f, 2),
    // TPM_PT_NV_INDEX_MAX: MAX_NV_INDEX_SIZE.
    (0x117, 4096),
    // TPM_PT_CONTEXT_HASH: the longest hash, by GpMacros.h of microsoft/ms-tpm-20-ref.
    (0x11a, 0x000c),
    // TPM_PT_CONTEXT_SYM_SIZE: MAX_SYM_KEY_BITS.
    (0x11c, 256),
    // TPM_PT_MAX_DIGEST.
    (0x120, 48),
    // TPM_PT_NV_BUFFER_MAX: MAX_NV_BUFFER_SIZE.
    (0x12c, 1024),
];
/// TPM_PT_TOTAL_COMMANDS and TPM_PT_LIBRARY_COMMANDS: as many as the list of commands has.
pub(super) const NUMBERS_OF_COMMANDS: [u32; 2] = [0x129, 0x12a];
