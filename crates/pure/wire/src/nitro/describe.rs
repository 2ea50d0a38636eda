//! Fields of a Nitro document.

use super::{Document, Module};
use crate::describe::{FieldData, FieldText, HexBytes};
use crate::{Describe, DescribedField, Visitor};

const PCR_NAMES: [&str; 32] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30", "31",
];

const fn meaning(index: u8, module: Module) -> Option<&'static str> {
    match (index, module) {
        (4, Module::Tpm) => Some("the boot loader"),
        (7, Module::Tpm) => Some("secure boot"),
        (12, Module::Tpm) => Some("the kernel's command line and credentials"),
        (_, Module::Tpm) => None,
        (index, Module::Enclave) => meaning_in_enclave(index),
    }
}

const fn meaning_in_enclave(index: u8) -> Option<&'static str> {
    match index {
        0 => Some("whole image; zero in debug mode"),
        1 => Some("kernel, command line, first ramdisk; zero in debug mode"),
        2 => Some("other ramdisks; zero in debug mode"),
        3 => Some("the parent instance's IAM role"),
        4 => Some("the parent instance's id"),
        8 => Some("the image's signing certificate"),
        16..=31 => Some("extended and locked by the program"),
        _ => None,
    }
}

/// An absent value, as CBOR writes it.
const NULL: FieldText<'_> = FieldText { text: &"null", data: FieldData::Absent };

impl Describe for Document<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        self.describe_as(Module::Enclave, visitor);
    }
}

impl Document<'_> {
    pub(super) fn describe_as(&self, module: Module, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::new("module_id", &self.module_id));
        visitor.field(DescribedField::new("digest", &"SHA384"));
        visitor.field(DescribedField::new("timestamp", &self.timestamp).note(&"milliseconds since 1970"));
        visitor.open(if module == Module::Tpm { "nitrotpm_pcrs" } else { "pcrs" });
        for (index, value) in self.pcrs.iter() {
            let name = PCR_NAMES.get(usize::from(index)).copied().unwrap_or("?");
            let (value, meaning) = (HexBytes(value), meaning(index, module));
            let field = DescribedField::new(name, &value);
            visitor.field(DescribedField {
                note: meaning.as_ref().map(|note| -> &dyn core::fmt::Display { note }),
                ..field
            });
        }
        visitor.close();
        visitor.field(DescribedField::new("certificate", &HexBytes(self.certificate)));
        visitor.open("cabundle");
        for (name, certificate) in PCR_NAMES.iter().zip(self.cabundle.as_slice()) {
            visitor.field(DescribedField::new(name, &HexBytes(certificate)));
        }
        visitor.close();
        for (name, value) in
            [("public_key", self.public_key), ("user_data", self.user_data), ("nonce", self.nonce)]
        {
            match value {
                Some(value) => visitor.field(DescribedField::new(name, &HexBytes(value))),
                None => visitor.field(DescribedField::new(name, &NULL)),
            }
        }
    }
}
