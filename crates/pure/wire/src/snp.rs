//! The SEV-SNP attestation report as its bytes say it: 1184 bytes, versions 2 to 5.
//!
//! Source: AMD document 56860, section "MSG_REPORT_REQ", table ATTESTATION_REPORT.

mod certificates;
mod describe;
mod flags;
mod tcb;

pub use certificates::{CertificateTable, MAX_ENTRIES, MAX_TABLE_BYTES, TableEntry, TableKind};
pub use flags::{GuestPolicy, KeyInfo, PlatformInfo, SigningKey};
pub use tcb::{Product, Tcb, TcbLayout};

use core::mem::{offset_of, size_of};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{Error, ErrorKind};

/// The length of a report in bytes.
pub const REPORT_BYTES: usize = 1184;
/// How much of a report is signed: the bytes before the signature.
pub const SIGNED_BYTES: usize = 0x2a0;

/// An attestation report, unverified, laid over the bytes that came.
///
/// Shape: 1184 bytes, little-endian, no alignment. Which reserved bytes must be zero depends on
/// the version: see [`Report::check_reserved`].
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
#[allow(missing_docs)] // the names are those of the specification
pub struct Report {
    pub version: U32,
    pub guest_svn: U32,
    pub policy: U64,
    pub family_id: [u8; 16],
    pub image_id: [u8; 16],
    pub vmpl: U32,
    pub signature_algo: U32,
    pub current_tcb: [u8; 8],
    pub platform_info: U64,
    pub key_info: U32,
    reserved_04c: [u8; 4],
    pub report_data: [u8; 64],
    pub measurement: [u8; 48],
    pub host_data: [u8; 32],
    pub id_key_digest: [u8; 48],
    pub author_key_digest: [u8; 48],
    pub report_id: [u8; 32],
    pub report_id_ma: [u8; 32],
    pub reported_tcb: [u8; 8],
    cpuid_fam_id: u8,
    cpuid_mod_id: u8,
    cpuid_step: u8,
    reserved_18b: [u8; 21],
    pub chip_id: [u8; 64],
    pub committed_tcb: [u8; 8],
    /// Build, minor, major.
    pub current_version: [u8; 3],
    reserved_1eb: u8,
    /// Build, minor, major.
    pub committed_version: [u8; 3],
    reserved_1ef: u8,
    pub launch_tcb: [u8; 8],
    launch_mit_vector: U64,
    current_mit_vector: U64,
    reserved_208: [u8; 152],
    signature: Signature,
}

/// R and S as the report has them: little-endian, 48 bytes used of 72, then padding.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Signature {
    r: [u8; 48],
    r_padding: [u8; 24],
    s: [u8; 48],
    s_padding: [u8; 24],
    padding: [u8; 368],
}

const _: () = {
    assert!(size_of::<Report>() == REPORT_BYTES);
    assert!(size_of::<Signature>() == 512);
    assert!(offset_of!(Report, report_data) == 0x50);
    assert!(offset_of!(Report, measurement) == 0x90);
    assert!(offset_of!(Report, author_key_digest) == 0x110);
    assert!(offset_of!(Report, reported_tcb) == 0x180);
    assert!(offset_of!(Report, chip_id) == 0x1a0);
    assert!(offset_of!(Report, launch_tcb) == 0x1f0);
    assert!(offset_of!(Report, reserved_208) == 0x208);
    assert!(offset_of!(Report, signature) == SIGNED_BYTES);
};

/// The processor that made the report, as reports from version 3 on name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpuid {
    /// Extended and base family.
    pub family: u8,
    /// Extended and base model.
    pub model: u8,
    /// Stepping.
    pub stepping: u8,
}

impl Report {
    /// Lays a report over `bytes`, which must be exactly one.
    ///
    /// # Errors
    /// Another length than 1184 bytes, or a version outside of 2 to 5.
    pub fn parse(bytes: &[u8]) -> Result<&Self, Error> {
        const WHAT: &str = "SNP report";
        let report = Self::ref_from_bytes(bytes).map_err(|_| {
            let kind = if bytes.len() < REPORT_BYTES { ErrorKind::Truncated } else { ErrorKind::Trailing };
            Error::new(kind, WHAT, bytes.len().min(REPORT_BYTES), "a report of exactly 1184 bytes")
        })?;
        if !(2..=5).contains(&report.version.get()) {
            return Err(Error::new(ErrorKind::Unsupported, "SNP report: VERSION", 0, "version 2, 3, 4 or 5"));
        }
        Ok(report)
    }

