//! The TD report body of a quote: 584 bytes of TDX 1.0, and 64 more of TDX 1.5.
//!
//! Source: Intel document 348551 (TDX DCAP quoting library API), appendix A.3.2.

use core::mem::size_of;
use zerocopy::little_endian::U64;
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::{BODY_1_0, BODY_1_5};
use crate::fixed::fields;
use crate::{Error, ErrorKind};

/// The TD report body of a quote, unverified: a view of the bytes as received. Offsets count from the body's start.
#[derive(Clone, Copy, Debug)]
pub struct TdBody<'a>(&'a Layout, Option<&'a Layout15>);

#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Layout {
    tee_tcb_svn: [u8; 16],
    mrseam: [u8; 48],
    mrsignerseam: [u8; 48],
    seam_attributes: [u8; 8],
    td_attributes: U64,
    xfam: U64,
    mrtd: [u8; 48],
    mrconfigid: [u8; 48],
    mrowner: [u8; 48],
    mrownerconfig: [u8; 48],
    rtmr: [[u8; 48]; 4],
    report_data: [u8; 64],
}

/// The fields that TDX 1.5 adds, 64 bytes at 584.
#[derive(Debug, FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Layout15 {
    tee_tcb_svn2: [u8; 16],
    mrservicetd: [u8; 48],
}

const _: () = {
    assert!(size_of::<Layout>() == BODY_1_0);
    assert!(size_of::<Layout>() + size_of::<Layout15>() == BODY_1_5);
    assert!(core::mem::offset_of!(Layout, rtmr) == 328);
};

fields! { TdBody of Layout:
    tee_tcb_svn: bytes(16) at 0, "TEE_TCB_SVN", "the security versions at the guest's launch: TDX module's SVN, its major version, platform";
    mrseam: bytes(48) at 16, "MRSEAM", "the measurement of the TDX module, SHA-384";
    mrsignerseam: bytes(48) at 64, "MRSIGNERSEAM", "the measurement of the TDX module's signer, or zero for Intel";
    seam_attributes: bytes(8) at 112, "SEAMATTRIBUTES", "the attributes of the TDX module";
    td_attributes: number(u64) at 120, "TDATTRIBUTES", "the attributes of the guest; bits 0 to 7 put it under debug";
    xfam: number(u64) at 128, "XFAM", "the processor features that the guest may use";
    mrtd: bytes(48) at 136, "MRTD", "the measurement of the guest's initial contents, SHA-384";
    mrconfigid: bytes(48) at 184, "MRCONFIGID", "an identifier of the guest's configuration, from the host";
    mrowner: bytes(48) at 232, "MROWNER", "an identifier of the guest's owner, from the host";
    mrownerconfig: bytes(48) at 280, "MROWNERCONFIG", "an identifier of the owner's configuration, from the host";
    report_data: bytes(64) at 520, "REPORTDATA", "what the guest put into its request, such as a nonce";
}

impl<'a> TdBody<'a> {
    /// The view of a body of either size; `offset` is its place in the quote.
    pub(super) fn of(body: &'a [u8], offset: usize) -> Result<Self, Error> {
        let wrong = Error::new(ErrorKind::Value, "TD quote: body", offset, "584 or 648 bytes");
        let (layout, rest) = Layout::ref_from_prefix(body).map_err(|_| wrong)?;
        match rest {
            [] => Ok(Self(layout, None)),
            rest => Layout15::ref_from_bytes(rest).map(|more| Self(layout, Some(more))).map_err(|_| wrong),
        }
    }

    /// `RTMR0` to `RTMR3`, 48 bytes each from 328 on: the measurements that the guest extended at run time.
    #[must_use]
    pub const fn rtmr(self) -> &'a [[u8; 48]; 4] {
        &self.0.rtmr
    }

    /// `TEE_TCB_SVN2`, 16 bytes at 584: the security versions of the TDX module that runs now; `None` in a body
    /// of TDX 1.0.
    #[must_use]
    pub fn tee_tcb_svn2(self) -> Option<&'a [u8; 16]> {
        self.1.map(|more| &more.tee_tcb_svn2)
    }

    /// `MRSERVICETD`, 48 bytes at 600: the SHA-384 over the service TDs that are bound to the guest, or zero;
    /// `None` in a body of TDX 1.0.
    #[must_use]
    pub fn mrservicetd(self) -> Option<&'a [u8; 48]> {
        self.1.map(|more| &more.mrservicetd)
    }
}
