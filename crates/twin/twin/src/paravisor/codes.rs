//! TPM constants of the paravisor: handles, command codes, response codes.
//!
//! Source: TCG TPM 2.0 Library, Part 2, sections 6.5, 6.6 and 7.

/// The paravisor's report, an NV index.
pub(super) const REPORT: u32 = 0x0140_0001;
/// The guest's input, an NV index that the guest defines.
pub(super) const INPUT: u32 = 0x0140_0002;
/// The certificate of the attestation key, an NV index.
pub(super) const AK_CERTIFICATE: u32 = 0x01c1_01d0;
/// TPM_RH_OWNER.
pub(super) const OWNER: u32 = 0x4000_0001;
/// TPM_RH_NULL.
pub(super) const NULL: u32 = 0x4000_0007;
/// TPM_RH_LOCKOUT.
pub(super) const LOCKOUT: u32 = 0x4000_000a;
/// TPM_RH_ENDORSEMENT.
pub(super) const ENDORSEMENT: u32 = 0x4000_000b;
/// TPM_RH_PLATFORM.
pub(super) const PLATFORM: u32 = 0x4000_000c;
/// The storage root key, a persistent object.
pub(super) const SRK: u32 = 0x8100_0001;
/// The attestation key, a persistent object.
pub(super) const AK: u32 = 0x8100_0003;

/// TPM2_EvictControl.
pub(super) const EVICT_CONTROL: u32 = 0x120;
/// TPM2_Clear.
pub(super) const CLEAR: u32 = 0x126;
/// TPM2_HierarchyChangeAuth.
pub(super) const HIERARCHY_CHANGE_AUTH: u32 = 0x129;
/// TPM2_NV_DefineSpace.
pub(super) const NV_DEFINE_SPACE: u32 = 0x12a;
/// TPM2_PCR_Allocate.
pub(super) const PCR_ALLOCATE: u32 = 0x12b;
/// TPM2_CreatePrimary.
pub(super) const CREATE_PRIMARY: u32 = 0x131;
/// TPM2_NV_Write.
pub(super) const NV_WRITE: u32 = 0x137;
/// TPM2_PCR_Event.
pub(super) const PCR_EVENT: u32 = 0x13c;
/// TPM2_SetCommandCodeAuditStatus.
pub(super) const SET_AUDIT_STATUS: u32 = 0x140;
/// TPM2_Startup.
pub(super) const STARTUP: u32 = 0x144;
/// TPM2_GetSessionAuditDigest.
pub(super) const GET_SESSION_AUDIT_DIGEST: u32 = 0x14d;
/// TPM2_NV_Read.
pub(super) const NV_READ: u32 = 0x14e;
/// TPM2_ContextLoad.
pub(super) const CONTEXT_LOAD: u32 = 0x161;
/// TPM2_ContextSave.
pub(super) const CONTEXT_SAVE: u32 = 0x162;
/// TPM2_FlushContext.
pub(super) const FLUSH_CONTEXT: u32 = 0x165;
/// TPM2_NV_ReadPublic.
pub(super) const NV_READ_PUBLIC: u32 = 0x169;
/// TPM2_StartAuthSession.
pub(super) const START_AUTH_SESSION: u32 = 0x176;
/// TPM2_GetCapability.
pub(super) const GET_CAPABILITY: u32 = 0x17a;
/// TPM2_GetRandom.
pub(super) const GET_RANDOM: u32 = 0x17b;
/// TPM2_PCR_Extend.
pub(super) const PCR_EXTEND: u32 = 0x182;
/// TPM2_NV_Certify.
pub(super) const NV_CERTIFY: u32 = 0x184;
/// TPM2_EventSequenceComplete.
pub(super) const EVENT_SEQUENCE_COMPLETE: u32 = 0x185;

/// TPM_RC_FAILURE: swtpm has ended.
pub(super) const FAILURE: u32 = 0x101;
/// TPM_RC_AUTH_UNAVAILABLE: an authorization that the twin does not support.
pub(super) const AUTH_UNAVAILABLE: u32 = 0x12f;
/// TPM_RC_COMMAND_SIZE.
pub(super) const COMMAND_SIZE: u32 = 0x142;
/// TPM_RC_COMMAND_CODE: unknown command.
pub(super) const COMMAND_CODE: u32 = 0x143;
/// TPM_RC_AUTH_CONTEXT: a session at a command that takes none.
pub(super) const AUTH_CONTEXT: u32 = 0x145;
/// TPM_RC_NV_UNINITIALIZED: the index has not been written yet.
pub(super) const UNWRITTEN: u32 = 0x14a;
/// TPM_RC_HANDLE about the first handle: unknown index.
pub(super) const ABSENT: u32 = 0x18b;
/// TPM_RC_HANDLE about the first parameter.
pub(super) const NO_SUCH_HANDLE: u32 = 0x1cb;
/// TPM_RC_INSUFFICIENT about the first parameter: it is cut off.
pub(super) const FIRST_PARAMETER_MISSING: u32 = 0x1da;
/// TPM_RC_CONTEXT_GAP: a saved session is too old for another one to be saved.
pub(super) const CONTEXT_GAP: u32 = 0x901;
/// TPM_RC_OBJECT_MEMORY: no slot for an object.
pub(super) const OBJECT_MEMORY: u32 = 0x902;
/// TPM_RC_SESSION_MEMORY: no slot for a loaded session.
pub(super) const SESSION_MEMORY: u32 = 0x903;
/// TPM_RC_SESSION_HANDLES: no handle for another session, loaded or saved.
pub(super) const SESSION_HANDLES: u32 = 0x905;
/// TPM_RC_REFERENCE_H0: the first handle is not loaded; the following codes are about the following handles.
pub(super) const REFERENCE_H0: u32 = 0x910;
