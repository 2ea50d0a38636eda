//! The HCL report of Azure's paravisor: an envelope around a hardware report and the runtime claims
//! whose hash is in the REPORT_DATA of that report.
//!
//! The hardware report is signed and the claims are hashed; the other fields of the envelope are
//! unauthenticated. A guest reads it from NV index 0x01400001 of its vTPM. Source: `igvm_attest/get.rs`
//! of microsoft/openvmm, the attestation protocol of OpenHCL.

mod describe;
mod kinds;

pub use kinds::{Capabilities, HashType, ReportType};

use crate::snp::REPORT_BYTES;
use crate::tdx::TD_REPORT_BYTES;
use crate::{Error, ErrorKind, Reader};

/// The size limit of an envelope in bytes; the NV index has 2048, 2600 or 2900.
pub const MAX_BYTES: usize = 4096;
/// The offset of the hardware report in the envelope.
pub const HARDWARE_OFFSET: usize = 0x20;
/// The size of the slot of the hardware report in bytes: 1184, for every report type.
pub const SLOT_BYTES: usize = 0x4a0;
/// The value of `signature`, 4 bytes at 0x00: `HCLA` as a little-endian number.
pub const SIGNATURE: u32 = 0x414c_4348;
/// The value of `request_type` in every report that a guest can read: a request for an AK certificate.
pub const REQUEST_TYPE: u32 = 2;

/// The request-data header without the bitmap of version 2.
const REQUEST_HEADER_BYTES: u32 = 20;
const BITMAP_BYTES: u32 = 4;
const VBS_REPORT_BYTES: usize = 0x230;
const WHAT: &str = "HCL report";

/// An HCL report, unverified. It borrows its input.
///
/// Shape, little-endian, at most 4096 bytes: a header (32 bytes at 0x000), the slot of the hardware
/// report (1184 bytes at 0x020), the header of the request data (20 bytes at 0x4c0; in version 2 with 4
/// bytes of capabilities at 0x4d4), the claims, and zeros up to the size of the NV index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HclReport<'a> {
    /// `version`, 4 bytes at 0x004: the version of the header, 1 or 2.
    pub version: u32,
    /// `report_size`, 4 bytes at 0x008: the number of bytes from the start of the envelope to the end of
    /// the claims.
    pub report_size: u32,
    /// `request_type`, 4 bytes at 0x00c: always [`REQUEST_TYPE`].
    pub request_type: u32,
    /// `status`, 4 bytes at 0x010: the status of the request, always 0.
    pub status: u32,
    /// The slot of the hardware report, 1184 bytes at 0x020; [`HclReport::hardware`] gives the report in it.
    pub slot: &'a [u8; SLOT_BYTES],
    /// `data_size`, 4 bytes at 0x4c0: the number of bytes of the request data's header and the claims.
    pub data_size: u32,
    /// `version` of the request data, 4 bytes at 0x4c4: 1 or 2.
    pub request_data_version: u32,
    /// `report_type`, 4 bytes at 0x4c8: the kind of the hardware report.
    pub report_type: ReportType,
    /// `report_data_hash_type`, 4 bytes at 0x4cc: the hash of the claims in REPORT_DATA.
    pub report_data_hash_type: HashType,
    /// `variable_data_size`, 4 bytes at 0x4d0: the number of bytes of the claims.
    pub variable_data_size: u32,
    /// The capabilities of the paravisor, 4 bytes at 0x4d4 in version 2 of the request data; `None` in
    /// version 1. Unassigned bits are kept.
    pub capability_bitmap: Option<Capabilities>,
    bytes: &'a [u8],
    claims: &'a [u8],
    claims_offset: usize,
    padding_bytes: usize,
}

