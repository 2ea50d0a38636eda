//! The ACPI table CCEL, which gives the address of a CC event log. It does not contain the log.

use crate::{Describe, DescribedField, Error, ErrorKind, Reader, Visitor};

/// The size of the table in bytes.
pub const CCEL_TABLE_BYTES: usize = 56;
/// The signature of the table, 4 bytes at 0.
const SIGNATURE: &[u8; 4] = b"CCEL";
const WHAT: &str = "ACPI table CCEL";

/// The ACPI table of a confidential-computing event log, unverified.
///
/// Shape: 56 bytes, little-endian. Source: ACPI 6.5, section 5.2.34 (CC Event Log ACPI table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CcelTable {
    /// `Revision`, 1 byte at 8.
    pub revision: u8,
    /// Whether `Checksum`, 1 byte at 9, is right: the sum of all bytes is zero.
    pub sum_is_zero: bool,
    /// `CC Type`, 1 byte at 36: 1 for AMD SEV, 2 for Intel TDX.
    pub cc_type: u8,
    /// `CC Sub-type`, 1 byte at 37: 0.
    pub cc_subtype: u8,
    /// `Log Area Minimum Length`, 8 bytes at 40, in bytes.
    pub log_bytes: u64,
    /// `Log Area Start Address`, 8 bytes at 48: the guest's physical address of the log.
    pub log_address: u64,
}

impl CcelTable {
    /// Whether bytes begin with the table's signature, to choose a parser by.
    #[must_use]
    pub fn looks_like(bytes: &[u8]) -> bool {
        bytes.starts_with(SIGNATURE)
    }

    /// Parses a table, which must fill `bytes`.
    ///
    /// # Errors
    /// Another signature; another `Length` than 56; another number of bytes than 56.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let sum_is_zero = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte)) == 0;
        Reader::all(bytes, 0, WHAT, |reader| {
            let at = reader.at();
            if reader.array(WHAT)? != SIGNATURE {
                return Err(at.error(ErrorKind::Value, WHAT, "the signature CCEL"));
            }
            let at = reader.at();
            if u32::from_le_bytes(*reader.array(WHAT)?) != 56 {
                return Err(at.error(ErrorKind::Value, "ACPI table CCEL: length", "56 bytes"));
            }
            let revision = reader.byte(WHAT)?;
            // Checksum, the OEM's names and numbers, and the creator's.
            reader.array::<27>(WHAT)?;
            let [cc_type, cc_subtype, _, _] = *reader.array(WHAT)?;
            let log_bytes = u64::from_le_bytes(*reader.array(WHAT)?);
            let log_address = u64::from_le_bytes(*reader.array(WHAT)?);
            Ok(Self { revision, sum_is_zero, cc_type, cc_subtype, log_bytes, log_address })
        })
    }
}

impl Describe for CcelTable {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(
            DescribedField::at("Signature", 0..4, &"CCEL").note(&"where the log lies; not the log itself"),
        );
        visitor.field(DescribedField::at("Length", 4..8, &CCEL_TABLE_BYTES));
        visitor.field(DescribedField::at("Revision", 8..9, &self.revision));
        let sum =
            if self.sum_is_zero { "the bytes add up to zero" } else { "the bytes do not add up to zero" };
        visitor.field(DescribedField::at("Checksum", 9..10, &sum));
        let kind = match self.cc_type {
            1 => "AMD SEV",
            2 => "Intel TDX",
            _ => "not known",
        };
        visitor.field(DescribedField::at("CC Type", 36..37, &self.cc_type).note(&kind));
        visitor.field(DescribedField::at("CC Sub-type", 37..38, &self.cc_subtype));
        visitor.field(DescribedField::at("Log Area Minimum Length", 40..48, &self.log_bytes).note(&"bytes"));
        visitor.field(DescribedField::at(
            "Log Area Start Address",
            48..56,
            &format_args!("{:#x}", self.log_address),
        ));
    }
}
