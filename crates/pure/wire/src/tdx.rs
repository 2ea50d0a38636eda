//! Intel TDX as its bytes say it: the TDREPORT, 1024 bytes, which is no evidence on its own, and the
//! TD quote.
//!
//! Its code of authentication can be checked on the same processor only; a remote party needs the
//! quote that was made of it. Source: Intel document 344425 (TDX module, ABI), TDREPORT_STRUCT.

mod describe;
pub mod quote;

pub use quote::TdQuote;

use core::mem::{offset_of, size_of};
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, ErrorKind};

/// The length of a TDREPORT in bytes.
pub const TD_REPORT_BYTES: usize = 1024;

const WHAT: &str = "TDREPORT";
const TEE_TCB_INFO: core::ops::Range<usize> = 256..495;
const TD_INFO: core::ops::Range<usize> = 512..1024;

/// A TDREPORT, unverified, laid over the bytes that came.
///
/// Shape: 1024 bytes, little-endian, no alignment.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
#[allow(missing_docs)] // the names are those of the specification
pub struct TdReport {
    /// Type, subtype, version, reserved.
    pub report_type: [u8; 4],
    reserved_004: [u8; 12],
    pub cpusvn: [u8; 16],
    pub tee_tcb_info_hash: [u8; 48],
    pub tee_info_hash: [u8; 48],
    pub reportdata: [u8; 64],
    reserved_0c0: [u8; 32],
    pub mac: [u8; 32],
    pub tee_tcb_info: TeeTcbInfo,
    reserved_1ef: [u8; 17],
    pub td_info: TdInfo,
}

/// TEE_TCB_INFO: the TDX module that made the report.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
#[allow(missing_docs)] // the names are those of the specification
pub struct TeeTcbInfo {
    /// Which of the fields hold something.
    pub valid: U64,
    pub tee_tcb_svn: [u8; 16],
    pub mrseam: [u8; 48],
    pub mrsignerseam: [u8; 48],
    pub attributes: U64,
    /// Written by modules from 1.5 on.
    pub tee_tcb_svn2: [u8; 16],
    reserved: [u8; 95],
}

/// TDINFO: the guest.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
#[allow(missing_docs)] // the names are those of the specification
pub struct TdInfo {
    pub attributes: U64,
    pub xfam: U64,
    pub mrtd: [u8; 48],
    pub mrconfigid: [u8; 48],
    pub mrowner: [u8; 48],
    pub mrownerconfig: [u8; 48],
    pub rtmr: [[u8; 48]; 4],
    pub servtd_hash: [u8; 48],
    reserved: [u8; 64],
}

const _: () = {
    assert!(size_of::<TdReport>() == TD_REPORT_BYTES);
    assert!(size_of::<TeeTcbInfo>() == 239);
    assert!(size_of::<TdInfo>() == 512);
    assert!(offset_of!(TdReport, tee_tcb_info_hash) == 32);
    assert!(offset_of!(TdReport, reportdata) == 128);
    assert!(offset_of!(TdReport, mac) == 224);
    assert!(offset_of!(TdReport, tee_tcb_info) == 256);
    assert!(offset_of!(TdReport, reserved_1ef) == 495);
    assert!(offset_of!(TdReport, td_info) == 512);
    assert!(offset_of!(TeeTcbInfo, tee_tcb_svn2) == 128);
    assert!(offset_of!(TdInfo, mrtd) == 16);
    assert!(offset_of!(TdInfo, rtmr) == 208);
    assert!(offset_of!(TdInfo, servtd_hash) == 400);
};

impl TdReport {
    /// Lays a TDREPORT over `bytes`, which must be exactly one.
    ///
    /// # Errors
    /// Another length than 1024 bytes, or another type, subtype or version.
    pub fn parse(bytes: &[u8]) -> Result<&Self, Error> {
        let report = Self::ref_from_bytes(bytes).map_err(|_| {
            let kind = if bytes.len() < TD_REPORT_BYTES { ErrorKind::Truncated } else { ErrorKind::Trailing };
            let at = bytes.len().min(TD_REPORT_BYTES);
            Error::new(kind, WHAT, at, "a TDREPORT of exactly 1024 bytes")
        })?;
        let unsupported =
            |at, expected| Err(Error::new(ErrorKind::Unsupported, "TDREPORT: type", at, expected));
        match report.report_type {
            [0x81, 0, 0 | 1, 0] => Ok(report),
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
    pub fn check_reserved(&self) -> Result<(), Error> {
        let ranges = [
            (&self.reserved_004[..], "TDREPORT: reserved bytes at 4", 4),
            (&self.reserved_0c0, "TDREPORT: reserved bytes at 192", 192),
            (&self.tee_tcb_info.reserved, "TDREPORT: reserved bytes at 400", 400),
            (&self.reserved_1ef, "TDREPORT: reserved bytes at 495", 495),
            (&self.td_info.reserved, "TDREPORT: reserved bytes at 960", 960),
        ];
        match ranges.into_iter().find(|(bytes, ..)| bytes.iter().any(|byte| *byte != 0)) {
            None => Ok(()),
            Some((_, what, offset)) => Err(Error::new(ErrorKind::Value, what, offset, ZERO)),
        }
    }

    /// The bytes whose SHA-384 is `tee_tcb_info_hash`, as they came.
    #[must_use]
    pub fn tee_tcb_info_bytes(&self) -> &[u8] {
        self.as_bytes().get(TEE_TCB_INFO).unwrap_or_default()
    }

    /// The bytes whose SHA-384 is `tee_info_hash`, as they came.
    #[must_use]
    pub fn td_info_bytes(&self) -> &[u8] {
        self.as_bytes().get(TD_INFO).unwrap_or_default()
    }
}

const ZERO: &str = "zero";