/// The hardware report in the slot, by the report type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hardware<'a> {
    /// An SEV-SNP attestation report, 1184 bytes: see [`snp::Report`](crate::snp::Report).
    Snp(&'a [u8; REPORT_BYTES]),
    /// A TDX TDREPORT, 1024 bytes: see [`tdx::TdReport`](crate::tdx::TdReport). A remote party cannot
    /// authenticate it without the TD quote made from it.
    Tdx(&'a [u8; TD_REPORT_BYTES]),
    /// A report of virtualization-based security, 560 bytes; it has no hardware signature.
    Vbs(&'a [u8]),
    /// No report: a trusted-launch VM.
    Tvm,
    /// A report of Arm CCA; the type is reserved, and its format is not read.
    Cca,
}

impl<'a> HclReport<'a> {
    /// Parses an envelope of any NV index size.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; another signature, version, request type, report type or hash type; sizes
    /// that contradict each other; a reserved or padding byte that is not zero.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, MAX_BYTES, "at most 4096 bytes"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            let (version, report_size) = header(reader)?;
            let slot = reader.array("HCL report: hardware report")?;
            let mut report = Self::request(reader, slot)?;
            report.claims_offset = reader.offset();
            let claims_bytes = length(report.variable_data_size);
            report.claims = reader.take(claims_bytes, "HCL report: variable_data")?;
            if length(report_size) != reader.offset() {
                return Err(Error::new(
                    ErrorKind::Value,
                    "HCL report: report_size",
                    0x08,
                    "the offset of the claims and their length",
                ));
            }
            (report.bytes, report.version, report.report_size) = (bytes, version, report_size);
            report.padding_bytes = zeros(reader, "HCL report: padding")?;
            Ok(report)
        })
    }

    /// Reads the request-data header, whose sizes have to agree.
    fn request(reader: &mut Reader<'a>, slot: &'a [u8; SLOT_BYTES]) -> Result<Self, Error> {
        let data_size = word(reader, "HCL report: data_size")?;
        let at = reader.at();
        let version = word(reader, "HCL report: request data version")?;
        let header = match version {
            1 => REQUEST_HEADER_BYTES,
            2 => REQUEST_HEADER_BYTES.saturating_add(BITMAP_BYTES),
            _ => {
                return Err(at.error(
                    ErrorKind::Unsupported,
                    "HCL report: request data version",
                    "version 1 or 2",
                ));
            }
        };
        let report_type = ReportType::read(reader)?;
        check_slot(slot, report_type)?;
        let report_data_hash_type = HashType::read(reader)?;
        let at = reader.at();
        let variable_data_size = word(reader, "HCL report: variable_data_size")?;
        if variable_data_size.checked_add(header) != Some(data_size) {
            return Err(at.error(
                ErrorKind::Value,
                "HCL report: variable_data_size",
                "data_size without the 20 bytes of its header, or the 24 of version 2",
            ));
        }
        let bitmap = match version {
            1 => None,
            _ => Some(Capabilities(word(reader, "HCL report: capability_bitmap")?)),
        };
        Ok(Self {
            version: 0,
            report_size: 0,
            request_type: REQUEST_TYPE,
            status: 0,
            slot,
            data_size,
            request_data_version: version,
            report_type,
            report_data_hash_type,
            variable_data_size,
            capability_bitmap: bitmap,
            bytes: &[],
            claims: &[],
            claims_offset: 0,
            padding_bytes: 0,
        })
    }

    /// The whole envelope as received, padding included.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The hardware report in the slot, by the unauthenticated report type.
    #[must_use]
    pub fn hardware(&self) -> Hardware<'a> {
        match self.report_type {
            ReportType::SNP => Hardware::Snp(self.slot),
            ReportType::TDX => self.slot.first_chunk().map_or(Hardware::Cca, Hardware::Tdx),
            ReportType::VBS => Hardware::Vbs(self.slot.get(..VBS_REPORT_BYTES).unwrap_or_default()),
            ReportType::TVM => Hardware::Tvm,
            _ => Hardware::Cca,
        }
    }

    /// Checks that the hardware report is an SNP report or a TDREPORT.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for VBS, trusted launch and CCA; the error names the type.
    pub fn check_supported(&self) -> Result<(), Error> {
        let expected = match self.report_type {
            ReportType::SNP | ReportType::TDX => return Ok(()),
            ReportType::VBS => "SNP (2) or TDX (4); this is VBS (1), which no hardware signed",
            ReportType::TVM => "SNP (2) or TDX (4); this is TVM (3), a trusted-launch VM without a report",
            _ => "SNP (2) or TDX (4); this is CCA (5)",
        };
        Err(Error::new(ErrorKind::Unsupported, kinds::REPORT_TYPE, kinds::REPORT_TYPE_OFFSET, expected))
    }

    /// The runtime claims, JSON: the bytes whose hash is in REPORT_DATA, as received.
    #[must_use]
    pub const fn claims(&self) -> &'a [u8] {
        self.claims
    }

    /// The offset of the claims in the envelope: 0x4d4, or 0x4d8 in version 2 of the request data.
    #[must_use]
    pub const fn claims_offset(&self) -> usize {
        self.claims_offset
    }

    /// The number of zero bytes after the claims.
    #[must_use]
    pub const fn padding_bytes(&self) -> usize {
        self.padding_bytes
    }
}

/// Reads the header: version and report size; everything else in it has one value.
fn header(reader: &mut Reader<'_>) -> Result<(u32, u32), Error> {
    let demand = |reader: &mut Reader<'_>, wanted: u32, kind, what, expected| {
        let at = reader.at();
        if word(reader, what)? == wanted { Ok(()) } else { Err(at.error(kind, what, expected)) }
    };
    demand(reader, SIGNATURE, ErrorKind::Value, "HCL report: signature", "the bytes HCLA")?;
    let at = reader.at();
    let version = word(reader, "HCL report: version")?;
    if !(1..=2).contains(&version) {
        return Err(at.error(ErrorKind::Unsupported, "HCL report: version", "version 1 or 2"));
    }
    let report_size = word(reader, "HCL report: report_size")?;
    let guest = "2, the report that a guest reads";
    demand(reader, REQUEST_TYPE, ErrorKind::Unsupported, "HCL report: request_type", guest)?;
    demand(reader, 0, ErrorKind::Value, "HCL report: status", "zero")?;
    for _ in 0..3 {
        demand(reader, 0, ErrorKind::Value, "HCL report: reserved", "zero")?;
    }
    Ok((version, report_size))
}

/// Checks that the part of the slot after the hardware report is zero.
fn check_slot(slot: &[u8; SLOT_BYTES], report_type: ReportType) -> Result<(), Error> {
    let used = match report_type {
        ReportType::TDX => TD_REPORT_BYTES,
        ReportType::VBS => VBS_REPORT_BYTES,
        ReportType::TVM => 0,
        _ => SLOT_BYTES,
    };
    let rest = slot.get(used..).unwrap_or_default();
    match rest.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => {
            let offset = HARDWARE_OFFSET.saturating_add(used).saturating_add(at);
            let what = "HCL report: slot after the hardware report";
            Err(Error::new(ErrorKind::Value, what, offset, "zero"))
        }
    }
}

fn word(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Error> {
    reader.array(what).map(|bytes| u32::from_le_bytes(*bytes))
}

fn length(size: u32) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX)
}

/// Reads all that is left, which must be zero; says how much it was.
fn zeros(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, Error> {
    let rest = reader.rest();
    let clean = rest.iter().take_while(|byte| **byte == 0).count();
    reader.take(clean, what)?;
    if reader.is_empty() { Ok(clean) } else { Err(reader.error(ErrorKind::Trailing, what, "zero")) }
}
