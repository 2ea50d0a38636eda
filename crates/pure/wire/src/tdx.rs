//! Intel TDX: the TDREPORT, 1024 bytes, and the TD quote.
//!
//! The MAC of a TDREPORT can be checked on the same processor only, so that a remote party needs the quote
//! made from it. Source: Intel document 344425 (TDX module, ABI), TDREPORT_STRUCT.

mod describe;
mod flags;
pub mod quote;

pub use flags::{EnclaveFlags, MiscSelect, TdAttributes, Xfam};
pub use quote::{QeReport, TdBody, TdQuote};

use core::mem::{offset_of, size_of};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::fixed::fields;
use crate::{Error, ErrorKind};

/// The size of a TDREPORT in bytes.
pub const TD_REPORT_BYTES: usize = 1024;

/// The most bytes of a response of Intel's PCS with TCB info or an enclave identity, wherever it is read; real ones
/// have up to 30,000.
pub const MAX_COLLATERAL_BYTES: usize = 128 * 1024;

const WHAT: &str = "TDREPORT";
const TEE_TCB_INFO: core::ops::Range<usize> = 256..495;
const TD_INFO: core::ops::Range<usize> = 512..1024;

/// A TDREPORT, unverified: a view of the bytes as received.
///
/// Shape: 1024 bytes, little-endian, no alignment.
#[derive(Clone, Copy, Debug)]
pub struct TdReport<'a>(&'a Layout);

/// `TEE_TCB_INFO`, 239 bytes at 256 of the report: the TDX module that made the report.
#[derive(Clone, Copy, Debug)]
pub struct TeeTcbInfo<'a>(&'a TeeTcbInfoLayout);

/// `TDINFO`, 512 bytes at 512 of the report: the guest.
#[derive(Clone, Copy, Debug)]
pub struct TdInfo<'a>(&'a TdInfoLayout);

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Layout {
    report_type: [u8; 4],
    reserved_004: [u8; 12],
    cpusvn: [u8; 16],
    tee_tcb_info_hash: [u8; 48],
    tee_info_hash: [u8; 48],
    reportdata: [u8; 64],
    reserved_0c0: [u8; 32],
    mac: [u8; 32],
    tee_tcb_info: TeeTcbInfoLayout,
    reserved_1ef: [u8; 17],
    td_info: TdInfoLayout,
}

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct TeeTcbInfoLayout {
    valid: U64,
    tee_tcb_svn: [u8; 16],
    mrseam: [u8; 48],
    mrsignerseam: [u8; 48],
    attributes: U64,
    tee_tcb_svn2: [u8; 16],
    reserved: [u8; 95],
}

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct TdInfoLayout {
    attributes: U64,
    xfam: U64,
    mrtd: [u8; 48],
    mrconfigid: [u8; 48],
    mrowner: [u8; 48],
    mrownerconfig: [u8; 48],
    rtmr: [[u8; 48]; 4],
    servtd_hash: [u8; 48],
    reserved: [u8; 64],
}

const _: () = {
    assert!(size_of::<Layout>() == TD_REPORT_BYTES);
    assert!(size_of::<TeeTcbInfoLayout>() == 239);
    assert!(size_of::<TdInfoLayout>() == 512);
    assert!(offset_of!(Layout, tee_tcb_info) == 256);
    assert!(offset_of!(Layout, reserved_1ef) == 495);
    assert!(offset_of!(Layout, td_info) == 512);
    assert!(offset_of!(TdInfoLayout, rtmr) == 208);
};

fields! { TdReport of Layout:
    report_type: bytes(4) at 0, "REPORTTYPE", "type, subtype, version, reserved";
    cpusvn: bytes(16) at 16, "CPUSVN", "the processor's security version";
    tee_tcb_info_hash: bytes(48) at 32, "TEE_TCB_INFO_HASH", "the SHA-384 of TEE_TCB_INFO";
    tee_info_hash: bytes(48) at 80, "TEE_INFO_HASH", "the SHA-384 of TDINFO";
    reportdata: bytes(64) at 128, "REPORTDATA", "what the guest put into its request, such as a nonce";
    mac: bytes(32) at 224, "MAC", "the code over the first 256 bytes, checked on the same processor only";
}

fields! { TeeTcbInfo of TeeTcbInfoLayout:
    valid: number(u64) at 0, "VALID", "which of the following fields have a value";
    tee_tcb_svn: bytes(16) at 8, "TEE_TCB_SVN", "the security versions of the TDX module";
    mrseam: bytes(48) at 24, "MRSEAM", "the measurement of the TDX module, SHA-384";
    mrsignerseam: bytes(48) at 72, "MRSIGNERSEAM", "the measurement of the TDX module's signer, or zero for Intel";
    attributes: number(u64) at 120, "ATTRIBUTES", "the attributes of the TDX module";
    tee_tcb_svn2: bytes(16) at 128, "TEE_TCB_SVN2", "the security versions of the module that runs, written by modules from 1.5 on";
}

