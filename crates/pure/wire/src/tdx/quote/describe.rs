//! Fields of a TD quote, by the names of Intel's specification.

use core::ops::Range;

use super::{Certification, TdQuote};
use crate::describe::{FieldData, FieldText, HexBytes};
use crate::{Describe, DescribedField, Visitor};

/// The fields of a body, in order: name and length. The last two are of TDX 1.5 alone.
const BODY: [(&str, usize); 17] = [
    ("TEE_TCB_SVN", 16),
    ("MRSEAM", 48),
    ("MRSIGNERSEAM", 48),
    ("SEAMATTRIBUTES", 8),
    ("TDATTRIBUTES", 8),
    ("XFAM", 8),
    ("MRTD", 48),
    ("MRCONFIGID", 48),
    ("MROWNER", 48),
    ("MROWNERCONFIG", 48),
    ("RTMR0", 48),
    ("RTMR1", 48),
    ("RTMR2", 48),
    ("RTMR3", 48),
    ("REPORTDATA", 64),
    ("TEE_TCB_SVN2", 16),
    ("MRSERVICETD", 48),
];

const HEADER: [(&str, Range<usize>); 7] = [
    ("VERSION", 0..2),
    ("ATTESTATION_KEY_TYPE", 2..4),
    ("TEE_TYPE", 4..8),
    ("RESERVED", 8..10),
    ("RESERVED", 10..12),
    ("QE_VENDOR_ID", 12..28),
    ("USER_DATA", 28..48),
];

impl Describe for TdQuote<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open("header");
        for (name, range) in HEADER {
            let bytes = self.header.get(range.clone()).unwrap_or_default();
            match name {
                "VERSION" => visitor.field(DescribedField::at(name, range, &self.version)),
                "ATTESTATION_KEY_TYPE" => {
                    visitor.field(DescribedField::at(name, range, &2_u16).note(&"ECDSA, P-256"))
                }
                "TEE_TYPE" => visitor.field(
                    DescribedField::at(
                        name,
                        range,
                        &FieldText { text: &"0x81", data: FieldData::Number(0x81) },
                    )
                    .note(&"TDX"),
                ),
                _ => visitor.field(DescribedField::at(name, range, &HexBytes(bytes))),
            }
        }
        visitor.close();
        self.describe_body(visitor);
        visitor.open("signature data");
        visitor.field(
            DescribedField::new("signature", &HexBytes(self.signature))
                .note(&"r and s, over header and body"),
        );
        visitor.field(
            DescribedField::new("attestation key", &HexBytes(self.attestation_key)).note(&"x and y, P-256"),
        );
        self.certification.describe(visitor);
        visitor.close();
        visitor.field(DescribedField::new("rest of the buffer", &self.trailing.len()).note(&"bytes"));
    }
}

impl TdQuote<'_> {
    fn describe_body(&self, visitor: &mut dyn Visitor) {
        visitor.open("TD report body");
        let (mut rest, mut start) = (self.body, self.body_offset);
        for (name, length) in BODY {
            let Some((bytes, after)) = rest.split_at_checked(length) else { break };
            let end = start.saturating_add(length);
            let (value, debug) = (HexBytes(bytes), bytes.first().is_some_and(|byte| byte & 1 != 0));
            let field = DescribedField::at(name, start..end, &value);
            match (name, debug) {
                ("TDATTRIBUTES", true) => {
                    visitor.field(field.note(&"DEBUG: the host can read the guest's memory"));
                }
                ("TDATTRIBUTES", false) => visitor.field(field.note(&"no debugging")),
                _ => visitor.field(field),
            }
            (rest, start) = (after, end);
        }
        visitor.close();
    }
}

impl Certification<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::new("QE report", &HexBytes(self.qe_report)));
        visitor.field(DescribedField::new("QE report signature", &HexBytes(self.qe_report_signature)));
        visitor.field(DescribedField::new("QE authentication data", &HexBytes(self.qe_authentication_data)));
        let kind = match self.kind {
            5 => "PCK certificate chain",
            1..=3 => "PCK identifier",
            _ => "not known",
        };
        visitor.field(DescribedField::new("certification data type", &self.kind).note(&kind));
        visitor.field(DescribedField::new("certification data", &self.data.len()).note(&"bytes"));
    }
}
