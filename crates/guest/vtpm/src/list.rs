//! Lists of handles that may take several answers.

use crate::{Error, Tpm, held};

/// More than fit the memory of a TPM.
const MOST: usize = 4096;
/// The part of a handle that counts within its kind.
const COUNT: u32 = 0x00ff_ffff;

/// All handles of one kind that are in use, from this one up, however many answers it takes.
///
/// An answer has to go on after the last handle, strictly ascending and within the kind of the
/// first, which its highest byte tells; an empty one ends the list. So there is an end. Sessions are
/// listed in no order that could be gone on in; [`Tpm::handles`] lists those.
///
/// # Errors
/// Those of the command; handles out of order; more of them than a TPM has room for.
pub fn all_handles(tpm: &mut dyn Tpm, first: u32) -> Result<Vec<u32>, Error> {
    let mut list = Vec::new();
    let mut next = first;
    loop {
        let more = tpm.handles(next)?;
        held::ascending(next, &more)?;
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
