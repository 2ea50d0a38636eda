//! Fields of attestations, signatures and public areas, by the names of the TPM 2.0 Library
//! specification.

use core::fmt::{self, Display};

use super::{
    AnyAttestation, Attest, Attested, Certification, Head, RsaPublic, RsaScheme, SHA1, SHA256, Selection,
    SignatureValue, TpmSignature,
};
use crate::describe::{FieldData, FieldText, HexBytes};
use crate::{Describe, DescribedField, FieldValue, Visitor};

impl Describe for Attest<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let Self { head, selections, pcr_digest } = *self;
        AnyAttestation { head, attested: Attested::Quote { selections, pcr_digest } }.describe(visitor);
    }
}

impl Describe for Certification<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let Self { head, name, qualified_name } = *self;
        AnyAttestation { head, attested: Attested::Certify { name, qualified_name } }.describe(visitor);
    }
}

impl Describe for AnyAttestation<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let (kind, name) = self.attested.kind();
        self.head.describe([kind, name], visitor);
        self.attested.describe(visitor);
    }
}

impl Describe for Attested<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let mut hex = |name, bytes| visitor.field(DescribedField::new(name, &HexBytes(bytes)));
        match *self {
            Self::Nv { index_name, offset, contents } => {
                hex("indexName", index_name);
                visitor.field(DescribedField::new("offset", &offset));
                visitor.field(DescribedField::new("nvContents", &HexBytes(contents)));
            }
            Self::CommandAudit { counter, algorithm, audit_digest, command_digest } => {
                visitor.field(DescribedField::new("auditCounter", &counter));
                visitor.field(DescribedField::new("digestAlg", &bank_name(algorithm)));
                visitor.field(DescribedField::new("auditDigest", &HexBytes(audit_digest)));
                visitor.field(DescribedField::new("commandDigest", &HexBytes(command_digest)));
            }
            Self::SessionAudit { exclusive, session_digest } => {
                visitor.field(DescribedField::new("exclusiveSession", &exclusive));
                visitor.field(DescribedField::new("sessionDigest", &HexBytes(session_digest)));
            }
            Self::Certify { name, qualified_name } => {
                visitor.field(
                    DescribedField::new("name", &HexBytes(name)).note(&"of the key that is certified"),
                );
                visitor.field(DescribedField::new("qualifiedName", &HexBytes(qualified_name)));
            }
            Self::Quote { selections, pcr_digest } => {
                visitor.open("pcrSelect");
                for selection in selections.iter() {
                    visitor.field(DescribedField::new(bank_name(selection.bank), &Registers(selection)));
                }
                visitor.close();
                visitor.field(DescribedField::new("pcrDigest", &HexBytes(pcr_digest)));
            }
            Self::Time { time, clock, reset_count, restart_count, safe, firmware_version } => {
                visitor.field(
                    DescribedField::new("time.time", &time).note(&"milliseconds since the last reset"),
                );
                visitor.field(DescribedField::new("time.clockInfo.clock", &clock));
                visitor.field(DescribedField::new("time.clockInfo.resetCount", &reset_count));
                visitor.field(DescribedField::new("time.clockInfo.restartCount", &restart_count));
                visitor.field(DescribedField::new("time.clockInfo.safe", &safe));
                visitor.field(DescribedField::new("time.firmwareVersion", &Word(firmware_version)));
            }
            Self::Creation { object_name, creation_hash } => {
                hex("objectName", object_name);
                hex("creationHash", creation_hash);
            }
            Self::NvDigest { index_name, nv_digest } => {
                hex("indexName", index_name);
                hex("nvDigest", nv_digest);
            }
        }
    }
}

