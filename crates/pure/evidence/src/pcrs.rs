//! PCR values: those of SHA-256 by number, those of other banks, and values without their numbers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// The number of PCRs of a bank.
pub(crate) const COUNT: usize = 24;

/// SHA-256 values of PCRs by number, at least one.
///
/// They are stored twice, as an array and in the form of bundles: 33 bytes each, the number and the
/// value, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sha256Pcrs {
    values: [Option<[u8; 32]>; COUNT],
    encoded: Vec<u8>,
}

impl Sha256Pcrs {
    /// The values by number; `None` if all are absent.
    #[must_use]
    pub fn new(values: [Option<[u8; 32]>; COUNT]) -> Option<Self> {
        let mut encoded = Vec::new();
        for (index, value) in (0_u8..).zip(&values) {
            if let Some(value) = value {
                encoded.push(index);
                encoded.extend_from_slice(value);
            }
        }
        (!encoded.is_empty()).then_some(Self { values, encoded })
    }

    /// The values of these PCRs, each with its number; `None` if there are none, or a number is above 23 or
    /// given twice.
    #[must_use]
    pub fn from_numbered(numbered: impl IntoIterator<Item = (u8, [u8; 32])>) -> Option<Self> {
        let mut values = [None; COUNT];
        for (index, value) in numbered {
            let slot = values.get_mut(usize::from(index)).filter(|slot| slot.is_none())?;
            *slot = Some(value);
        }
        Self::new(values)
    }

    /// Decodes the form in which bundles have them; `None` where each number is not above the one before.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<33>();
        let mut values = [None; COUNT];
        let mut least = 0_u8;
        for [index, value @ ..] in entries {
            let slot = values.get_mut(usize::from(*index)).filter(|_| *index >= least)?;
            *slot = Some(*value);
            least = index.checked_add(1)?;
        }
        (rest.is_empty() && least > 0).then(|| Self { values, encoded: bytes.to_vec() })
    }

    /// The values by number.
    #[must_use]
    pub const fn values(&self) -> &[Option<[u8; 32]>; COUNT] {
        &self.values
    }

    /// The form in which bundles have them.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The text of `tpm2_pcrread` for these values.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::from("  sha256:\n");
        for (index, value) in self.values.iter().enumerate() {
            if let Some(value) = value {
                // Writing to a string does not fail.
                let _ = writeln!(text, "    {index:<2}: 0x{}", teeproof_core::Hex(value));
            }
        }
        text
    }
}

/// The values of other banks in the form that is kept: bank, number, value.
pub fn others(mut bytes: &[u8]) -> impl Iterator<Item = (u16, u8, &[u8])> {
    core::iter::from_fn(move || {
        let ([high, low, index, size], rest) = bytes.split_first_chunk()?;
        let (value, rest) = rest.split_at_checked(usize::from(*size))?;
        bytes = rest;
        Some((u16::from_be_bytes([*high, *low]), *index, value))
    })
}

/// The bank of the first of such values.
pub fn first_bank(bytes: &[u8]) -> u16 {
    others(bytes).next().map_or(0, |(bank, ..)| bank)
}

/// Whether the bytes can be values one after the other: 1 to 24 of SHA-256, or a whole bank of a longer
/// hash. Which bank they are of is not in them.
pub(crate) fn is_concatenation(bytes: &[u8]) -> bool {
    let whole_bank = [48, 64].iter().any(|size| bytes.len() == COUNT.saturating_mul(*size));
    whole_bank || values_of(bytes, 32).is_some()
}

/// The banks that values one after the other can be of: the hash, and how many values that makes.
pub fn possible_banks(bytes: &[u8]) -> impl Iterator<Item = (&'static str, usize)> {
    [("SHA-1", 20), ("SHA-256", 32), ("SHA-384", 48), ("SHA-512", 64)]
        .into_iter()
        .filter_map(|(name, size)| Some((name, values_of(bytes, size)?)))
}

fn values_of(bytes: &[u8], size: usize) -> Option<usize> {
    let count = bytes.len().checked_div(size)?;
    (bytes.len() == count.checked_mul(size)? && (1..=COUNT).contains(&count)).then_some(count)
}

/// Whether bytes are PCR values of SHA-256 that no signature can be: one of a PCR that was not extended,
/// or two that are equal.
pub(crate) fn are_plainly_values(bytes: &[u8]) -> bool {
    let (values, rest) = bytes.as_chunks::<32>();
    let untouched = |value: &[u8; 32]| *value == [0; 32] || *value == [0xff; 32];
    let equal = values
        .iter()
        .enumerate()
        .any(|(at, value)| values.iter().skip(at.saturating_add(1)).any(|other| other == value));
    rest.is_empty() && (equal || values.iter().any(untouched))
}
