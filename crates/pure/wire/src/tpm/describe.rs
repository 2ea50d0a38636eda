//! What a TPM attests, and a key, telling their fields by the names of the TPM 2.0 library
//! specification.

use core::fmt::{self, Display};

use super::{Attest, Certification, Head, RsaPublic, RsaScheme, SHA256, Selection};
use crate::describe::Hex;
use crate::{Describe, Shown, Visitor};

impl Describe for Attest<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        self.head.describe(["8018", "TPM_ST_ATTEST_QUOTE"], visitor);
        visitor.open("pcrSelect");
        for selection in self.selections.iter() {
            visitor.field(Shown::new(bank_name(selection.bank), &Registers(selection)));
        }
        visitor.close();
        visitor.field(Shown::new("pcrDigest", &Hex(self.pcr_digest)));
    }
}

impl Describe for Certification<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        self.head.describe(["8017", "TPM_ST_ATTEST_CERTIFY"], visitor);
        visitor.field(Shown::new("name", &Hex(self.name)).note(&"of the key that is certified"));
        visitor.field(Shown::new("qualifiedName", &Hex(self.qualified_name)));
    }
}

impl Head<'_> {
    /// Tells the head of an attestation of this type, which is given with its name.
    fn describe(&self, [kind, name]: [&str; 2], visitor: &mut dyn Visitor) {
        visitor
            .field(Shown::at("magic", 0..4, &"ff544347").note(&"made by a TPM, if a restricted key signed"));
        visitor.field(Shown::at("type", 4..6, &kind).note(&name));
        visitor.field(Shown::new("qualifiedSigner", &Hex(self.qualified_signer)));
        visitor.field(Shown::new("extraData", &Hex(self.extra_data)).note(&"the nonce"));
        visitor.field(Shown::new("clockInfo.clock", &self.clock).note(&"milliseconds powered"));
        visitor.field(Shown::new("clockInfo.resetCount", &self.reset_count));
        visitor.field(Shown::new("clockInfo.restartCount", &self.restart_count));
        visitor.field(Shown::new("clockInfo.safe", &self.safe));
        visitor.field(Shown::new("firmwareVersion", &Word(self.firmware_version)));
    }
}

impl Describe for RsaPublic<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(Shown::at("type", 0..2, &"0001").note(&"TPM_ALG_RSA"));
        visitor.field(Shown::at("nameAlg", 2..4, &bank_name(self.name_alg)));
        visitor.field(Shown::at("objectAttributes", 4..8, &self.attributes));
        visitor.field(Shown::new("authPolicy", &Hex(self.auth_policy)).note(&policy_note(self.auth_policy)));
        visitor.field(Shown::new("symmetric", &"none").note(&"no parent of other keys"));
        visitor.field(Shown::new("scheme", scheme(&self.scheme)));
        visitor.field(Shown::new("keyBits", &self.key_bits));
        visitor.field(Shown::new("exponent", &self.exponent));
        visitor.field(Shown::new("unique", &Hex(self.modulus)).note(&"the modulus"));
    }
}

const fn policy_note(policy: &[u8]) -> &'static str {
    if policy.is_empty() { "no policy" } else { "the digest of the policy that allows its use" }
}

fn scheme(scheme: &Option<RsaScheme>) -> &dyn Display {
    match scheme {
        Some(scheme) => scheme,
        None => &"any",
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
pub(crate) struct Registers(pub(crate) Selection);

impl Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.count() == 0 {
            return f.write_str("none");
        }
        let mut separator = "";
        self.0.indices().try_for_each(|index| write!(f, "{}{index}", core::mem::replace(&mut separator, " ")))
    }
}
