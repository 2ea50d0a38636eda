//! The certificate table of a host, alone or behind a report, taken apart.

use alloc::vec::Vec;

use teeproof_wire::snp::{CertificateTable, REPORT_BYTES, TableKind};
use teeproof_wire::{Error, ErrorKind as Flaw};

use crate::{Encoding, InputError, InputKind, InputWarning, Part, Sniffed};

/// A report with the table behind it.
pub(crate) fn report(bytes: &[u8], encoding: Encoding) -> Result<Sniffed, InputError> {
    const KIND: InputKind = InputKind::ExtendedReport;
    let Some((report, table)) = bytes.split_at_checked(REPORT_BYTES) else {
        return Err(InputError::NotOfKind { said: KIND, found: InputKind::SnpReport });
    };
    let mut sniffed = read(table, REPORT_BYTES, KIND, encoding)?;
    sniffed.parts.insert(0, Part::found(InputKind::SnpReport, report.into())?);
    Ok(sniffed)
}

/// A table.
pub(crate) fn alone(bytes: &[u8], encoding: Encoding) -> Result<Sniffed, InputError> {
    const KIND: InputKind = InputKind::CertificateTable;
    let sniffed = read(bytes, 0, KIND, encoding)?;
    if sniffed.parts.is_empty() {
        let (what, expected) = ("certificate table", "at least one certificate or revocation list");
        return Err(InputError::Wire(KIND, Error { kind: Flaw::Missing, what, offset: 0, expected }));
    }
    Ok(sniffed)
}

fn read(bytes: &[u8], base: usize, kind: InputKind, encoding: Encoding) -> Result<Sniffed, InputError> {
    let table = CertificateTable::parse(bytes).map_err(|error| InputError::Wire(kind, error.within(base)))?;
    let (mut parts, mut warnings) = (Vec::new(), Vec::new());
    for entry in table.entries() {
        match entry.kind {
            // Hosts leave out what they do not have by an entry without bytes.
            _ if entry.bytes.is_empty() => {}
            TableKind::Vcek | TableKind::Vlek | TableKind::Ask | TableKind::Ark => {
                parts.push(Part::found(InputKind::Certificate, entry.bytes.into())?);
            }
            TableKind::Crl => parts.push(Part::found(InputKind::RevocationList, entry.bytes.into())?),
            _ => warnings.push(InputWarning::TableEntry),
        }
    }
    Ok(Sniffed { warnings, ..Sniffed::new(kind, encoding, parts) })
}
