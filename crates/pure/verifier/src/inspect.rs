//! Every field of a structure, believed or not: nothing is verified here.

use teeproof_wire::certificate::Certificate;
use teeproof_wire::cose::Sign1;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::nitro::{Document, Limits};
use teeproof_wire::snp::Report;
use teeproof_wire::{Describe, Error, Shown, Visitor};

use crate::input::{InputError, Kind, Sniffed};

/// What was told of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// The first rule that the structure breaks, though its fields could be told.
    pub flaw: Option<Error>,
}

/// Tells every field of what was found in a file, by the names of its specification.
///
/// Certificates that a Nitro document brings along are told as structures of their own.
///
/// # Errors
/// The bytes are not laid out as the structure is, so there are no fields to tell.
pub fn inspect(sniffed: &Sniffed, visitor: &mut dyn Visitor) -> Result<Inspected, InputError> {
    let mut flaw = None;
    for part in &sniffed.parts {
        let of = |kind| move |error| InputError::Wire(kind, error);
        match sniffed.kind {
            Kind::SnpReport => {
                let report = Report::parse(part).map_err(of(Kind::SnpReport))?;
                group(visitor, "ATTESTATION_REPORT", report);
                flaw = report.check_reserved().err();
            }
            Kind::NitroDocument => nitro(part, visitor).map_err(of(Kind::NitroDocument))?,
            kind => match (Certificate::parse(part), RevocationList::parse(part)) {
                (Ok(certificate), _) => group(visitor, "Certificate", &certificate),
                (Err(_), Ok(list)) => group(visitor, "CertificateList", &list),
                (Err(error), Err(_)) if kind != Kind::RevocationList => {
                    return Err(of(Kind::Certificate)(error));
                }
                (_, Err(error)) => return Err(of(Kind::RevocationList)(error)),
            },
        }
    }
    Ok(Inspected { flaw })
}

fn group(visitor: &mut dyn Visitor, name: &str, structure: &dyn Describe) {
    visitor.open(name);
    structure.describe(visitor);
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
