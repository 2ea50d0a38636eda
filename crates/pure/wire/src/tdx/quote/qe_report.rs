//! The report of the quoting enclave: an SGX report body of 384 bytes.
//!
//! Source: Intel document 348551, appendix A.3.11 (enclave report body).

use core::mem::size_of;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::fixed::fields;
use crate::{Error, ErrorKind};

/// The size of an SGX report body in bytes.
pub const QE_REPORT_BYTES: usize = 384;

/// The SGX report body of the quoting enclave, unverified: a view of the bytes as received.
///
/// Shape: 384 bytes, little-endian, no alignment.
#[derive(Clone, Copy, Debug)]
pub struct QeReport<'a>(&'a Layout);

#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Layout {
    cpusvn: [u8; 16],
    miscselect: U32,
    reserved_020: [u8; 28],
    attributes: [u8; 16],
    mrenclave: [u8; 32],
    reserved_096: [u8; 32],
    mrsigner: [u8; 32],
    reserved_160: [u8; 96],
    isvprodid: U16,
    isvsvn: U16,
    reserved_260: [u8; 60],
    report_data: [u8; 64],
}

const _: () = assert!(size_of::<Layout>() == QE_REPORT_BYTES);

fields! { QeReport of Layout:
    cpusvn: bytes(16) at 0, "CPUSVN", "the processor's security version";
    miscselect: number(u32) at 16, "MISCSELECT", "the extended features of the enclave's state";
    attributes: bytes(16) at 48, "ATTRIBUTES", "the enclave's attributes and features; bit 1 allows debugging";
    mrenclave: bytes(32) at 64, "MRENCLAVE", "the measurement of the enclave, SHA-256";
    mrsigner: bytes(32) at 128, "MRSIGNER", "the SHA-256 of the enclave signer's key";
    isvprodid: number(u16) at 256, "ISVPRODID", "the product among those of one signer";
    isvsvn: number(u16) at 258, "ISVSVN", "the product's security version";
    report_data: bytes(64) at 320, "REPORTDATA", "the SHA-256 of attestation key and authentication data, then zeros";
}

impl<'a> QeReport<'a> {
    /// The reserved bytes at 20, 96, 160 and 260.
    pub(super) const fn reserved(self) -> [&'a [u8]; 4] {
        let Layout { reserved_020, reserved_096, reserved_160, reserved_260, .. } = self.0;
        [reserved_020, reserved_096, reserved_160, reserved_260]
    }

    /// The view of a report body; `offset` is its place in the quote.
    pub(super) fn of(bytes: &'a [u8], offset: usize) -> Result<Self, Error> {
        const WHAT: &str = "TD quote: report of the quoting enclave";
        let wrong = Error::new(ErrorKind::Value, WHAT, offset, "384 bytes");
        Layout::ref_from_bytes(bytes).map(Self).map_err(|_| wrong)
    }
}
