//! The report of Azure's paravisor as its bytes say it: an envelope around a hardware report and
//! the claims whose hash that report holds.
//!
//! Only the hardware report is signed and only the claims are hashed: nothing else in here is
//! proved by anything. Source: `igvm_attest/get.rs` of microsoft/openvmm, the attestation
//! protocol of OpenHCL; NV index 0x01400001 of the vTPM.

mod describe;
mod kinds;

pub use kinds::{Capabilities, HashType, ReportType};

use crate::snp::REPORT_BYTES;
use crate::tdx::TD_REPORT_BYTES;
use crate::{Error, ErrorKind, Reader};

/// The most bytes of an envelope that are read; the NV index has 2048, 2600 or 2900.
pub const MAX_BYTES: usize = 4096;
/// Where the hardware report begins.
pub const HARDWARE_OFFSET: usize = 0x20;
/// How many bytes are set aside for the hardware report, whichever it is.
pub const SLOT_BYTES: usize = 0x4a0;
/// The bytes `HCLA`, as a little-endian number.
pub const SIGNATURE: u32 = 0x414c_4348;
/// The request that a guest's report answers: the one for an AK certificate.
pub const REQUEST_TYPE: u32 = 2;

/// The request-data header without the bitmap of version 2.
const REQUEST_HEADER_BYTES: u32 = 20;
const BITMAP_BYTES: u32 = 4;
const VBS_REPORT_BYTES: usize = 0x230;
const WHAT: &str = "HCL report";

/// An envelope, unverified. It borrows the bytes it was read from.
///
/// Shape: at most 4096 bytes, little-endian; the claims fill it up to `report_size`, and what
/// follows, up to the size of the NV index, is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HclReport<'a> {
    /// Version of the header: 1 or 2.
    pub version: u32,
    /// Length of the header, the slot, the request data and the claims.
    pub report_size: u32,
    /// What was requested; always [`REQUEST_TYPE`].
    pub request_type: u32,
    /// Status of the request; always 0.
    pub status: u32,
    /// The slot of the hardware report, whole: see [`HclReport::hardware`].
    pub slot: &'a [u8; SLOT_BYTES],
    /// Length of the request-data header and the claims.
    pub data_size: u32,
    /// Version of the request data: 1 or 2.
    pub request_data_version: u32,
    /// What the slot holds.
    pub report_type: ReportType,
    /// Which hash of the claims the hardware report holds.
    pub report_data_hash_type: HashType,
    /// Length of the claims.
    pub variable_data_size: u32,
    /// What the paravisor can do, in version 2 of the request data. Bits without a meaning are
    /// kept; nothing is decided by them.
    pub capability_bitmap: Option<Capabilities>,
    bytes: &'a [u8],
    claims: &'a [u8],
    claims_offset: usize,
    padding_bytes: usize,
}

/// What stands in the slot of the hardware report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hardware<'a> {
    /// An SEV-SNP attestation report.
    Snp(&'a [u8; REPORT_BYTES]),
    /// A TDX TDREPORT; a remote party can believe it only together with a quote.
    Tdx(&'a [u8; TD_REPORT_BYTES]),
    /// A report of virtualization-based security, which no hardware signed.
    Vbs(&'a [u8]),
    /// Nothing: a trusted-launch VM.
    Tvm,
    /// Kept for Arm CCA.
    Cca,
}

impl<'a> HclReport<'a> {
    /// Reads an envelope of any NV index size, and lays out what it holds.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`]; another magic, version, request or hash type; sizes that do not
    /// agree with each other; a reserved or padding byte that is not zero.
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

    /// What stands in the slot, by the report type, which nothing proves yet.
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

    /// Checks that the hardware report is of a kind that can be verified at all.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for VBS, trusted launch and CCA, in words that say which.
    pub fn check_supported(&self) -> Result<(), Error> {
        let expected = match self.report_type {
            ReportType::SNP | ReportType::TDX => return Ok(()),
            ReportType::VBS => "SNP (2) or TDX (4); this is VBS (1), which no hardware signed",
            ReportType::TVM => "SNP (2) or TDX (4); this is TVM (3), a trusted-launch VM without a report",
            _ => "SNP (2) or TDX (4); this is CCA (5)",
        };
        Err(Error::new(ErrorKind::Unsupported, kinds::REPORT_TYPE, kinds::REPORT_TYPE_OFFSET, expected))
    }

    /// The claims, exactly the bytes that are hashed.
    #[must_use]
    pub const fn claims(&self) -> &'a [u8] {
        self.claims
    }

    /// Where the claims begin.
    #[must_use]
    pub const fn claims_offset(&self) -> usize {
        self.claims_offset
    }

    /// How many zero bytes follow the claims.
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

/// Checks that what the hardware report leaves of the slot is zero.
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
