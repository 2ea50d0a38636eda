//! Response checks shared by both transports, and of the parameters of commands.
//!
//! Code that is written against [`Tpm`](crate::Tpm) repeats those that it relies on: there may be other
//! transports.

use teeproof_wire::tpm::Selection;
#[cfg(any(feature = "direct", feature = "tss"))]
pub(crate) use transports::{handles, nv_index, within_registers};

use crate::Error;

/// Handles are of the kind of the first requested one, at least that one, and strictly ascending: a list that
/// is continued after its last handle ends.
pub(crate) fn ascending(first: u32, handles: &[u32]) -> Result<(), Error> {
    let one_kind = handles.iter().all(|handle| *handle >= first && handle >> 24 == first >> 24);
    if one_kind && handles.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    Err(malformed("TPM2_GetCapability", "handles out of order".to_owned()))
}

/// The response has as many bytes of the NV index as were requested.
pub(crate) fn nv_data(data: &[u8], size: u16) -> Result<(), Error> {
    if data.len() == usize::from(size) {
        return Ok(());
    }
    let what = format!("expected {size} bytes, got {}", data.len());
    Err(malformed("TPM2_NV_Read", what))
}

/// The PCR selection of a response to TPM2_PCR_Read: within the requested one or empty, with one value for each.
pub(crate) fn registers(
    requested: Selection,
    answered: &[Selection],
    values: usize,
) -> Result<Selection, Error> {
    const COMMAND: &str = "TPM2_PCR_Read";
    let selection = match *answered {
        [] => Selection { bitmap: 0, ..requested },
        [one] if one.bank == requested.bank && one.bitmap & !requested.bitmap == 0 => one,
        _ => return Err(malformed(COMMAND, "PCRs that were not requested".to_owned())),
    };
    if u32::try_from(values) != Ok(selection.count()) {
        return Err(malformed(COMMAND, format!("expected {} PCR values, got {values}", selection.count())));
    }
    Ok(selection)
}

const fn malformed(command: &'static str, what: String) -> Error {
    Error::Malformed { command, what }
}

/// Checks that a transport alone makes.
#[cfg(any(feature = "direct", feature = "tss"))]
mod transports {
    use teeproof_wire::tpm::{REGISTERS, Selection};

    use super::{ascending, malformed};
    use crate::Error;

    /// Handles are in order, except those of sessions: two kinds stand in one list, unsorted.
    pub(crate) fn handles(first: u32, handles: Vec<u32>) -> Result<Vec<u32>, Error> {
        if !matches!(first >> 24, 0x02 | 0x03) {
            ascending(first, &handles)?;
        }
        Ok(handles)
    }

    /// The public area is that of the requested index.
    pub(crate) fn nv_index(requested: u32, found: u32) -> Result<(), Error> {
        if requested == found {
            return Ok(());
        }
        Err(malformed("TPM2_NV_ReadPublic", format!("expected index {requested:#010x}, got {found:#010x}")))
    }

    /// Every selected PCR exists: a command has no place for others.
    pub(crate) fn within_registers(command: &'static str, selection: Selection) -> Result<(), Error> {
        if selection.bitmap >> REGISTERS == 0 {
            return Ok(());
        }
        let last = REGISTERS.saturating_sub(1);
        let what = format!("PCRs beyond {last} ({:#x})", selection.bitmap);
        Err(Error::Unfit { command, what })
    }
}
