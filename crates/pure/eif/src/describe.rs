//! The fields of a measured image by the names of the specification, for display.

use core::fmt;

use teeproof_core::Hex;
use teeproof_wire::{Describe, DescribedField, FieldData, FieldText, HexBytes, Visitor};

use crate::{Header, MeasuredImage, MeasuredSection, SectionKind};

/// Bits in hex. A type, as the next one is, because a variable cannot hold `format_args!` before Rust 1.89.
struct HexFlags(u32);

impl fmt::Display for HexFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// A checksum in eight hexadecimal digits.
struct HexChecksum(u32);

impl fmt::Display for HexChecksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl Describe for Header {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let magic = FieldText { text: &".eif", data: FieldData::Bytes(&crate::MAGIC) };
        visitor.field(DescribedField::at("magic", 0..4, &magic));
        visitor.field(DescribedField::at("version", 4..6, &self.version()));
        let bits = self.architecture().flags();
        let flags = FieldText { text: &HexFlags(bits.into()), data: FieldData::Flags(bits.into()) };
        visitor.field(DescribedField::at("flags", 6..8, &flags).note(&self.architecture()));
        visitor.field(
            DescribedField::at("default_mem", 8..0x10, &self.default_memory()).note(&"bytes, not used"),
        );
        visitor.field(DescribedField::at("default_cpus", 0x10..0x18, &self.default_cpus()).note(&"not used"));
        visitor.field(DescribedField::at("num_sections", 0x1a..0x1c, &self.table().len()));
        for (index, (entry, at)) in self.table().iter().zip((0x1c_usize..).step_by(8)).enumerate() {
            visitor.open("section table");
            let sizes = at.saturating_add(0x100);
            visitor.field(DescribedField::new("index", &index));
            visitor.field(DescribedField::at("section_offset", at..at.saturating_add(8), &entry.offset));
            visitor.field(DescribedField::at("section_size", sizes..sizes.saturating_add(8), &entry.bytes));
            visitor.close();
        }
        let crc = FieldText { text: &HexChecksum(self.crc()), data: FieldData::Flags(self.crc().into()) };
        visitor.field(DescribedField::at("crc_32", 0x220..0x224, &crc).note(&"matches the file"));
    }
}

impl MeasuredSection {
    fn describe(&self, ramdisk: usize, visitor: &mut dyn Visitor) {
        visitor.open("section");
        let kind = FieldText { text: &self.kind, data: FieldData::Number(self.kind.number().into()) };
        let measured = match self.kind {
            SectionKind::Kernel | SectionKind::CommandLine => "measured in PCR0 and PCR1",
            SectionKind::Ramdisk if ramdisk == 1 => "measured in PCR0 and PCR1",
            SectionKind::Ramdisk => "measured in PCR0 and PCR2",
            SectionKind::Signature => "not measured; PCR8 is of its certificate",
            SectionKind::Metadata => "not measured",
        };
        visitor.field(DescribedField::new("section_type", &kind).note(&measured));
        visitor.field(DescribedField::new("offset", &self.offset));
        visitor.field(DescribedField::new("section_size", &self.bytes).note(&"bytes"));
        if let Some(digest) = &self.sha384 {
            visitor.field(DescribedField::new("SHA-384", &HexBytes(digest)));
        }
        visitor.close();
    }
}

impl Describe for MeasuredImage {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open("header");
        self.header().describe(visitor);
        visitor.close();
        let mut ramdisks = 0_usize;
        for section in self.sections() {
            if section.kind == SectionKind::Ramdisk {
                ramdisks = ramdisks.saturating_add(1);
            }
            section.describe(ramdisks, visitor);
        }
        visitor.open("PCRs");
        for (number, pcr) in self.measurements().pcrs() {
            let value = FieldText { text: &Hex(pcr), data: FieldData::Bytes(pcr) };
            visitor.field(DescribedField::new(
                match number {
                    0 => "PCR0",
                    1 => "PCR1",
                    2 => "PCR2",
                    _ => "PCR8",
                },
                &value,
            ));
        }
        visitor.close();
        if let Some(signature) = self.signature() {
            visitor.open("signature");
            visitor.field(DescribedField::new("entries", &signature.entries()).note(&"the first is in use"));
            visitor.open("signing_certificate");
            match signature.certificate() {
                Ok(certificate) => certificate.describe(visitor),
                Err(_) => {
                    visitor.field(DescribedField::new("DER", &HexBytes(signature.certificate_der())));
                }
            }
            visitor.close();
            visitor.field(
                DescribedField::new("COSE_Sign1", &HexBytes(signature.cose())).note(&"not verified here"),
            );
            visitor.close();
        }
    }
}
