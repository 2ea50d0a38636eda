//! Fields of an HCL report, by the names of OpenHCL's attestation protocol.

use core::fmt::{self, Display};

use super::{HARDWARE_OFFSET, Hardware, HclReport, SLOT_BYTES};
use crate::describe::HexBytes;
use crate::snp::Report;
use crate::tdx::TdReport;
use crate::{Describe, DescribedField, FieldValue, Visitor};

impl Describe for HclReport<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open("header");
        visitor.field(DescribedField::at("signature", 0x00..0x04, &"HCLA"));
        visitor.field(DescribedField::at("version", 0x04..0x08, &self.version));
        visitor.field(DescribedField::at("report_size", 0x08..0x0c, &self.report_size));
        visitor.field(
            DescribedField::at("request_type", 0x0c..0x10, &self.request_type).note(&"AK certificate"),
        );
        visitor.field(DescribedField::at("status", 0x10..0x14, &self.status));
        visitor.field(DescribedField::at("reserved", 0x14..0x20, &"zero"));
        visitor.close();
        visitor.open("hardware report");
        self.describe_hardware(visitor);
        visitor.close();
        self.describe_request(visitor);
    }
}

impl HclReport<'_> {
    /// The hardware report by its own offsets, or its bytes where they are not one.
    fn describe_hardware(&self, visitor: &mut dyn Visitor) {
        let slot = HARDWARE_OFFSET..HARDWARE_OFFSET.saturating_add(SLOT_BYTES);
        match self.hardware() {
            Hardware::Snp(bytes) => match Report::parse(bytes) {
                Ok(report) => report.describe(visitor),
                Err(error) => visitor.field(DescribedField::at("bytes", slot, &HexBytes(bytes)).note(&error)),
            },
            Hardware::Tdx(bytes) => match TdReport::parse(bytes) {
                Ok(report) => report.describe(visitor),
                Err(error) => visitor.field(DescribedField::at("bytes", slot, &HexBytes(bytes)).note(&error)),
            },
            Hardware::Vbs(bytes) => {
                visitor.field(
                    DescribedField::at("bytes", slot, &HexBytes(bytes)).note(&"VBS: no hardware signed this"),
                );
            }
            Hardware::Tvm => {
                visitor.field(
                    DescribedField::at("bytes", slot, &"zero").note(&"trusted launch: no hardware report"),
                );
            }
            Hardware::Cca => visitor.field(DescribedField::at("bytes", slot, &HexBytes(self.slot))),
        }
    }

    fn describe_request(&self, visitor: &mut dyn Visitor) {
        let hash = self.report_data_hash_type;
        visitor.open("request data");
        visitor.field(DescribedField::at("data_size", 0x4c0..0x4c4, &self.data_size));
        visitor.field(DescribedField::at("version", 0x4c4..0x4c8, &self.request_data_version));
        visitor.field(
            DescribedField::at("report_type", 0x4c8..0x4cc, &self.report_type.0).note(&self.report_type),
        );
        visitor.field(DescribedField::at("report_data_hash_type", 0x4cc..0x4d0, &hash.0).note(&hash));
        visitor.field(DescribedField::at("variable_data_size", 0x4d0..0x4d4, &self.variable_data_size));
        if let Some(bitmap) = &self.capability_bitmap {
            visitor.field(DescribedField::at("capability_bitmap", 0x4d4..0x4d8, &bitmap.0).note(bitmap));
        }
        let claims = self.claims_offset()..self.claims_offset().saturating_add(self.claims().len());
        let padding = claims.end..claims.end.saturating_add(self.padding_bytes());
        visitor.field(DescribedField::at("variable_data", claims, &Text(self.claims())));
        visitor.close();
        visitor.field(DescribedField::at("padding", padding, &"zero"));
    }
}

/// Text as it is, with anything that could fool a terminal escaped; other bytes as hex.
struct Text<'a>(&'a [u8]);

impl FieldValue for Text<'_> {}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match core::str::from_utf8(self.0) {
            Ok(text) => text.chars().try_for_each(|one| match one {
                // Quotes belong to JSON and fool nobody.
                '"' | '\'' => write!(f, "{one}"),
                one => write!(f, "{}", one.escape_debug()),
            }),
            Err(_) => HexBytes(self.0).fmt(f),
        }
    }
}
