//! PCR selections (TPML_PCR_SELECTION), and the input of the PolicyPCR digest over one.

use super::{u16_be, u32_be};
use crate::{Error, ErrorKind, Reader};

/// The number of PCRs in a TPM of PC clients: 0 to 23.
pub const REGISTERS: u8 = 24;
/// The limit of selections in a list. A quote has one for each bank, and a TPM has fewer banks.
pub const MAX_SELECTIONS: usize = 8;

/// Selected PCRs of one bank: TPMS_PCR_SELECTION.
///
/// Shape, big-endian: the hash algorithm (2 bytes), the size of the bitmap (1 byte: 3 or 4), the bitmap.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// `hash`, 2 bytes: the hash algorithm of the bank, a TPM_ALG_ID.
    pub bank: u16,
    /// `pcrSelect`, 3 or 4 bytes: PCR `i` is bit `i`, counted from the least significant.
    pub bitmap: u32,
}

impl Selection {
    const NONE: Self = Self { bank: 0, bitmap: 0 };

    /// Reads one selection of three or four bytes; TPMs of PC clients write three.
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let bank = u16_be(reader, "TPMS_PCR_SELECTION: hash")?;
        let at = reader.at();
        let mut bitmap = [0; 4];
        let size = usize::from(reader.byte("TPMS_PCR_SELECTION: sizeofSelect")?);
        if !(3..=4).contains(&size) {
            return Err(at.error(ErrorKind::Value, "TPMS_PCR_SELECTION: sizeofSelect", "3 or 4"));
        }
        let at = reader.at();
        let bits = reader.take(size, "TPMS_PCR_SELECTION: pcrSelect")?;
        bitmap.iter_mut().zip(bits).for_each(|(to, from)| *to = *from);
        let bitmap = u32::from_le_bytes(bitmap);
        if bitmap >> REGISTERS != 0 {
            return Err(at.error(ErrorKind::Value, "TPMS_PCR_SELECTION: pcrSelect", "PCRs 0 to 23"));
        }
        Ok(Self { bank, bitmap })
    }

    /// Whether a PCR is selected.
    #[must_use]
    pub const fn contains(self, index: u8) -> bool {
        index < REGISTERS && (self.bitmap >> index) & 1 == 1
    }

    /// The selected PCRs, ascending: the order in which a TPM hashes their values.
    pub fn indices(self) -> impl Iterator<Item = u8> {
        (0..REGISTERS).filter(move |index| self.contains(*index))
    }

    /// The number of selected PCRs.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.bitmap.count_ones()
    }
}

/// A list of selections: TPML_PCR_SELECTION.
///
/// Shape, big-endian: the number of selections (4 bytes), at most [`MAX_SELECTIONS`]; the selections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selections {
    list: [Selection; MAX_SELECTIONS],
    count: usize,
}

impl Selections {
    #[inline]
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at();
        let count = u32_be(reader, "TPML_PCR_SELECTION: count")?;
        let count = usize::try_from(count).ok().filter(|count| *count <= MAX_SELECTIONS).ok_or(at.error(
            ErrorKind::TooLarge,
            "TPML_PCR_SELECTION: count",
            "at most 8 selections",
        ))?;
        let mut list = [Selection::NONE; MAX_SELECTIONS];
        for slot in list.iter_mut().take(count) {
            *slot = Selection::read(reader)?;
        }
        Ok(Self { list, count })
    }

    /// The selections, in the order of the quote.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Selection> + '_ {
        self.list.iter().take(self.count).copied()
    }
}

/// The number of bytes that [`policy_pcr`] returns.
pub const POLICY_PCR_BYTES: usize = 78;

/// TPM_CC_PolicyPCR.
const COMMAND: [u8; 4] = 0x0000_017f_u32.to_be_bytes();

/// The bytes whose SHA-256 is the `authPolicy` of an object that can be used only while the selected
/// PCRs have these values.
///
/// `pcr_digest` is the SHA-256 of the values of the selected PCRs, ascending, concatenated. The
/// selection is encoded as TPMs of PC clients encode it, with three bytes of bitmap: PCRs from 24 on
/// do not exist and are left out.
///
/// Source: TCG TPM 2.0 Library, Part 3, section 23.7 (TPM2_PolicyPCR): the previous digest,
/// 32 zero bytes; the command code; the TPML_PCR_SELECTION; the digest of the PCRs.
#[must_use]
pub fn policy_pcr(selection: Selection, pcr_digest: &[u8; 32]) -> [u8; POLICY_PCR_BYTES] {
    let [bank_high, bank_low] = selection.bank.to_be_bytes();
    let [first, second, third, _] = selection.bitmap.to_le_bytes();
    let list = [0, 0, 0, 1, bank_high, bank_low, 3, first, second, third];
    let mut bytes = [0; POLICY_PCR_BYTES];
    let after = COMMAND.iter().chain(&list).chain(pcr_digest);
    bytes.iter_mut().skip(32).zip(after).for_each(|(to, from)| *to = *from);
    bytes
}
