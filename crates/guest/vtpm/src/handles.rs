//! Where things are in the virtual TPM of an Azure confidential VM.
//!
//! Source: `vm/devices/tpm` of microsoft/openvmm; TCG TPM 2.0 Library, Part 2, section 7.

/// The paravisor's report, an NV index of the platform.
pub const REPORT: u32 = 0x0140_0001;
/// What the guest wants to have in the next report, an NV index that the guest defines.
pub const INPUT: u32 = 0x0140_0002;
/// The certificate of the attestation key, an NV index.
pub const AK_CERTIFICATE: u32 = 0x01c1_01d0;
/// The certificate of the endorsement key, an NV index; Azure's machines have none.
pub const EK_CERTIFICATE: u32 = 0x01c0_0002;
/// The attestation key, a persistent object.
pub const AK: u32 = 0x8100_0003;
/// The endorsement key, a persistent object, if the operating system keeps it.
pub const EK: u32 = 0x8101_0001;

/// TPM_RH_OWNER.
pub const OWNER: u32 = 0x4000_0001;
/// TPM_RH_NULL: keys under it are gone at the next reset.
pub const NULL: u32 = 0x4000_0007;
/// TPM_RH_ENDORSEMENT.
pub const ENDORSEMENT: u32 = 0x4000_000b;

/// The first handle of NV indexes, for [`Tpm::handles`](crate::Tpm::handles).
pub const FIRST_NV_INDEX: u32 = 0x0100_0000;
/// The first handle of persistent objects, for [`Tpm::handles`](crate::Tpm::handles).
pub const FIRST_PERSISTENT: u32 = 0x8100_0000;
