//! Fields of a TD quote, by the names of Intel's specification. Every byte of the quote is in one of them.

use core::fmt::{self, Display};

use super::{Certification, QE_REPORT, TdQuote};
use crate::describe::{FieldData, FieldText, FlagWord, HexBytes};
use crate::tdx::flags::{AttributesNote, EnclaveFlags, MiscSelect, Named, TdAttributes, Xfam};
use crate::{Describe, DescribedField, FieldValue, Visitor};

/// Fields one behind the other, each with its place.
struct Fields<'v> {
    visitor: &'v mut dyn Visitor,
    /// Where the next field begins.
    at: usize,
}

impl Fields<'_> {
    fn open(&mut self, name: &str) {
        self.visitor.open(name);
    }

    fn close(&mut self) {
        self.visitor.close();
    }

    fn place<'a>(&mut self, name: &'a str, length: usize, value: &'a dyn FieldValue) -> DescribedField<'a> {
        let start = self.at;
        self.at = start.saturating_add(length);
        DescribedField::at(name, start..self.at, value)
    }

    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        let value = HexBytes(bytes);
        let field = self.place(name, bytes.len(), &value);
        self.visitor.field(field);
    }

    fn bytes_with(&mut self, name: &str, bytes: &[u8], note: &dyn Display) {
        let value = HexBytes(bytes);
        let field = self.place(name, bytes.len(), &value);
        self.visitor.field(field.note(note));
    }

    fn value(&mut self, name: &str, length: usize, value: &dyn FieldValue) {
        let field = self.place(name, length, value);
        self.visitor.field(field);
    }

    fn value_with(&mut self, name: &str, length: usize, value: &dyn FieldValue, note: &dyn Display) {
        let field = self.place(name, length, value);
        self.visitor.field(field.note(note));
    }

    /// The number of bytes of the data behind it, in `length` bytes.
    fn size(&mut self, name: &str, length: usize, of: &[u8]) {
        self.value_with(name, length, &of.len(), &"bytes");
    }

    /// Bytes whose number is shown, because they are too many, and the bytes themselves as data.
    fn counted(&mut self, name: &str, bytes: &[u8], note: &dyn Display) {
        let unit = if bytes.len() == 1 { "byte" } else { "bytes" };
        // In one statement: a variable cannot hold `format_args!` before Rust 1.89.
        let data = FieldData::Bytes(bytes);
        self.value_with(
            name,
            bytes.len(),
            &FieldText { text: &format_args!("{} {unit}", bytes.len()), data },
            note,
        );
    }

    /// A signature or point: two numbers of 32 bytes, big-endian.
    fn pair(&mut self, name: &str, [first, second]: [&str; 2], bytes: &[u8; 64]) {
        self.open(name);
        let (left, right) = bytes.split_at_checked(32).unwrap_or_default();
        self.bytes_with(first, left, &"big-endian");
        self.bytes_with(second, right, &"big-endian");
        self.close();
    }
}

impl Describe for TdQuote<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let mut fields = Fields { visitor, at: 0 };
        self.describe_header(&mut fields);
        self.describe_body(&mut fields);
        fields.size("Quote Signature Data Len", 4, self.signature_data);
        fields.open("Quote Signature Data");
        fields.pair("Quote Signature", ["R", "S"], self.signature);
        fields.pair("ECDSA Attestation Key", ["X", "Y"], self.attestation_key);
        self.certification.describe(&mut fields);
        fields.close();
        let zero = self.trailing.iter().all(|byte| *byte == 0);
        let note = match (self.trailing.is_empty(), zero) {
            (true, _) => "the quote fills its buffer",
            (false, true) => "behind the quote, zero",
            (false, false) => "behind the quote, not zero, not signed",
        };
        fields.counted("rest of the buffer", self.trailing, &note);
    }
}

