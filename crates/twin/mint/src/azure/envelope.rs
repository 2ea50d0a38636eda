//! The HCL report: the paravisor's envelope around hardware report and claims.

use super::sizes::len32;
use crate::Error;
use crate::digest::{sha256, sha384, sha512};
use crate::error::patch;

/// How much room the envelope has for the hardware report.
pub const HARDWARE_SLOT_BYTES: usize = 1184;
/// The report type of SEV-SNP.
pub(super) const SNP: u32 = 2;
/// The report type of TDX.
pub(super) const TDX: u32 = 4;

const HEADER_BYTES: u32 = 0x20;
const REQUEST_HEADER_BYTES: u32 = 0x14;
const SLOT_BYTES: u32 = 0x4a0;

/// The envelope, every field of it. Sizes that are `None` are the true ones.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Envelope {
    /// 0x00: `HCLA`.
    pub signature: [u8; 4],
    /// 0x04: 1 from the older paravisor on Milan, 2 from the others.
    pub header_version: u32,
    /// 0x08: header, slot, request data and claims together.
    pub report_size: Option<u32>,
    /// 0x0C: 2 is what guests get to see.
    pub request_type: u32,
    /// 0x10: zero.
    pub status: u32,
    /// 0x14: zero.
    pub reserved: [u32; 3],
    /// 0x20: these bytes in place of the hardware report. Zeros follow up to the end of the slot.
    pub slot: Option<Vec<u8>>,
    /// 0x4C0: request-data header, bitmap and claims together.
    pub data_size: Option<u32>,
    /// 0x4C4: 1, or 2 together with a bitmap.
    pub request_version: u32,
    /// 0x4C8: 1 VBS, 2 SNP, 3 TVM, 4 TDX, 5 CCA.
    pub report_type: u32,
    /// 0x4CC: 1 SHA-256, 2 SHA-384, 3 SHA-512. REPORT_DATA is made with it.
    pub hash_type: u32,
    /// 0x4D0: the length of the claims.
    pub variable_data_size: Option<u32>,
    /// 0x4D4: the capability bitmap. `None` writes no bitmap.
    pub capabilities: Option<u32>,
    /// These bytes right after the claims.
    pub tail: Vec<u8>,
    /// The size of the NV index: zeros follow up to here. What is longer is not cut.
    pub nv_bytes: usize,
    tampers: Vec<(usize, Vec<u8>)>,
}

impl Envelope {
    /// The envelope of a report of this type, in the form of this header version.
    pub(super) const fn new(report_type: u32, header_version: u32, nv_bytes: usize) -> Self {
        Self {
            signature: *b"HCLA",
            header_version,
            report_size: None,
            request_type: 2,
            status: 0,
            reserved: [0; 3],
            slot: None,
            data_size: None,
            request_version: 1,
            report_type,
            hash_type: 1,
            variable_data_size: None,
            capabilities: None,
            tail: Vec::new(),
            nv_bytes,
            tampers: Vec::new(),
        }
    }

    /// Makes it request data of version 2, with this bitmap.
    pub const fn set_version_2(&mut self, capabilities: u32) {
        self.request_version = 2;
        self.capabilities = Some(capabilities);
    }

    /// Overwrites bytes of the finished envelope, at offsets from its first byte.
    pub fn tamper(&mut self, offset: usize, bytes: &[u8]) {
        self.tampers.push((offset, bytes.to_vec()));
    }

    /// What REPORT_DATA must be for these claims: their hash, then zeros.
    #[must_use]
    pub fn report_data(&self, claims: &[u8]) -> [u8; 64] {
        let digest = match self.hash_type {
            2 => sha384(&[claims]).to_vec(),
            3 => sha512(&[claims]).to_vec(),
            _ => sha256(&[claims]).to_vec(),
        };
        let mut out = [0; 64];
        out.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        out
    }

    /// The envelope around a hardware report and claims.
    pub(super) fn close(&self, hardware: &[u8], claims: &[u8]) -> Result<Vec<u8>, Error> {
        let mut slot = self.slot.clone().unwrap_or_else(|| hardware.to_vec());
        slot.resize(slot.len().max(HARDWARE_SLOT_BYTES), 0);
        let request_data = self.request_data(claims);
        let mut out = [self.header(claims).as_slice(), &slot, &request_data, &self.tail].concat();
        out.resize(out.len().max(self.nv_bytes), 0);
        patch(&mut out, &self.tampers)?;
        Ok(out)
    }

    fn header(&self, claims: &[u8]) -> Vec<u8> {
        let size = || self.true_data_size(claims).saturating_add(HEADER_BYTES + SLOT_BYTES);
        let [first, second, third] = self.reserved;
        let fields = [
            u32::from_le_bytes(self.signature),
            self.header_version,
            self.report_size.unwrap_or_else(size),
            self.request_type,
            self.status,
            first,
            second,
            third,
        ];
        fields.map(u32::to_le_bytes).concat()
    }

    fn request_data(&self, claims: &[u8]) -> Vec<u8> {
        let fields = [
            self.data_size.unwrap_or_else(|| self.true_data_size(claims)),
            self.request_version,
            self.report_type,
            self.hash_type,
            self.variable_data_size.unwrap_or_else(|| len32(claims)),
        ];
        let mut out = fields.map(u32::to_le_bytes).concat();
        out.extend(self.capabilities.into_iter().flat_map(u32::to_le_bytes));
        out.extend(claims);
        out
    }

    fn true_data_size(&self, claims: &[u8]) -> u32 {
        let bitmap = if self.capabilities.is_some() { 4 } else { 0 };
        len32(claims).saturating_add(REQUEST_HEADER_BYTES + bitmap)
    }
}
