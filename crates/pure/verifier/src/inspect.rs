//! Description of every field of a structure, without verification.

mod collateral;
mod json;
mod replay;

pub use replay::{ReplayHashes, inspect_replay};

use alloc::vec::Vec;

use teeproof_wire::certificate::{Certificate, PublicKey};
use teeproof_wire::cose::{Sign1, UnsignedSign1};
use teeproof_wire::crl::RevocationList;
use teeproof_wire::eventlog::{CcelTable, EventLog};
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::nitro::{Document, Limits, NitroTpmDocument};
use teeproof_wire::sealed::SealedHead;
use teeproof_wire::snp::Report;
use teeproof_wire::tdx::{TdQuote, TdReport};
use teeproof_wire::tpm::{AnyAttestation, RsaPublic, TpmSignature, attest_bytes, bank_name};
use teeproof_wire::{Describe, DescribedField, Error, ErrorKind, HexBytes, Visitor};

use teeproof_evidence::{InputError, InputKind, Part, Sniffed, pcrs, pem_chain};

/// Result of an inspection, apart from the fields that the visitor got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Inspected {
    /// The first rule of its format that a structure violates although its fields could be described.
    pub flaw: Option<Error>,
}

/// Describes every field of the structures in a file, by the names of their specifications.
///
/// Proves: nothing. No signature is verified, and no value compared.
///
/// Structures within a structure (the hardware report and the runtime claims of an HCL report, the certificates of a
/// Nitro document) follow as groups of their own. If the file has several structures, one that cannot be parsed is
/// described as bytes and reported as the flaw.
///
/// # Errors
/// The only structure of the file cannot be parsed.
pub fn inspect(sniffed: &Sniffed, visitor: &mut dyn Visitor) -> Result<Inspected, InputError> {
    let mut flaw = None;
    for part in &sniffed.parts {
        let found = match structure(part, visitor) {
            Err(error) if sniffed.parts.len() == 1 => {
                return Err(InputError::wire(part.kind(), error, part.bytes().len()));
            }
            Err(error) => {
                unreadable(part.kind().as_str(), part.bytes(), visitor);
                Some(error)
            }
            Ok(found) => found,
        };
        flaw = flaw.or(found);
    }
    Ok(Inspected { flaw })
}

/// Describes one part, and returns the rule that it violates.
fn structure(part: &Part, visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let bytes = part.bytes();
    match part.kind() {
        InputKind::SnpReport => return snp(bytes, visitor),
        InputKind::HclReport => return hcl(bytes, visitor),
        InputKind::TpmQuote => attest(attest_bytes(bytes), visitor)?,
        InputKind::EventLog => group(visitor, "TCG event log", &EventLog::parse(bytes)?),
        InputKind::CcEventLog => {
            group(visitor, "confidential-computing event log (CCEL)", &EventLog::parse(bytes)?)
        }
        InputKind::CcelTable => group(visitor, "ACPI table CCEL", &CcelTable::parse(bytes)?),
        InputKind::PcrValues => registers(bytes, visitor),
        InputKind::OtherPcrValues => other_banks(bytes, visitor),
        InputKind::PcrConcatenation => concatenation(bytes, visitor),
        InputKind::TpmSignature if bytes.len() != 256 => {
            group(visitor, "TPMT_SIGNATURE", &TpmSignature::parse(bytes)?);
        }
        InputKind::NitroDocument => return nitro(bytes, visitor),
        InputKind::NitroTpmDocument => return nitro_tpm(bytes, visitor),
        InputKind::TdQuote => return td_quote(bytes, visitor),
        InputKind::TdReport => return td_report(bytes, visitor),
        InputKind::TcbInfo | InputKind::QeIdentity => return collateral::describe(bytes, visitor),
        InputKind::PublicKey => group(visitor, "SubjectPublicKeyInfo", &PublicKey::parse(bytes)?),
        InputKind::TpmPublic => group(visitor, "TPMT_PUBLIC", &RsaPublic::parse(bytes)?),
        InputKind::SealedFile => group(visitor, "sealed file", &SealedHead::parse(bytes)?),
        InputKind::RevocationList => group(visitor, "CertificateList", &RevocationList::parse(bytes)?),
        InputKind::Certificate => group(visitor, "Certificate", &Certificate::parse(bytes)?),
        other => unreadable(other.as_str(), bytes, visitor),
    }
    Ok(None)
}

