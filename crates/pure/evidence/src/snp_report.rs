//! An SNP report in what interfaces write around it: padding, the head of a firmware response, and the certificate
//! table of the host, which may also stand alone.

use alloc::vec::Vec;

use teeproof_wire::snp::{CertificateTable, REPORT_BYTES, TableKind};
use teeproof_wire::{Error, ErrorKind as Flaw};

use crate::{Encoding, InputError, InputKind, InputWarning, Part, Sniffed};

/// The longest that is read: the buffer of the kernel's ioctl has 4000 bytes, a page 4096.
const MAX_BYTES: usize = 4096 + HEAD_BYTES;
/// Status, size and reserved bytes in front of the report (MSG_REPORT_RSP; SNP_GET_REPORT).
const HEAD_BYTES: usize = 32;

/// A report, and what stood around it.
pub(crate) struct Framed<'a> {
    pub(crate) report: &'a [u8],
    pub(crate) note: &'static str,
}

/// The report in bytes that are longer than one: before zero bytes, which are padding or an empty certificate
/// table, or behind the head of the response in which firmware returns it.
pub(crate) fn unframed(bytes: &[u8]) -> Option<Framed<'_>> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    if let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>()
        && *head == response_head()
    {
        let (report, padding) = rest.split_at_checked(REPORT_BYTES)?;
        let note = "from a SNP_GET_REPORT response";
        return (begins(report) && is_zero(padding)).then_some(Framed { report, note });
    }
    let (report, padding) = bytes.split_at_checked(REPORT_BYTES)?;
    let note = "zero bytes behind the report were left out";
    (!padding.is_empty() && begins(report) && is_zero(padding)).then_some(Framed { report, note })
}

/// Status 0, and the size of a report.
fn response_head() -> [u8; HEAD_BYTES] {
    let mut head = [0; HEAD_BYTES];
    let size = u32::try_from(REPORT_BYTES).unwrap_or_default().to_le_bytes();
    for (place, byte) in head.iter_mut().skip(4).zip(size) {
        *place = byte;
    }
    head
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

/// Whether bytes begin as a report does: a version that there is, a privilege level that there is, and the
/// one signature algorithm. A version alone would be the beginning of many other files.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let word = |at: usize| bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word));
    let level = word(0x30).is_some_and(|level| level <= 3 || level == u32::MAX);
    word(0).is_some_and(|version| (1..=5).contains(&version)) && level && word(0x34) == Some(1)
}

/// A report with the table behind it.
pub(crate) fn sniff_extended(bytes: &[u8], encoding: Encoding) -> Result<Sniffed, InputError> {
    const KIND: InputKind = InputKind::ExtendedReport;
    let Some((report, table)) = bytes.split_at_checked(REPORT_BYTES) else {
        return Err(InputError::NotOfKind { said: KIND, found: InputKind::SnpReport });
    };
    let mut sniffed = table_parts(table, REPORT_BYTES, KIND, encoding)?;
    sniffed.parts.insert(0, Part::found(InputKind::SnpReport, report.into())?);
    Ok(sniffed)
}

/// A table.
pub(crate) fn sniff_table(bytes: &[u8], encoding: Encoding) -> Result<Sniffed, InputError> {
    const KIND: InputKind = InputKind::CertificateTable;
    let sniffed = table_parts(bytes, 0, KIND, encoding)?;
    if sniffed.parts.is_empty() {
        let (what, expected) = ("certificate table", "at least one certificate or revocation list");
        return Err(InputError::Wire(KIND, Error::new(Flaw::Missing, what, 0, expected)));
    }
    Ok(sniffed)
}

fn table_parts(
    bytes: &[u8],
    base: usize,
    kind: InputKind,
    encoding: Encoding,
) -> Result<Sniffed, InputError> {
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
