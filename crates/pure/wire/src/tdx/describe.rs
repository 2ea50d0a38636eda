//! Fields of a TDREPORT, by the names of Intel's specification.

use super::flags::{AttributesNote, Named, TdAttributes, Xfam};
use super::{TdInfo, TdReport, TeeTcbInfo};
use crate::describe::{FlagWord, HexBytes};
use crate::{Describe, DescribedField, Visitor};

impl Describe for TdReport<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let [_, _, version, _] = self.0.report_type;
        visitor.field(
            DescribedField::at("REPORTTYPE", 0..4, &HexBytes(&self.0.report_type))
                .note(&format_args!("TDX, subtype 0, version {version}")),
        );
        visitor.field(DescribedField::at("RESERVED", 4..16, &HexBytes(&self.0.reserved_004)));
        visitor.field(DescribedField::at("CPUSVN", 16..32, &HexBytes(&self.0.cpusvn)));
        visitor.field(DescribedField::at("TEE_TCB_INFO_HASH", 32..80, &HexBytes(&self.0.tee_tcb_info_hash)));
        visitor.field(DescribedField::at("TEE_INFO_HASH", 80..128, &HexBytes(&self.0.tee_info_hash)));
        visitor.field(DescribedField::at("REPORTDATA", 128..192, &HexBytes(&self.0.reportdata)));
        visitor.field(DescribedField::at("RESERVED", 192..224, &HexBytes(&self.0.reserved_0c0)));
        let note = "can be checked on the same processor only";
        visitor.field(DescribedField::at("MAC", 224..256, &HexBytes(&self.0.mac)).note(&note));
        self.tee_tcb_info().describe(visitor);
        visitor.field(DescribedField::at("RESERVED", 495..512, &HexBytes(&self.0.reserved_1ef)));
        self.td_info().describe(visitor);
    }
}

impl TeeTcbInfo<'_> {
    fn describe(self, visitor: &mut dyn Visitor) {
        visitor.open("TEE_TCB_INFO");
        visitor.field(DescribedField::at("VALID", 256..264, &FlagWord(self.valid())));
        visitor.field(DescribedField::at("TEE_TCB_SVN", 264..280, &HexBytes(&self.0.tee_tcb_svn)));
        visitor.field(DescribedField::at("MRSEAM", 280..328, &HexBytes(&self.0.mrseam)));
        visitor.field(DescribedField::at("MRSIGNERSEAM", 328..376, &HexBytes(&self.0.mrsignerseam)));
        visitor.field(DescribedField::at("ATTRIBUTES", 376..384, &FlagWord(self.attributes())));
        visitor.field(DescribedField::at("TEE_TCB_SVN2", 384..400, &HexBytes(&self.0.tee_tcb_svn2)));
        visitor.field(DescribedField::at("RESERVED", 400..495, &HexBytes(&self.0.reserved)));
        visitor.close();
    }
}

impl TdInfo<'_> {
    fn describe(self, visitor: &mut dyn Visitor) {
        visitor.open("TDINFO");
        let attributes = TdAttributes::from_bits(self.attributes());
        visitor.field(
            DescribedField::at("ATTRIBUTES", 512..520, &FlagWord(attributes.bits()))
                .note(&AttributesNote(attributes)),
        );
        let xfam = Xfam::from_bits(self.xfam());
        visitor.field(
            DescribedField::at("XFAM", 520..528, &FlagWord(xfam.bits()))
                .note(&Named(xfam.names(), xfam.unnamed())),
        );
        visitor.field(DescribedField::at("MRTD", 528..576, &HexBytes(&self.0.mrtd)));
        visitor.field(DescribedField::at("MRCONFIGID", 576..624, &HexBytes(&self.0.mrconfigid)));
        visitor.field(DescribedField::at("MROWNER", 624..672, &HexBytes(&self.0.mrowner)));
        visitor.field(DescribedField::at("MROWNERCONFIG", 672..720, &HexBytes(&self.0.mrownerconfig)));
        let [rtmr0, rtmr1, rtmr2, rtmr3] = self.rtmr();
        visitor.field(DescribedField::at("RTMR0", 720..768, &HexBytes(rtmr0)));
        visitor.field(DescribedField::at("RTMR1", 768..816, &HexBytes(rtmr1)));
        visitor.field(DescribedField::at("RTMR2", 816..864, &HexBytes(rtmr2)));
        visitor.field(DescribedField::at("RTMR3", 864..912, &HexBytes(rtmr3)));
        visitor.field(DescribedField::at("SERVTD_HASH", 912..960, &HexBytes(&self.0.servtd_hash)));
        visitor.field(DescribedField::at("RESERVED", 960..1024, &HexBytes(&self.0.reserved)));
        visitor.close();
    }
}
