//! Every field of a structure, believed or not: nothing is verified here.

mod json;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::eventlog::EventLog;
use teeproof_wire::hcl::{Hardware, HclReport};
use teeproof_wire::nitro::{Document, Limits};
use teeproof_wire::snp::Report;
use teeproof_wire::tdx::TdReport;
use teeproof_wire::tpm::{Attest, Certification, attest_bytes};
use teeproof_wire::{Describe, Error, Shown, Visitor};

use crate::input::{InputError, Kind, Part, Sniffed};

/// What was told of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The first rule that a structure breaks, though its fields could be told.
    pub flaw: Option<Error>,
}

/// Tells every field of what was found in a file, by the names of its specification.
///
/// What a structure brings along (the hardware report and the claims of a paravisor's report, the
/// certificates of a Nitro document) is told as a structure of its own.
///
/// # Errors
/// The bytes are not laid out as the structure is, so there are no fields to tell.
pub fn inspect(sniffed: &Sniffed, visitor: &mut dyn Visitor) -> Result<Inspected, InputError> {
    let mut flaw = None;
    for part in &sniffed.parts {
        let of = |error| InputError::Wire(part.kind, error);
        flaw = flaw.or(structure(part, visitor).map_err(of)?);
    }
    Ok(Inspected { flaw })
}

/// Tells one part, and gives back the rule that it breaks.
fn structure(part: &Part, visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let bytes = part.bytes.as_slice();
    match part.kind {
        Kind::SnpReport => return snp(bytes, visitor),
        Kind::HclReport => return hcl(bytes, visitor),
        Kind::TpmQuote => attest(attest_bytes(bytes), visitor)?,
        Kind::EventLog => group(visitor, "TCG event log", &EventLog::parse(bytes)?),
        Kind::CcEventLog => {
            group(visitor, "confidential-computing event log (CCEL)", &EventLog::parse(bytes)?)
        }
        Kind::PcrValues => registers(bytes, visitor),
        Kind::NitroDocument => nitro(bytes, visitor)?,
        Kind::RevocationList => group(visitor, "CertificateList", &RevocationList::parse(bytes)?),
        Kind::Certificate => group(visitor, "Certificate", &Certificate::parse(bytes)?),
        other => {
            visitor.open(other.as_str());
            visitor.field(Shown::new("bytes", &teeproof_core::Hex(bytes)));
            visitor.close();
        }
    }
    Ok(None)
}

fn group(visitor: &mut dyn Visitor, name: &str, structure: &dyn Describe) {
    visitor.open(name);
    structure.describe(visitor);
    visitor.close();
}

/// What a TPM signed: a quote, or a key's certification.
fn attest(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Error> {
    match (Attest::parse(bytes), Certification::parse(bytes)) {
        (Err(_), Ok(certification)) => group(visitor, "TPMS_ATTEST", &certification),
        (quote, _) => group(visitor, "TPMS_ATTEST", &quote?),
    }
    Ok(())
}

fn snp(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let report = Report::parse(bytes)?;
    group(visitor, "ATTESTATION_REPORT", report);
    Ok(report.check_reserved().err())
}

/// The envelope, the hardware report in it, and the claims.
fn hcl(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<Option<Error>, Error> {
    let report = HclReport::parse(bytes)?;
    group(visitor, "HCL report", &report);
    let flaw = match report.hardware() {
        Hardware::Snp(bytes) => snp(bytes, visitor)?,
        Hardware::Tdx(bytes) => {
            let report = TdReport::parse(bytes)?;
            group(visitor, "TDREPORT_STRUCT", report);
            report.check_reserved().err()
        }
        _ => report.check_supported().err(),
    };
    visitor.open("runtime claims");
    let repeated = json::describe(report.claims(), report.claims_offset(), visitor);
    visitor.close();
    Ok(flaw.or(repeated))
}

/// Register values: for each one its index and its 32 bytes.
fn registers(bytes: &[u8], visitor: &mut dyn Visitor) {
    visitor.open("register values, SHA-256");
    let (entries, _) = bytes.as_chunks::<33>();
    for [index, value @ ..] in entries {
        visitor.field(Shown::new(&alloc::format!("PCR{index}"), &teeproof_core::Hex(value)));
    }
    visitor.close();
}

fn nitro(bytes: &[u8], visitor: &mut dyn Visitor) -> Result<(), Error> {
    let envelope = Sign1::parse(bytes)?;
    let limits = Limits { field_bytes: teeproof_wire::cose::MAX_BYTES };
    let document = Document::parse(envelope.payload(), envelope.payload_offset(), &limits)?;
    visitor.open("COSE_Sign1");
    visitor.field(Shown::new("alg", &"-35").note(&"ES384"));
    visitor.field(Shown::new("signature", &teeproof_core::Hex(envelope.signature())));
    visitor.close();
    group(visitor, "AttestationDocument", &document);
    for der in document.cabundle.as_slice().iter().chain(core::iter::once(&document.certificate)) {
        group(visitor, "Certificate", &Certificate::parse(der)?);
    }
    Ok(())
}
