//! Register values of a TPM in the forms in which tools write them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use teeproof_wire::tpm::{SHA256, digest_bytes};

use super::InputError;
use crate::bytes;

/// SHA-256 values by register; those that did not come are absent.
pub(crate) type Registers = [Option<[u8; 32]>; COUNT];

const COUNT: usize = 24;

/// Register values, and whether there were others beside them.
pub(super) struct Read {
    pub(super) registers: Registers,
    /// Values of other banks than SHA-256 were there; no quote that is verified covers them.
    pub(super) other_banks: bool,
}

/// Reads values in any of the forms that carry the index of each.
pub(super) fn read(bytes: &[u8]) -> Result<Read, InputError> {
    if let Some(registers) = indexed(bytes) {
        return Ok(Read { registers, other_banks: false });
    }
    match super::encoding::text(bytes) {
        Some(text) => of_text(text),
        None => serialized(bytes).ok_or(InputError::Registers),
    }
}

/// The form that is kept: for each register its index and its value, by index.
pub(crate) fn encode(registers: &Registers) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, value) in (0_u8..).zip(registers) {
        if let Some(value) = value {
            bytes.push(index);
            bytes.extend_from_slice(value);
        }
    }
    bytes
}

/// Reads the form that is kept: at least one register, each index above the one before.
pub(crate) fn indexed(bytes: &[u8]) -> Option<Registers> {
    let (entries, rest) = bytes.as_chunks::<33>();
    let mut registers = [None; COUNT];
    let mut least = 0_u8;
    for [index, value @ ..] in entries {
        let slot = registers.get_mut(usize::from(*index)).filter(|_| *index >= least)?;
        *slot = Some(*value);
        least = index.checked_add(1)?;
    }
    (rest.is_empty() && least > 0).then_some(registers)
}

/// Whether the bytes can be values one after the other: 1 to 24 of them.
pub(super) fn is_concatenation(bytes: &[u8]) -> bool {
    let (values, rest) = bytes.as_chunks::<32>();
    rest.is_empty() && (1..=COUNT).contains(&values.len())
}

/// Whether text looks like what `tpm2_pcrread` prints: the name of a bank, then its registers.
pub(super) fn looks_like_text(text: &str) -> bool {
    bank(text.lines().next().unwrap_or_default()).is_some()
}

/// What `tpm2_pcrread` prints: `sha256:`, then `0 : 0x…` for each register. Other banks are read
/// over.
fn of_text(text: &str) -> Result<Read, InputError> {
    let mut read = Read { registers: [None; COUNT], other_banks: false };
    let mut bytes_of_bank = None;
    for (line, number) in text.lines().zip(1_usize..) {
        let wrong = || InputError::RegisterLine { line: number };
        if line.trim().is_empty() {
            continue;
        }
        if let Some(bytes) = bank(line) {
            bytes_of_bank = Some(bytes);
            continue;
        }
        let (index, value) = register(line).ok_or_else(wrong)?;
        let slot = read.registers.get_mut(index).ok_or_else(wrong)?;
        match (bytes_of_bank, <[u8; 32]>::try_from(value.as_slice())) {
            (Some(32), Ok(value)) if slot.is_none() => *slot = Some(value),
            (Some(bytes), _) if bytes != 32 && value.len() == bytes => read.other_banks = true,
            _ => return Err(wrong()),
        }
    }
    if read.registers.iter().all(Option::is_none) { Err(InputError::Registers) } else { Ok(read) }
}

/// The size of a bank's values, from the line that opens it. SM3 has the size of SHA-256 and is
/// not it.
fn bank(line: &str) -> Option<usize> {
    match line.trim().strip_suffix(':')?.trim_end() {
        "sha1" => Some(20),
        "sha256" => Some(32),
        "sha384" => Some(48),
        "sha512" => Some(64),
        _ => None,
    }
}

/// The index and the value of a line like `7 : 0x65CA…`.
fn register(line: &str) -> Option<(usize, Vec<u8>)> {
    let (index, value) = line.split_once(':')?;
    let index = index.trim();
    let digits = index.len() <= 2 && index.bytes().all(|byte| byte.is_ascii_digit());
    let value = bytes::hex(value.trim().strip_prefix("0x")?)?;
    Some((index.parse().ok().filter(|_| digits)?, value))
}

/// The text of `tpm2_pcrread` for these values.
pub(crate) fn show(registers: &Registers) -> String {
    let mut text = String::from("  sha256:\n");
    for (index, value) in registers.iter().enumerate() {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = writeln!(text, "    {index:<2}: 0x{}", teeproof_core::Hex(value));
        }
    }
    text
}

/// What tpm2-tools write as `serialized`, little-endian: the selection (a count, then sixteen times
/// a bank, a size and four bytes of bits, with a byte of padding), a count of lists, and for each
/// list a count and room for eight digests of up to 64 bytes, each with its size.
pub(super) fn serialized(bytes: &[u8]) -> Option<Read> {
    let (selections, rest) = bytes.split_at_checked(SELECTIONS)?;
    let (count, lists) = rest.split_first_chunk()?;
    let (lists, partial) = lists.as_chunks::<LIST>();
    if !partial.is_empty() || usize::try_from(u32::from_le_bytes(*count)).ok()? != lists.len() {
        return None;
    }
    let mut digests = lists.iter().map(digests).collect::<Option<Vec<_>>>()?.into_iter().flatten();
    let mut read = Read { registers: [None; COUNT], other_banks: false };
    for (bank, index) in selected(selections)? {
        let digest = digests.next().filter(|digest| Some(digest.len()) == digest_bytes(bank))?;
        match <[u8; 32]>::try_from(digest) {
            Ok(value) if bank == SHA256 => {
                let slot = read.registers.get_mut(index).filter(|slot| slot.is_none())?;
                *slot = Some(value);
            }
            _ => read.other_banks = true,
        }
    }
    let complete = digests.next().is_none() && read.registers.iter().any(Option::is_some);
    complete.then_some(read)
}

/// The selected registers in order, with the bank of each.
fn selected(bytes: &[u8]) -> Option<Vec<(u16, usize)>> {
    let (count, entries) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|count| *count <= 16)?;
    let (entries, _) = entries.as_chunks::<8>();
    let mut registers = Vec::new();
    for [low, high, size, bitmap @ .., _] in entries.iter().take(count) {
        let bits = u32::from_le_bytes(*bitmap);
        if *size > 4 || bits >> COUNT != 0 {
            return None;
        }
        let bank = u16::from_le_bytes([*low, *high]);
        registers.extend((0..COUNT).filter(|index| (bits >> index) & 1 == 1).map(|index| (bank, index)));
    }
    Some(registers)
}

/// The digests of one list.
fn digests(list: &[u8; LIST]) -> Option<Vec<&[u8]>> {
    let (count, entries) = list.split_first_chunk()?;
    let (entries, _) = entries.as_chunks::<66>();
    let count = usize::try_from(u32::from_le_bytes(*count)).ok().filter(|count| *count <= 8)?;
    entries
        .iter()
        .take(count)
        .map(|[low, high, digest @ ..]| digest.get(..usize::from(u16::from_le_bytes([*low, *high]))))
        .collect()
}

const SELECTIONS: usize = 132;
const LIST: usize = 532;