impl TdQuote<'_> {
    fn describe_header(&self, fields: &mut Fields<'_>) {
        // The reserved bytes have fixed places in the header.
        let reserved = |range| self.header.get(range).unwrap_or_default();
        fields.open("Quote Header");
        fields.value("VERSION", 2, &self.version);
        fields.value_with("ATTESTATION_KEY_TYPE", 2, &2_u16, &"ECDSA, P-256");
        let tdx = FieldText { text: &"0x81", data: FieldData::Number(0x81) };
        fields.value_with("TEE_TYPE", 4, &tdx, &"TDX");
        fields.bytes("RESERVED", reserved(8..10));
        fields.bytes("RESERVED", reserved(10..12));
        let intel = *self.qe_vendor_id() == INTEL_QE_VENDOR;
        fields.bytes_with("QE_VENDOR_ID", self.qe_vendor_id(), &if intel { "Intel" } else { "not Intel's" });
        fields.bytes("USER_DATA", self.user_data());
        fields.close();
    }

    fn describe_body(&self, fields: &mut Fields<'_>) {
        let td = self.td();
        if self.version != 4 {
            let (kind, note) =
                if td.mrservicetd().is_some() { (3_u16, "TDX 1.5") } else { (2_u16, "TDX 1.0") };
            fields.open("TD Quote Body Descriptor");
            fields.value_with("TD Quote Body Type", 2, &kind, &note);
            fields.size("Size", 4, self.body);
            fields.close();
        }
        fields.open("TD Quote Body");
        fields.bytes_with("TEE_TCB_SVN", td.tee_tcb_svn(), &ModuleNote(td.tee_tcb_svn()));
        fields.bytes("MRSEAM", td.mrseam());
        let note = if *td.mrsignerseam() == [0; 48] { "zero: Intel's TDX module" } else { "not Intel's" };
        fields.bytes_with("MRSIGNERSEAM", td.mrsignerseam(), &note);
        fields.bytes("SEAMATTRIBUTES", td.seam_attributes());
        let attributes = TdAttributes::from_bits(td.td_attributes());
        fields.value_with("TDATTRIBUTES", 8, &FlagWord(attributes.bits()), &AttributesNote(attributes));
        let xfam = Xfam::from_bits(td.xfam());
        fields.value_with("XFAM", 8, &FlagWord(xfam.bits()), &Named(xfam.names(), xfam.unnamed()));
        fields.bytes("MRTD", td.mrtd());
        fields.bytes("MRCONFIGID", td.mrconfigid());
        fields.bytes("MROWNER", td.mrowner());
        fields.bytes("MROWNERCONFIG", td.mrownerconfig());
        for (name, value) in ["RTMR0", "RTMR1", "RTMR2", "RTMR3"].into_iter().zip(td.rtmr()) {
            fields.bytes(name, value);
        }
        fields.bytes("REPORTDATA", td.report_data());
        if let (Some(svn), Some(hash)) = (td.tee_tcb_svn2(), td.mrservicetd()) {
            fields.bytes_with("TEE_TCB_SVN2", svn, &ModuleNote(svn));
            fields.bytes("MRSERVICETD", hash);
        }
        fields.close();
    }
}

impl Certification<'_> {
    fn describe(&self, fields: &mut Fields<'_>) {
        fields.open("QE Certification Data");
        fields.value_with("Certification Data Type", 2, &QE_REPORT, &"QE report certification data");
        fields.size("Size", 4, self.whole);
        self.qe.describe(fields);
        fields.pair("QE Report Signature", ["R", "S"], self.qe_report_signature);
        fields.open("QE Authentication Data");
        fields.size("Size", 2, self.qe_authentication_data);
        fields.bytes("Data", self.qe_authentication_data);
        fields.close();
        fields.open("QE Certification Data");
        fields.value_with("Certification Data Type", 2, &self.kind, &kind_name(self.kind));
        fields.size("Size", 4, self.data);
        self.describe_data(fields);
        fields.close();
        fields.close();
    }

    /// The inner certification data: an identification of the PCK by its fields, or the bytes.
    fn describe_data(&self, fields: &mut Fields<'_>) {
        let (name, id) = match self.kind {
            1 => ("PPID", 16),
            2 => ("encrypted PPID", 256),
            3 => ("encrypted PPID", 384),
            _ => ("", self.data.len()),
        };
        let identification = self.data.split_at_checked(id).filter(|_| !name.is_empty());
        match identification.and_then(|(ppid, rest)| Some((ppid, rest.split_first_chunk::<16>()?))) {
            Some((ppid, (cpusvn, [s0, s1, p0, p1]))) => {
                fields.bytes(name, ppid);
                fields.bytes("CPUSVN", cpusvn);
                fields.value("PCESVN", 2, &u16::from_le_bytes([*s0, *s1]));
                fields.value("PCEID", 2, &u16::from_le_bytes([*p0, *p1]));
            }
            _ => fields.counted("Certification Data", self.data, &kind_name(self.kind)),
        }
    }
}