    /// Checks every reserved and padding byte, and every enumerated value, of this version.
    ///
    /// # Errors
    /// The first field that is not as this version of the report has it.
    pub fn check_reserved(&self) -> Result<(), Error> {
        let version = self.version.get();
        let policy = GuestPolicy::from_bits_retain(self.policy.get());
        let key_info = KeyInfo(self.key_info.get());
        let rules = [
            (policy.contains(GuestPolicy::RESERVED_MUST_BE_ONE), "SNP report: POLICY bit 17", 0x008, "one"),
            (policy.has_only_known_bits(), "SNP report: POLICY bits 63:26", 0x008, ZERO),
            (matches!(self.vmpl.get(), 0..=3 | u32::MAX), "SNP report: VMPL", 0x030, "0 to 3, or 0xFFFFFFFF"),
            (key_info.reserved() == 0, "SNP report: KEY_INFO bits 31:5", 0x048, ZERO),
            (is_zero(&self.reserved_04c), "SNP report: reserved bytes at 0x04C", 0x04c, ZERO),
            (version >= 3 || is_zero(self.cpuid_bytes()), "SNP report: reserved bytes at 0x188", 0x188, ZERO),
            (is_zero(&self.reserved_18b), "SNP report: reserved bytes at 0x18B", 0x18b, ZERO),
            (self.reserved_1eb == 0, "SNP report: reserved byte at 0x1EB", 0x1eb, ZERO),
            (self.reserved_1ef == 0, "SNP report: reserved byte at 0x1EF", 0x1ef, ZERO),
            (version >= 5 || self.no_mit_vectors(), "SNP report: reserved bytes at 0x1F8", 0x1f8, ZERO),
            (is_zero(&self.reserved_208), "SNP report: reserved bytes at 0x208", 0x208, ZERO),
            (is_zero(&self.signature.r_padding), "SNP report: SIGNATURE.R above 384 bits", 0x2d0, ZERO),
            (is_zero(&self.signature.s_padding), "SNP report: SIGNATURE.S above 384 bits", 0x318, ZERO),
            (is_zero(&self.signature.padding), "SNP report: SIGNATURE padding", 0x330, ZERO),
        ];
        if let Some((_, what, offset, expected)) = rules.into_iter().find(|(holds, ..)| !holds) {
            return Err(Error::new(ErrorKind::Value, what, offset, expected));
        }
        if self.signature_algo.get() != 1 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "SNP report: SIGNATURE_ALGO",
                0x034,
                "1, ECDSA P-384 with SHA-384",
            ));
        }
        Ok(())
    }

    /// The bytes that the signature covers, as they came.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        self.as_bytes().get(..SIGNED_BYTES).unwrap_or_default()
    }

    /// The signature in the form `r ‖ s`, big-endian.
    #[must_use]
    pub fn signature(&self) -> [u8; 96] {
        let mut fixed = [0; 96];
        let halves = self.signature.r.iter().rev().chain(self.signature.s.iter().rev());
        fixed.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
        fixed
    }

    /// The processor, from version 3 on.
    #[must_use]
    pub fn cpuid(&self) -> Option<Cpuid> {
        let [family, model, stepping] = *self.cpuid_bytes();
        (self.version.get() >= 3).then_some(Cpuid { family, model, stepping })
    }

    /// The mitigation vectors at launch and now, from version 5 on.
    #[must_use]
    pub fn mitigations(&self) -> Option<(u64, u64)> {
        (self.version.get() >= 5).then(|| (self.launch_mit_vector.get(), self.current_mit_vector.get()))
    }

    fn cpuid_bytes(&self) -> &[u8; 3] {
        // 0x188..0x18b; the report is longer than that by construction.
        self.as_bytes().get(0x188..).and_then(|tail| tail.first_chunk()).unwrap_or(&[0; 3])
    }

    fn no_mit_vectors(&self) -> bool {
        self.launch_mit_vector.get() == 0 && self.current_mit_vector.get() == 0
    }
}

const ZERO: &str = "zero";

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
