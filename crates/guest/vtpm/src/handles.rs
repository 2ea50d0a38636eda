//! Handles in the virtual TPM of an Azure confidential VM, and lists of handles.
//!
//! Source: `vm/devices/tpm` of microsoft/openvmm; TCG TPM 2.0 Library, Part 2, section 7.

use crate::{Error, Tpm, response_checks};

/// The paravisor's report, an NV index of the platform.
pub const REPORT: u32 = 0x0140_0001;
/// User data for the next report, an NV index that the guest defines.
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

/// The first handle of NV indexes, for [`crate::Tpm::handles`].
pub const FIRST_NV_INDEX: u32 = 0x0100_0000;
/// The first handle of persistent objects, for [`crate::Tpm::handles`].
pub const FIRST_PERSISTENT: u32 = 0x8100_0000;

/// More than fit the memory of a TPM.
const MOST: usize = 4096;
/// The part of a handle that counts within its kind.
const COUNT: u32 = 0x00ff_ffff;

/// All handles of one kind that are in use, from this one up, in as many commands as it takes.
///
/// Each response continues after the last handle, strictly ascending and within the kind of the first (its
/// highest byte); an empty one ends the list. The order of sessions allows no continuation: use
/// [`Tpm::handles`] for them.
///
/// # Errors
/// Those of the command; handles out of order; more than 4096 of them.
pub fn all_handles(tpm: &mut dyn Tpm, first: u32) -> Result<Vec<u32>, Error> {
    let mut list = Vec::new();
    let mut next = first;
    loop {
        let more = tpm.handles(next)?;
        response_checks::ascending(next, &more)?;
        let Some(last) = more.last().copied() else { return Ok(list) };
        list.extend(more);
        if list.len() > MOST {
            let what = format!("more than {MOST} handles of one kind");
            return Err(Error::Malformed { command: "TPM2_GetCapability", what });
        }
        if last & COUNT == COUNT {
            return Ok(list);
        }
        next = last.saturating_add(1);
    }
}
