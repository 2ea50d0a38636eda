//! What has to hold of an answer, whichever transport it came over, and of what is asked for.
//!
//! Both transports see to it, and so does what is written against [`Tpm`](crate::Tpm) where it
//! relies on it, for there may be others.

use teeproof_wire::tpm::Selection;
#[cfg(any(feature = "direct", feature = "tss"))]
pub(crate) use transports::{handles, nv_index, within_registers};

use crate::Error;

/// That handles are of the kind of the first that was asked for, from it up and strictly ascending.
/// Whoever asks for more goes on after the last one, and has to come to an end.
pub(crate) fn ascending(first: u32, handles: &[u32]) -> Result<(), Error> {
    let one_kind = handles.iter().all(|handle| *handle >= first && handle >> 24 == first >> 24);
    if one_kind && handles.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    Err(malformed("TPM2_GetCapability", "handles out of order".to_owned()))
}

/// That so many bytes of an NV index came as were asked for.
pub(crate) fn nv_data(data: &[u8], size: u16) -> Result<(), Error> {
    if data.len() == usize::from(size) {
        return Ok(());
    }
    let what = format!("{} bytes, and {size} were asked for", data.len());
    Err(malformed("TPM2_NV_Read", what))
}

/// The registers of an answer to TPM2_PCR_Read: some of those that were asked for, or none, and as
/// many as there are values.
pub(crate) fn registers(asked: Selection, answered: &[Selection], values: usize) -> Result<Selection, Error> {
    const COMMAND: &str = "TPM2_PCR_Read";
    let selection = match *answered {
        [] => Selection { bitmap: 0, ..asked },
        [one] if one.bank == asked.bank && one.bitmap & !asked.bitmap == 0 => one,
        _ => return Err(malformed(COMMAND, "other registers than were asked for".to_owned())),
    };
    if u32::try_from(values) != Ok(selection.count()) {
        return Err(malformed(COMMAND, format!("{values} values of {} registers", selection.count())));
    }
    Ok(selection)
}

const fn malformed(command: &'static str, what: String) -> Error {
    Error::Malformed { command, what }
}

/// What only a transport has to see to.
#[cfg(any(feature = "direct", feature = "tss"))]
mod transports {
    use teeproof_wire::tpm::{REGISTERS, Selection};

    use super::{ascending, malformed};
    use crate::Error;

    /// That handles are in order; sessions of two kinds stand in one list, in none.
    pub(crate) fn handles(first: u32, handles: Vec<u32>) -> Result<Vec<u32>, Error> {
        if !matches!(first >> 24, 0x02 | 0x03) {
            ascending(first, &handles)?;
        }
        Ok(handles)
    }

    /// That a public area is that of the index that was asked for.
    pub(crate) fn nv_index(asked: u32, found: u32) -> Result<(), Error> {
        if asked == found {
            return Ok(());
        }
        Err(malformed("TPM2_NV_ReadPublic", format!("another index ({found:#010x})")))
    }

    /// That there are such registers: a command has no place for others.
    pub(crate) fn within_registers(command: &'static str, selection: Selection) -> Result<(), Error> {
        if selection.bitmap >> REGISTERS == 0 {
            return Ok(());
        }
        let last = REGISTERS.saturating_sub(1);
        let what = format!("registers beyond {last} ({:#x})", selection.bitmap);
        Err(Error::Unfit { command, what })
    }
}
