//! PCR values in the forms in which tools write them: the text of `tpm2_pcrread` and the file of `tpm2_quote`.

use alloc::vec::Vec;

use teeproof_wire::tpm::{SHA1, SHA256, digest_bytes};

use crate::bytes;
use crate::pcrs::{COUNT, Sha256Pcrs};
use crate::{InputError, InputKind, Part};

/// PCR values of SHA-256, and those of other banks, which no quote that is verified covers.
pub(crate) struct Read {
    values: [Option<[u8; 32]>; COUNT],
    others: Vec<Other>,
}

/// A value of another bank (TPM_ALG_ID) with its number.
pub(crate) struct Other {
    bank: u16,
    index: usize,
    value: Vec<u8>,
}

impl Read {
    const NONE: Self = Self { values: [None; COUNT], others: Vec::new() };

    fn has_sha256(&self) -> bool {
        self.values.iter().any(Option::is_some)
    }

    pub(crate) fn has_other_banks(&self) -> bool {
        !self.others.is_empty()
    }

    /// Takes a value; `None` for one of another length than its bank's, of a number that no PCR has, or
    /// that is given twice.
    fn add(&mut self, bank: u16, index: usize, value: &[u8]) -> Option<()> {
        if Some(value.len()) != digest_bytes(bank) {
            return None;
        }
        if bank == SHA256 {
            let slot = self.values.get_mut(index).filter(|slot| slot.is_none())?;
            *slot = Some(value.try_into().ok()?);
            return Some(());
        }
        let again = self.others.iter().any(|other| (other.bank, other.index) == (bank, index));
        (index < COUNT && !again).then(|| self.others.push(Other { bank, index, value: value.to_vec() }))
    }

    /// The part that is kept: the values of SHA-256, or those of other banks where there are no others;
    /// and whether some were left out.
    pub(crate) fn into_part(self) -> (Part, bool) {
        if let Some(values) = Sha256Pcrs::new(self.values) {
            return (Part::from(values), !self.others.is_empty());
        }
        let mut bytes = Vec::new();
        for Other { bank, index, value } in self.others {
            bytes.extend_from_slice(&bank.to_be_bytes());
            // A PCR's number and a digest's length fit.
            bytes.extend([index, value.len()].map(|byte| u8::try_from(byte).unwrap_or(u8::MAX)));
            bytes.extend(value);
        }
        (Part::parse(InputKind::OtherPcrValues, bytes), false)
    }
}

/// Reads values in a form that carries the number of each.
///
/// What tpm2-tools write as `serialized` is read by [`serialized`].
pub(crate) fn read(bytes: &[u8]) -> Result<Read, InputError> {
    if let Some(values) = Sha256Pcrs::decode(bytes) {
        return Ok(Read { values: *values.values(), others: Vec::new() });
    }
    of_text(crate::encoding::text(bytes).ok_or(InputError::PcrFormat)?)
}

/// Whether text looks like what `tpm2_pcrread` prints: the name of a bank, then its registers.
pub(crate) fn looks_like_text(text: &str) -> bool {
    bank(text.lines().next().unwrap_or_default()).is_some()
}

/// What `tpm2_pcrread` prints.
pub(crate) fn of_text(text: &str) -> Result<Read, InputError> {
    of_lines((1..).zip(text.lines()))
}

/// Lines of what `tpm2_pcrread` prints, with their numbers: `sha256:`, then `0 : 0x…` for each PCR.
pub(crate) fn of_lines<'t>(lines: impl IntoIterator<Item = (usize, &'t str)>) -> Result<Read, InputError> {
    let mut read = Read::NONE;
    let mut bank_of_lines = None;
    for (number, line) in lines {
        let wrong = || InputError::PcrLine { line: number };
        if line.trim().is_empty() {
            continue;
        }
        if let Some(bank) = bank(line) {
            bank_of_lines = Some(bank);
            continue;
        }
        let (index, value) = register(line).ok_or_else(wrong)?;
        let bank = bank_of_lines.ok_or_else(wrong)?;
        read.add(bank, index, &value).ok_or_else(wrong)?;
    }
    if read.has_sha256() || !read.others.is_empty() { Ok(read) } else { Err(InputError::PcrFormat) }
}

/// The bank, from the line that opens it.
fn bank(line: &str) -> Option<u16> {
    match line.trim().strip_suffix(':')?.trim_end() {
        "sha1" => Some(SHA1),
        "sha256" => Some(SHA256),
        "sha384" => Some(0x000c),
        "sha512" => Some(0x000d),
        "sm3_256" => Some(0x0012),
        "sha3_256" => Some(0x0027),
        "sha3_384" => Some(0x0028),
        "sha3_512" => Some(0x0029),
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

/// What tpm2-tools write as `serialized`, little-endian: the selection (a count, then sixteen times
/// a bank, a size and four bytes of bits, with a byte of padding), a count of lists, and for each
/// list a count and room for eight digests of up to 64 bytes, each with its size.
pub(crate) fn serialized(bytes: &[u8]) -> Option<Read> {
    let (selections, rest) = bytes.split_at_checked(SELECTIONS)?;
    let (count, lists) = rest.split_first_chunk()?;
    let (lists, partial) = lists.as_chunks::<LIST>();
    if !partial.is_empty() || usize::try_from(u32::from_le_bytes(*count)).ok()? != lists.len() {
        return None;
    }
    let mut digests = lists.iter().map(digests).collect::<Option<Vec<_>>>()?.into_iter().flatten();
    let mut read = Read::NONE;
    for (bank, index) in selected(selections)? {
        read.add(bank, index, digests.next()?)?;
    }
    let complete = digests.next().is_none() && (read.has_sha256() || !read.others.is_empty());
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
