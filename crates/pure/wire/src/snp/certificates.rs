//! The certificate table that a host provides to an SEV-SNP guest: after an extended report, and as
//! `auxblob` in the kernel's configfs-tsm.
//!
//! Source: AMD document 56421 (GHCB), SNP extended guest request.

use crate::{Error, ErrorKind, Reader};

/// The size limit of a table in bytes; that of the Linux kernel is 16 KiB.
pub const MAX_TABLE_BYTES: usize = 64 * 1024;
/// The limit of entries; real tables have four or five.
pub const MAX_ENTRIES: usize = 16;

const WHAT: &str = "certificate table";
const ENTRY_BYTES: usize = 24;

/// The kind of an entry of the table, by its GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TableKind {
    /// The VCEK.
    Vcek,
    /// The VLEK.
    Vlek,
    /// The ASK, or the ASVK.
    Ask,
    /// The ARK.
    Ark,
    /// A revocation list of the ARK.
    Crl,
    /// An entry with another GUID, defined by the host.
    Other,
}

impl TableKind {
    /// The name: `VCEK`, `CRL`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcek => "VCEK",
            Self::Vlek => "VLEK",
            Self::Ask => "ASK",
            Self::Ark => "ARK",
            Self::Crl => "CRL",
            Self::Other => "not known",
        }
    }

    const fn of(guid: &[u8; 16]) -> Self {
        match u128::from_be_bytes(*guid) {
            0x63da758d_e664_4564_adc5_f4b93be8accd => Self::Vcek,
            0xa8074bc2_a25a_483e_aae6_39c045a0b8a1 => Self::Vlek,
            0x4ab7b379_bbac_4fe4_a02f_05aef327c782 => Self::Ask,
            0xc0b406a4_a803_4952_9743_3fb6014cd0ae => Self::Ark,
            0x92f81bc3_5811_4d3d_97ff_d19f88dc67ea => Self::Crl,
            _ => Self::Other,
        }
    }
}

/// An entry of a table and its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableEntry<'a> {
    /// The kind by the GUID, 16 bytes at 0 of the entry.
    pub kind: TableKind,
    /// The data: a certificate or a revocation list, DER, at the offset (4 bytes at 16) and with the length (4
    /// bytes at 20) of the entry.
    pub bytes: &'a [u8],
}

/// A certificate table, unverified. It borrows its input.
///
/// Shape, little-endian: entries of 24 bytes (GUID, 16 bytes; offset from the start of the table, 4 bytes;
/// length, 4 bytes), an entry of zeros, the data of the entries, zeros.
#[derive(Clone, Copy, Debug)]
pub struct CertificateTable<'a> {
    bytes: &'a [u8],
    entries: &'a [u8],
}

impl<'a> CertificateTable<'a> {
    /// Parses a table, which must fill `bytes`.
    ///
    /// # Errors
    /// More than [`MAX_TABLE_BYTES`] or [`MAX_ENTRIES`]; no entry; an entry that points into the entries
    /// or out of the table; a byte after the last certificate that is not zero.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_TABLE_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 65536 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            let count = count(reader)?;
            let start = reader.offset();
            reader.take(reader.remaining(), WHAT)?;
            let entries = bytes.get(..count.saturating_mul(ENTRY_BYTES)).unwrap_or_default();
            let table = Self { bytes, entries };
            table.check(start)?;
            Ok(table)
        })
    }

    /// Whether bytes begin with an entry of a known GUID, to choose a parser by.
    #[must_use]
    pub fn looks_like(bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|guid| TableKind::of(guid) != TableKind::Other)
    }

    /// The entries, in the order of the table.
    pub fn entries(&self) -> impl Iterator<Item = TableEntry<'a>> + use<'a> {
        let bytes = self.bytes;
        self.headers().filter_map(move |(kind, offset, length)| {
            Some(TableEntry { kind, bytes: bytes.get(offset..offset.checked_add(length)?)? })
        })
    }

    /// The kind, offset and length of each entry.
    fn headers(&self) -> impl Iterator<Item = (TableKind, usize, usize)> + use<'a> {
        let (entries, _) = self.entries.as_chunks::<ENTRY_BYTES>();
        entries.iter().filter_map(|entry| {
            let (guid, rest) = entry.split_first_chunk()?;
            let (offset, rest) = rest.split_first_chunk()?;
            let size = |bytes: &[u8; 4]| usize::try_from(u32::from_le_bytes(*bytes)).ok();
            Some((TableKind::of(guid), size(offset)?, size(rest.first_chunk()?)?))
        })
    }

    /// Checks that the data are after the entries and within the table, and that zeros follow them.
    fn check(&self, start: usize) -> Result<(), Error> {
        let mut end = start;
        for (number, (_, offset, length)) in (0..=usize::MAX).zip(self.headers()) {
            let stop = offset.checked_add(length).filter(|stop| *stop <= self.bytes.len());
            match stop {
                Some(stop) if offset >= start => end = end.max(stop),
                _ => {
                    return Err(Error::new(
                        ErrorKind::Value,
                        "certificate table: entry",
                        number.saturating_mul(ENTRY_BYTES),
                        "a place behind the entries and within the table",
                    ));
                }
            }
        }
        let padding = self.bytes.get(end..).unwrap_or_default();
        match (end..=usize::MAX).zip(padding).find(|(_, byte)| **byte != 0) {
            None => Ok(()),
            Some((at, _)) => {
                Err(Error::new(ErrorKind::Trailing, WHAT, at, "zero after the last certificate"))
            }
        }
    }
}

/// Reads up to the entry of zeros and counts those before it.
fn count(reader: &mut Reader<'_>) -> Result<usize, Error> {
    let mut count = 0_usize;
    loop {
        let at = reader.at();
        let entry: &[u8; ENTRY_BYTES] = reader.array("certificate table: entry")?;
        if entry.iter().all(|byte| *byte == 0) {
            break;
        }
        count = count.saturating_add(1);
        if count > MAX_ENTRIES {
            return Err(at.error(ErrorKind::TooLarge, WHAT, "at most 16 entries"));
        }
    }
    if count == 0 { Err(Error::new(ErrorKind::Missing, WHAT, 0, "at least one entry")) } else { Ok(count) }
}