impl super::QeReport<'_> {
    fn describe(self, fields: &mut Fields<'_>) {
        let [first, second, third, fourth] = self.reserved();
        let (flags, xfrm) = self.attributes().split_first_chunk().unwrap_or((&[0; 8], &[]));
        let flags = EnclaveFlags::from_bits(u64::from_le_bytes(*flags));
        let xfrm = Xfam::from_bits(u64::from_le_bytes(*xfrm.first_chunk().unwrap_or(&[0; 8])));
        fields.open("QE Report");
        fields.bytes("CPUSVN", self.cpusvn());
        let misc = MiscSelect::from_bits(self.miscselect());
        let note = Named(misc.names(), u64::from(misc.unnamed()));
        fields.value_with("MISCSELECT", 4, &FlagWord(u64::from(misc.bits())), &note);
        fields.bytes("RESERVED", first);
        let note = Named(flags.names(), flags.unnamed());
        fields.value_with("ATTRIBUTES.FLAGS", 8, &FlagWord(flags.bits()), &note);
        let note = Named(xfrm.names(), xfrm.unnamed());
        fields.value_with("ATTRIBUTES.XFRM", 8, &FlagWord(xfrm.bits()), &note);
        fields.bytes("MRENCLAVE", self.mrenclave());
        fields.bytes("RESERVED", second);
        fields.bytes("MRSIGNER", self.mrsigner());
        fields.bytes("RESERVED", third);
        fields.value("ISVPRODID", 2, &self.isvprodid());
        fields.value("ISVSVN", 2, &self.isvsvn());
        fields.bytes("RESERVED", fourth);
        let note = "SHA-256 of attestation key and authentication data, then zeros";
        fields.bytes_with("REPORTDATA", self.report_data(), &note);
        fields.close();
    }
}

/// Intel's quoting enclave: 939a7233-f79c-4ca9-940a-0db3957f0607.
const INTEL_QE_VENDOR: [u8; 16] = *b"\x93\x9a\x72\x33\xf7\x9c\x4c\xa9\x94\x0a\x0d\xb3\x95\x7f\x06\x07";

/// The types of certification data (Intel document 348551, appendix A.3.9).
fn kind_name(kind: u16) -> &'static str {
    match kind {
        1 => "PCK identification: PPID in plain text, CPUSVN, PCESVN, PCEID",
        2 => "PCK identification: PPID encrypted under RSA-2048, CPUSVN, PCESVN, PCEID",
        3 => "PCK identification: PPID encrypted under RSA-3072, CPUSVN, PCESVN, PCEID",
        4 => "PCK certificate",
        5 => "PCK certificate chain, PEM",
        6 => "QE report certification data",
        7 => "platform manifest",
        _ => "not known",
    }
}

/// The security versions of a TDX module by their positions in TEE_TCB_SVN.
struct ModuleNote<'a>(&'a [u8; 16]);

impl Display for ModuleNote<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [svn, major, platform, ..] = self.0;
        write!(f, "TDX module: SVN {svn}, major version {major}; platform: SVN {platform}")
    }
}
