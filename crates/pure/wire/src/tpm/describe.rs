//! A quote telling its fields, by the names of the TPM 2.0 library specification.

use core::fmt::{self, Display};

use super::{Attest, SHA256, Selection};
use crate::describe::Hex;
use crate::{Describe, Shown, Visitor};

impl Describe for Attest<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor
            .field(Shown::at("magic", 0..4, &"ff544347").note(&"made by a TPM, if a restricted key signed"));
        visitor.field(Shown::at("type", 4..6, &"8018").note(&"TPM_ST_ATTEST_QUOTE"));
        visitor.field(Shown::new("qualifiedSigner", &Hex(self.qualified_signer)));
        visitor.field(Shown::new("extraData", &Hex(self.extra_data)).note(&"the nonce"));
        visitor.field(Shown::new("clockInfo.clock", &self.clock).note(&"milliseconds powered"));
        visitor.field(Shown::new("clockInfo.resetCount", &self.reset_count));
        visitor.field(Shown::new("clockInfo.restartCount", &self.restart_count));
        visitor.field(Shown::new("clockInfo.safe", &self.safe));
        visitor.field(Shown::new("firmwareVersion", &Word(self.firmware_version)));
        visitor.open("pcrSelect");
        for selection in self.selections.iter() {
            visitor.field(Shown::new(bank_name(selection.bank), &Registers(selection)));
        }
        visitor.close();
        visitor.field(Shown::new("pcrDigest", &Hex(self.pcr_digest)));
    }
}

/// The name of a bank's hash algorithm (TCG Algorithm Registry, TPM_ALG_ID).
pub(crate) const fn bank_name(bank: u16) -> &'static str {
    match bank {
        0x0004 => "SHA-1",
        SHA256 => "SHA-256",
        0x000c => "SHA-384",
        0x000d => "SHA-512",
        0x0012 => "SM3-256",
        0x0027 => "SHA3-256",
        0x0028 => "SHA3-384",
        0x0029 => "SHA3-512",
        _ => "another hash",
    }
}

struct Word(u64);

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// `0 1 2 7`.
struct Registers(Selection);

impl Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.count() == 0 {
            return f.write_str("none");
        }
        let mut separator = "";
        self.0.indices().try_for_each(|index| write!(f, "{}{index}", core::mem::replace(&mut separator, " ")))
    }
}