impl Describe for TpmSignature<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        let hash = if self.hash == 0x0010 { "not known" } else { bank_name(self.hash) };
        visitor.field(
            DescribedField::at("sigAlg", 0..2, &format_args!("{:04x}", self.scheme))
                .note(&self.scheme_name()),
        );
        visitor.field(DescribedField::at("hash", 2..4, &format_args!("{:04x}", self.hash)).note(&hash));
        match self.value {
            SignatureValue::Rsa(number) => visitor.field(DescribedField::new("sig", &HexBytes(number))),
            SignatureValue::Curve(r, s) => {
                visitor.field(DescribedField::new("signatureR", &HexBytes(r)));
                visitor.field(DescribedField::new("signatureS", &HexBytes(s)));
            }
            SignatureValue::Hmac(digest) => visitor.field(DescribedField::new("digest", &HexBytes(digest))),
        }
        if !self.is_supported() {
            let only = "quotes are checked under RSASSA with SHA-256 and 2048 bits alone";
            visitor.field(
                DescribedField::new("supported", &FieldText { text: &"no", data: FieldData::Bool(false) })
                    .note(&only),
            );
        }
    }
}

impl Head<'_> {
    /// Hands out the fields of the head, with the type of the attestation and its name.
    fn describe(&self, [kind, name]: [&str; 2], visitor: &mut dyn Visitor) {
        visitor.field(
            DescribedField::at("magic", 0..4, &"ff544347").note(&"made by a TPM, if a restricted key signed"),
        );
        visitor.field(DescribedField::at("type", 4..6, &kind).note(&name));
        visitor.field(DescribedField::new("qualifiedSigner", &HexBytes(self.qualified_signer)));
        visitor.field(DescribedField::new("extraData", &HexBytes(self.extra_data)).note(&"the nonce"));
        visitor.field(DescribedField::new("clockInfo.clock", &self.clock).note(&"milliseconds powered"));
        visitor.field(DescribedField::new("clockInfo.resetCount", &self.reset_count));
        visitor.field(DescribedField::new("clockInfo.restartCount", &self.restart_count));
        visitor.field(DescribedField::new("clockInfo.safe", &self.safe));
        visitor.field(DescribedField::new("firmwareVersion", &Word(self.firmware_version)));
    }
}

impl Describe for RsaPublic<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::at("type", 0..2, &"0001").note(&"TPM_ALG_RSA"));
        visitor.field(DescribedField::at("nameAlg", 2..4, &bank_name(self.name_alg)));
        visitor.field(DescribedField::at("objectAttributes", 4..8, &self.attributes));
        visitor.field(
            DescribedField::new("authPolicy", &HexBytes(self.auth_policy))
                .note(&policy_note(self.auth_policy)),
        );
        visitor.field(DescribedField::new("symmetric", &"none").note(&"no parent of other keys"));
        visitor.field(DescribedField::new("scheme", scheme(&self.scheme)));
        visitor.field(DescribedField::new("keyBits", &self.key_bits));
        visitor.field(DescribedField::new("exponent", &self.exponent));
        visitor.field(DescribedField::new("unique", &HexBytes(self.modulus)).note(&"the modulus"));
    }
}

const fn policy_note(policy: &[u8]) -> &'static str {
    if policy.is_empty() { "no policy" } else { "the digest of the policy that allows its use" }
}

fn scheme(scheme: &Option<RsaScheme>) -> &dyn FieldValue {
    match scheme {
        Some(scheme) => scheme,
        None => &"any",
    }
}

/// The name of a PCR bank by its hash algorithm (TPM_ALG_ID of the TCG Algorithm Registry).
#[must_use]
pub const fn bank_name(bank: u16) -> &'static str {
    match bank {
        SHA1 => "SHA-1",
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

impl FieldValue for Word {}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The numbers of the selected PCRs; text `0 1 2 7`.
pub(crate) struct Registers(pub(crate) Selection);

impl FieldValue for Registers {
    fn data(&self) -> FieldData<'_> {
        FieldData::BitNumbers(self.0.bitmap)
    }
}

impl Display for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.count() == 0 {
            return f.write_str("none");
        }
        let mut separator = "";
        self.0.indices().try_for_each(|index| write!(f, "{}{index}", core::mem::replace(&mut separator, " ")))
    }
}
