//! PCR values in the form of tpm2_pcrread.

use std::fmt::Write;

use teeproof_core::Hex;
use teeproof_vtpm::{PcrValues, hash_name};

/// Registers of one bank as tpm2_pcrread prints them.
pub(crate) fn text(registers: &PcrValues) -> String {
    let mut out = format!("{}:\n", bank(registers));
    for (index, value) in registers.selection.indices().zip(&registers.values) {
        let digits = Hex(value).to_string().to_ascii_uppercase();
        let _ = writeln!(out, "  {index:<2}: 0x{digits}");
    }
    out
}

/// The name of the bank.
pub(crate) fn bank(registers: &PcrValues) -> String {
    let bank = registers.selection.bank;
    hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned)
}