fn group(visitor: &mut dyn Visitor, name: &str, structure: &dyn Describe) {
    visitor.open(name);
    structure.describe(visitor);
    visitor.close();
}

/// Bytes without fields.
fn unreadable(name: &str, bytes: &[u8], visitor: &mut dyn Visitor) {
    visitor.open(name);
    visitor.field(DescribedField::new("bytes", &HexBytes(bytes)));
    visitor.close();
}

/// A TPMS_ATTEST: a quote, or an attestation of another type.
fn attest(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Error> {
    group(visitor, "TPMS_ATTEST", &AnyAttestation::parse(bytes)?);
    Ok(())
}

fn snp(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let report = Report::parse(bytes)?;
    group(visitor, "ATTESTATION_REPORT", &report);
    Ok(report.check_reserved().err())
}

/// The envelope, the hardware report in it, and the claims.
fn hcl(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let report = HclReport::parse(bytes)?;
    group(visitor, "HCL report", &report);
    let flaw = match report.hardware() {
        Hardware::Snp(bytes) => snp(bytes, visitor)?,
        Hardware::Tdx(bytes) => td_report(bytes, visitor)?,
        _ => report.check_supported().err(),
    };
    visitor.open("runtime claims");
    let repeated = json::describe(report.claims(), "runtime claims: member", report.claims_offset(), visitor);
    visitor.close();
    Ok(flaw.or(repeated))
}

/// PCR values: for each one its index and its 32 bytes.
fn registers(bytes: &[u8], visitor: &mut dyn Visitor) {
    visitor.open("PCR values, SHA-256");
    let (entries, _) = bytes.as_chunks::<33>();
    for [index, value @ ..] in entries {
        visitor.field(DescribedField::new(&alloc::format!("PCR{index}"), &HexBytes(value)));
    }
    visitor.close();
}

/// PCR values of other banks, each bank a group.
fn other_banks(bytes: &[u8], visitor: &mut dyn Visitor) {
    let mut open = None;
    for (bank, index, value) in pcrs::others(bytes) {
        if open != Some(bank) {
            if open.is_some() {
                visitor.close();
            }
            visitor.open(&alloc::format!("PCR values, {}", bank_name(bank)));
            open = Some(bank);
        }
        visitor.field(DescribedField::new(&alloc::format!("PCR{index}"), &HexBytes(value)));
    }
    if open.is_some() {
        visitor.close();
    }
}

/// PCR values without their bank and numbers: what they can be.
fn concatenation(bytes: &[u8], visitor: &mut dyn Visitor) {
    visitor.open("PCR values without their bank and numbers");
    visitor.field(DescribedField::new(
        "bank",
        &"not in the file; the quote names it, and what tpm2_pcrread prints",
    ));
    for (bank, count) in pcrs::possible_banks(bytes) {
        visitor.field(DescribedField::new(bank, &format_args!("would be {count} values")));
    }
    visitor.field(DescribedField::new("bytes", &HexBytes(bytes)));
    visitor.close();
}

fn td_report(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let report = TdReport::parse(bytes)?;
    group(visitor, "TDREPORT_STRUCT", &report);
    Ok(report.check_reserved().err())
}

/// A TD quote, and the certificates that it brings along.
fn td_quote(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let quote = TdQuote::parse(bytes)?;
    group(visitor, "TD quote", &quote);
    let chain = pem_chain(quote.certification.data);
    let flaw = certificates(chain.iter().map(Vec::as_slice), visitor);
    let (at, expected) = (quote.certification_data_offset(), "certificates in PEM");
    let no_chain = (chain.is_empty() && quote.certification.pck_chain().is_some())
        .then(|| Error::new(ErrorKind::Value, "TD quote: PCK certificate chain", at, expected));
    Ok(flaw.or(no_chain).or(quote.check_trailing().err()))
}

/// A document, of an enclave or of a NitroTPM; one that nobody signed is described as well.
fn nitro(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let envelope = match Sign1::parse(bytes) {
        Ok(envelope) => envelope,
        Err(error) => {
            let unsigned = UnsignedSign1::parse(bytes).map_err(|_| error)?;
            return unsigned_nitro(&unsigned, error, visitor);
        }
    };
    let mut unknown = Vec::new();
    let mut keep = |key, error| unknown.push((key, error));
    let (payload, base) = (envelope.payload(), envelope.payload_offset());
    let document = Document::parse_with_unknown_keys(payload, base, &LIMITS, &mut keep)?;
    cose(&envelope, visitor);
    group(visitor, "AttestationDocument", &document);
    unknown_keys(&unknown, visitor, &"not a key of an enclave's document");
    let certificates_ = document.cabundle.as_slice().iter().copied();
    let flaw = certificates(certificates_.chain(core::iter::once(document.certificate)), visitor);
    Ok(unknown.first().map(|(_, error)| *error).or(flaw))
}

/// A document without a signature, as QEMU's emulation of the security module writes it. Its certificates are zeros as
/// well, so that nothing of them is described but their bytes.
fn unsigned_nitro(
    envelope: &UnsignedSign1<'_>,
    flaw: Error,
    visitor: &mut dyn Visitor,
) -> Result<Option<Error>, Error> {
    let mut unknown = Vec::new();
    let mut keep = |key, error| unknown.push((key, error));
    let (payload, base) = (envelope.payload(), envelope.payload_offset());
    let document = Document::parse_with_unknown_keys(payload, base, &LIMITS, &mut keep)?;
    visitor.open("COSE_Sign1");
    visitor.field(DescribedField::new("protected", &HexBytes(envelope.protected())).note(&"not ES384"));
    visitor.field(DescribedField::new("signature", &HexBytes(envelope.signature())).note(&"not signed"));
    visitor.close();
    group(visitor, "AttestationDocument", &document);
    unknown_keys(&unknown, visitor, &"not a key of an enclave's document");
    Ok(Some(flaw))
}

fn nitro_tpm(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let envelope = Sign1::parse(bytes)?;
    let mut unknown = Vec::new();
    let mut keep = |key, error| unknown.push((key, error));
    let (payload, base) = (envelope.payload(), envelope.payload_offset());
    let document = NitroTpmDocument::parse_with_unknown_keys(payload, base, &LIMITS, &mut keep)?;
    cose(&envelope, visitor);
    group(visitor, "NitroTPM document", &document);
    unknown_keys(&unknown, visitor, &"not a key of a NitroTPM document");
    let flaw = certificates(document.certificates(), visitor);
    Ok(unknown.first().map(|(_, error)| *error).or(flaw))
}

fn unknown_keys(unknown: &[(&str, Error)], visitor: &mut dyn Visitor, note: &dyn core::fmt::Display) {
    if unknown.is_empty() {
        return;
    }
    visitor.open("unknown keys");
    for (key, _) in unknown {
        visitor.field(DescribedField::new("key", key).note(note));
    }
    visitor.close();
}

/// Fields that the attester chose are shown at any length.
const LIMITS: Limits = Limits::of_fields(teeproof_wire::cose::MAX_BYTES);

fn cose(envelope: &Sign1<'_>, visitor: &mut dyn Visitor) {
    visitor.open("COSE_Sign1");
    visitor.field(DescribedField::new("alg", &-35_i32).note(&"ES384"));
    visitor.field(DescribedField::new("signature", &HexBytes(envelope.signature())));
    visitor.close();
}

/// Describes certificates, and returns the first rule that one of them violates.
fn certificates<'a>(ders: impl Iterator<Item = &'a [u8]>, visitor: &mut dyn Visitor) -> Option<Error> {
    let mut flaw = None;
    for der in ders {
        match Certificate::parse(der) {
            Ok(certificate) => group(visitor, "Certificate", &certificate),
            Err(error) => {
                unreadable("Certificate", der, visitor);
                flaw = flaw.or(Some(error));
            }
        }
    }
    flaw
}
