//! TPM constants of the NitroTPM's twin: handles, command codes, response codes.
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 6.5, 6.6 and 7; AWS NitroTPM Tools for the vendor command.

/// The RSA endorsement key, a persistent object.
pub(super) const EK: u32 = 0x8101_0001;
/// TPM_RH_OWNER.
pub(super) const OWNER: u32 = 0x4000_0001;

/// The vendor command.
pub(super) const NSM_REQUEST: u32 = 0x2000_0001;
/// TPM2_NV_UndefineSpace.
pub(super) const NV_UNDEFINE_SPACE: u32 = 0x122;
/// TPM2_NV_DefineSpace.
pub(super) const NV_DEFINE_SPACE: u32 = 0x12a;
/// TPM2_NV_Write.
pub(super) const NV_WRITE: u32 = 0x137;
/// TPM2_PCR_Extend.
pub(super) const PCR_EXTEND: u32 = 0x182;
/// TPM2_NV_Read.
pub(super) const NV_READ: u32 = 0x14e;
/// TPM2_FlushContext.
pub(super) const FLUSH_CONTEXT: u32 = 0x165;
/// TPM2_NV_ReadPublic.
pub(super) const NV_READ_PUBLIC: u32 = 0x169;
/// TPM2_ReadPublic.
pub(super) const READ_PUBLIC: u32 = 0x173;
/// TPM2_StartAuthSession.
pub(super) const START_AUTH_SESSION: u32 = 0x176;
/// TPM2_GetCapability.
pub(super) const GET_CAPABILITY: u32 = 0x17a;
/// TPM2_PCR_Read.
pub(super) const PCR_READ: u32 = 0x17e;

/// TPM_RC_FAILURE.
pub(super) const FAILURE: u32 = 0x101;
/// TPM_RC_AUTH_MISSING.
pub(super) const AUTH_MISSING: u32 = 0x125;
/// TPM_RC_AUTH_UNAVAILABLE: an authorization that the twin does not support.
pub(super) const AUTH_UNAVAILABLE: u32 = 0x12f;
/// TPM_RC_COMMAND_SIZE.
pub(super) const COMMAND_SIZE: u32 = 0x142;
/// TPM_RC_COMMAND_CODE.
pub(super) const COMMAND_CODE: u32 = 0x143;
/// The same of the kernel's resource manager, layer 11 of TSS2_RC.
pub(super) const COMMAND_CODE_OF_RESOURCE_MANAGER: u32 = 0x000b_0143;
/// TPM_RC_NV_RANGE.
pub(super) const NV_RANGE: u32 = 0x146;
/// TPM_RC_NV_AUTHORIZATION.
pub(super) const NV_AUTHORIZATION: u32 = 0x149;
/// TPM_RC_NV_UNINITIALIZED.
pub(super) const UNWRITTEN: u32 = 0x14a;
/// TPM_RC_NV_SPACE.
pub(super) const NV_SPACE: u32 = 0x14b;
/// TPM_RC_NV_DEFINED.
pub(super) const NV_DEFINED: u32 = 0x14c;
/// TPM_RC_HANDLE about the first handle.
pub(super) const HANDLE_1: u32 = 0x18b;
/// TPM_RC_HANDLE about the second handle.
pub(super) const HANDLE_2: u32 = 0x28b;
/// TPM_RC_VALUE about the first parameter.
pub(super) const VALUE_1: u32 = 0x1c4;
/// TPM_RC_SIZE about the first parameter.
pub(super) const SIZE_1: u32 = 0x1d5;
/// TPM_RC_ATTRIBUTES about the second parameter.
pub(super) const ATTRIBUTES_2: u32 = 0x2c2;
/// TPM_RC_SIZE about the second parameter.
pub(super) const SIZE_2: u32 = 0x2d5;
/// TPM_RC_HASH about the second parameter.
pub(super) const HASH_2: u32 = 0x2c3;
/// TPM_RC_SESSION_HANDLES.
pub(super) const SESSION_HANDLES: u32 = 0x905;
/// TPM_RC_REFERENCE_S0: there is no such session.
pub(super) const NO_SESSION: u32 = 0x918;
/// TPM_RC_RETRY.
pub(super) const RETRY: u32 = 0x922;
/// TPM_RC_AUTH_FAIL about the first session.
pub(super) const AUTH_FAIL: u32 = 0x98e;
/// TPM_RC_ATTRIBUTES about the first session.
pub(super) const SESSION_ATTRIBUTES: u32 = 0x982;
