//! The platform's NV indexes, and the shadows that stand for them in the TPM.

use super::{command, run, secret};
use crate::Error;
use crate::paravisor::codes::{NV_DEFINE_SPACE, NV_READ_PUBLIC, NV_WRITE, PLATFORM};
use crate::paravisor::frame::{Authorization, Command, sized};
use crate::paravisor::index::{Index, MAX_SHADOW_BYTES, Shadow, nv_public};
use crate::paravisor::upstream::{Refused, Upstream, ask};

/// TPMA_NV: AUTHWRITE, OWNERREAD, AUTHREAD, NO_DA, PLATFORMCREATE. The password behind the first and
/// the third is a new one at each start and known to nobody, so that the guest reads as the owner.
const ATTRIBUTES: u32 = 1 << 2 | 1 << 17 | 1 << 18 | 1 << 25 | 1 << 30;

/// Defines the shadow of an index of this size, marks it as written, and gives the index.
pub(super) fn define(
    tpm: &mut dyn Upstream,
    handle: u32,
    size: u16,
    contents: Vec<u8>,
) -> Result<Index, Error> {
    let password = secret()?;
    let public = nv_public(handle, ATTRIBUTES, size.min(MAX_SHADOW_BYTES));
    run(tpm, NV_DEFINE_SPACE, &[PLATFORM], &[sized(&password), sized(&public)].concat())?;
    // One zero at offset 0.
    let parameters = [sized(&[0]), vec![0; 2]].concat();
    let write = Command {
        sessions: vec![Authorization::password(&password)],
        ..command(NV_WRITE, &[handle, handle], &parameters)
    };
    ask(tpm, false, &write)?;
    let asked = Command { sessions: Vec::new(), ..command(NV_READ_PUBLIC, &[handle], &[]) };
    let (_, parameters) = ask(tpm, false, &asked)?;
    let shadow = Shadow::parse(&parameters).ok_or(Refused::Code(NV_READ_PUBLIC, 0))?;
    Ok(Index { handle, size, contents, shadow })
}