fields! { TdInfo of TdInfoLayout:
    attributes: number(u64) at 0, "ATTRIBUTES", "the attributes of the guest; bit 0 allows debugging";
    xfam: number(u64) at 8, "XFAM", "the processor features that the guest may use";
    mrtd: bytes(48) at 16, "MRTD", "the measurement of the guest's initial contents, SHA-384";
    mrconfigid: bytes(48) at 64, "MRCONFIGID", "an identifier of the guest's configuration, from the host";
    mrowner: bytes(48) at 112, "MROWNER", "an identifier of the guest's owner, from the host";
    mrownerconfig: bytes(48) at 160, "MROWNERCONFIG", "an identifier of the owner's configuration, from the host";
    servtd_hash: bytes(48) at 400, "SERVTD_HASH", "the SHA-384 over the service TDs that are bound to the guest";
}

impl<'a> TdInfo<'a> {
    /// `RTMR0` to `RTMR3`, 48 bytes each from 208 on: the measurements that the guest extended at run time.
    #[must_use]
    pub const fn rtmr(self) -> &'a [[u8; 48]; 4] {
        &self.0.rtmr
    }
}

impl<'a> TdReport<'a> {
    /// A view of `bytes`, which must be exactly one TDREPORT.
    ///
    /// # Errors
    /// Another length than 1024 bytes, or another type, subtype or version.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let layout = Layout::ref_from_bytes(bytes).map_err(|_| {
            let kind = if bytes.len() < TD_REPORT_BYTES { ErrorKind::Truncated } else { ErrorKind::Trailing };
            let at = bytes.len().min(TD_REPORT_BYTES);
            Error::new(kind, WHAT, at, "a TDREPORT of exactly 1024 bytes")
        })?;
        let unsupported =
            |at, expected| Err(Error::new(ErrorKind::Unsupported, "TDREPORT: type", at, expected));
        match layout.report_type {
            [0x81, 0, 0 | 1, 0] => Ok(Self(layout)),
            [0x81, 0, 0 | 1, _] => Err(Error::new(ErrorKind::Value, "TDREPORT: type", 3, ZERO)),
            [0x81, 0, _, _] => unsupported(2, "version 0 or 1"),
            [0x81, ..] => unsupported(1, "subtype 0"),
            _ => unsupported(0, "type 0x81, TDX"),
        }
    }

    /// Checks every reserved byte.
    ///
    /// # Errors
    /// The first reserved range that is not zero.
    pub fn check_reserved(self) -> Result<(), Error> {
        let Self(layout) = self;
        let ranges = [
            (&layout.reserved_004[..], "TDREPORT: reserved bytes at 4", 4),
            (&layout.reserved_0c0, "TDREPORT: reserved bytes at 192", 192),
            (&layout.tee_tcb_info.reserved, "TDREPORT: reserved bytes at 400", 400),
            (&layout.reserved_1ef, "TDREPORT: reserved bytes at 495", 495),
            (&layout.td_info.reserved, "TDREPORT: reserved bytes at 960", 960),
        ];
        match ranges.into_iter().find(|(bytes, ..)| bytes.iter().any(|byte| *byte != 0)) {
            None => Ok(()),
            Some((_, what, offset)) => Err(Error::new(ErrorKind::Value, what, offset, ZERO)),
        }
    }

    /// `TEE_TCB_INFO`, 239 bytes at 256: the TDX module.
    #[must_use]
    pub const fn tee_tcb_info(self) -> TeeTcbInfo<'a> {
        TeeTcbInfo(&self.0.tee_tcb_info)
    }

    /// `TDINFO`, 512 bytes at 512: the guest.
    #[must_use]
    pub const fn td_info(self) -> TdInfo<'a> {
        TdInfo(&self.0.td_info)
    }

    /// The bytes whose SHA-384 is [`TdReport::tee_tcb_info_hash`], as received.
    #[must_use]
    pub fn tee_tcb_info_bytes(self) -> &'a [u8] {
        self.0.as_bytes().get(TEE_TCB_INFO).unwrap_or_default()
    }

    /// The bytes whose SHA-384 is [`TdReport::tee_info_hash`], as received.
    #[must_use]
    pub fn td_info_bytes(self) -> &'a [u8] {
        self.0.as_bytes().get(TD_INFO).unwrap_or_default()
    }
}

const ZERO: &str = "zero";
