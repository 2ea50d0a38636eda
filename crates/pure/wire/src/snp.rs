//! The SEV-SNP attestation report: 1184 bytes, versions 2 to 5.
//!
//! Source: AMD document 56860, section "MSG_REPORT_REQ", table ATTESTATION_REPORT.

mod certificates;
mod describe;
mod flags;
mod product;
mod tcb;

pub use certificates::{CertificateTable, MAX_ENTRIES, MAX_TABLE_BYTES, TableEntry, TableKind};
pub use flags::{GuestPolicy, KeyInfo, PlatformInfo, SigningKey};
pub use product::{AmdAuthority, Product};
pub use tcb::{Tcb, TcbLayout};

use core::mem::{offset_of, size_of};
use zerocopy::little_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::fixed::fields;
use crate::{Error, ErrorKind};

/// The size of a report in bytes.
pub const REPORT_BYTES: usize = 1184;
/// The number of signed bytes: those before SIGNATURE.
pub const SIGNED_BYTES: usize = 0x2a0;

/// An attestation report, unverified: a view of the bytes as received.
///
/// Shape: 1184 bytes, little-endian, no alignment. Which reserved bytes must be zero depends on
/// the version: see [`Report::check_reserved`].
#[derive(Clone, Copy, Debug)]
pub struct Report<'a>(&'a Layout);

#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Layout {
    version: U32,
    guest_svn: U32,
    policy: U64,
    family_id: [u8; 16],
    image_id: [u8; 16],
    vmpl: U32,
    signature_algo: U32,
    current_tcb: [u8; 8],
    platform_info: U64,
    key_info: U32,
    reserved_04c: [u8; 4],
    report_data: [u8; 64],
    measurement: [u8; 48],
    host_data: [u8; 32],
    id_key_digest: [u8; 48],
    author_key_digest: [u8; 48],
    report_id: [u8; 32],
    report_id_ma: [u8; 32],
    reported_tcb: [u8; 8],
    cpuid_fam_id: u8,
    cpuid_mod_id: u8,
    cpuid_step: u8,
    reserved_18b: [u8; 21],
    chip_id: [u8; 64],
    committed_tcb: [u8; 8],
    current_version: [u8; 3],
    reserved_1eb: u8,
    committed_version: [u8; 3],
    reserved_1ef: u8,
    launch_tcb: [u8; 8],
    launch_mit_vector: U64,
    current_mit_vector: U64,
    reserved_208: [u8; 152],
    signature: Signature,
}

/// R and S, little-endian, 48 bytes used of 72 each, then padding.
#[derive(Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Signature {
    r: [u8; 48],
    r_padding: [u8; 24],
    s: [u8; 48],
    s_padding: [u8; 24],
    padding: [u8; 368],
}

const _: () = {
    assert!(size_of::<Layout>() == REPORT_BYTES);
    assert!(size_of::<Signature>() == 512);
    assert!(offset_of!(Layout, policy) == 0x008);
    assert!(offset_of!(Layout, platform_info) == 0x040);
    assert!(offset_of!(Layout, key_info) == 0x048);
    assert!(offset_of!(Layout, reserved_208) == 0x208);
    assert!(offset_of!(Layout, signature) == SIGNED_BYTES);
};

fields! { Report of Layout:
    version: number(u32) at 0x000, "VERSION", "the version of the report's format, 2 to 5";
    guest_svn: number(u32) at 0x004, "GUEST_SVN", "the guest's security version, from its ID block";
    family_id: bytes(16) at 0x010, "FAMILY_ID", "the family of the guest image, from its ID block";
    image_id: bytes(16) at 0x020, "IMAGE_ID", "the guest image, from its ID block";
    vmpl: number(u32) at 0x030, "VMPL", "the privilege level that requested the report, 0 to 3, or 0xFFFFFFFF where the host did";
    signature_algo: number(u32) at 0x034, "SIGNATURE_ALGO", "1 for ECDSA P-384 with SHA-384";
    current_tcb: bytes(8) at 0x038, "CURRENT_TCB", "the TCB version of the firmware that runs; see [`Tcb::parse`]";
    report_data: bytes(64) at 0x050, "REPORT_DATA", "what the guest put into its request, such as a nonce";
    measurement: bytes(48) at 0x090, "MEASUREMENT", "the launch digest of the guest, SHA-384";
    host_data: bytes(32) at 0x0c0, "HOST_DATA", "what the host put in at launch";
    id_key_digest: bytes(48) at 0x0e0, "ID_KEY_DIGEST", "the SHA-384 of the key that signed the ID block, or zero";
    author_key_digest: bytes(48) at 0x110, "AUTHOR_KEY_DIGEST", "the SHA-384 of the key that certified the ID key, or zero";
    report_id: bytes(32) at 0x140, "REPORT_ID", "the identifier of the running guest";
    report_id_ma: bytes(32) at 0x160, "REPORT_ID_MA", "the identifier of the guest's migration agent, or all ones";
    reported_tcb: bytes(8) at 0x180, "REPORTED_TCB", "the TCB version that the signing key is made for; see [`Tcb::parse`]";
    chip_id: bytes(64) at 0x1a0, "CHIP_ID", "the chip, or zero where it is masked; Turin uses the first 8 bytes";
    committed_tcb: bytes(8) at 0x1e0, "COMMITTED_TCB", "the TCB version below which the firmware cannot be rolled back; see [`Tcb::parse`]";
    current_version: bytes(3) at 0x1e8, "CURRENT_BUILD, _MINOR, _MAJOR", "the firmware version that runs";
    committed_version: bytes(3) at 0x1ec, "COMMITTED_BUILD, _MINOR, _MAJOR", "the firmware version that is committed";
    launch_tcb: bytes(8) at 0x1f0, "LAUNCH_TCB", "the TCB version when the guest was launched; see [`Tcb::parse`]";
}

/// The CPUID family, model and stepping of the processor, in reports from version 3 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpuid {
    /// `CPUID_FAM_ID`, 1 byte at 0x188: the sum of base and extended family.
    pub family: u8,
    /// `CPUID_MOD_ID`, 1 byte at 0x189: extended and base model.
    pub model: u8,
    /// `CPUID_STEP`, 1 byte at 0x18a: the stepping.
    pub stepping: u8,
}

impl<'a> Report<'a> {
    /// A view of `bytes`, which must be exactly one report.
    ///
    /// # Errors
    /// Another length than 1184 bytes, or a version outside of 2 to 5.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "SNP report";
        let layout = Layout::ref_from_bytes(bytes).map_err(|_| {
            let kind = if bytes.len() < REPORT_BYTES { ErrorKind::Truncated } else { ErrorKind::Trailing };
            Error::new(kind, WHAT, bytes.len().min(REPORT_BYTES), "a report of exactly 1184 bytes")
        })?;
        if !(2..=5).contains(&layout.version.get()) {
            return Err(Error::new(ErrorKind::Unsupported, "SNP report: VERSION", 0, "version 2, 3, 4 or 5"));
        }
        Ok(Self(layout))
    }

    /// Checks that the reserved and padding bytes are zero, and that enumerated fields have values that this
    /// version of the report defines.
    ///
    /// # Errors
    /// The first field with another value.
    pub fn check_reserved(self) -> Result<(), Error> {
        let Self(layout) = self;
        let (version, policy, key_info) = (self.version(), self.policy(), self.key_info());
        let rules = [
            (policy.contains(GuestPolicy::RESERVED_MUST_BE_ONE), "SNP report: POLICY bit 17", 0x008, "one"),
            (policy.has_only_known_bits(), "SNP report: POLICY bits 63:26", 0x008, ZERO),
            (matches!(self.vmpl(), 0..=3 | u32::MAX), "SNP report: VMPL", 0x030, "0 to 3, or 0xFFFFFFFF"),
            (key_info.reserved() == 0, "SNP report: KEY_INFO bits 31:5", 0x048, ZERO),
            (is_zero(&layout.reserved_04c), "SNP report: reserved bytes at 0x04C", 0x04c, ZERO),
            (version >= 3 || is_zero(self.cpuid_bytes()), "SNP report: reserved bytes at 0x188", 0x188, ZERO),
            (is_zero(&layout.reserved_18b), "SNP report: reserved bytes at 0x18B", 0x18b, ZERO),
            (layout.reserved_1eb == 0, "SNP report: reserved byte at 0x1EB", 0x1eb, ZERO),
            (layout.reserved_1ef == 0, "SNP report: reserved byte at 0x1EF", 0x1ef, ZERO),
            (version >= 5 || self.no_mit_vectors(), "SNP report: reserved bytes at 0x1F8", 0x1f8, ZERO),
            (is_zero(&layout.reserved_208), "SNP report: reserved bytes at 0x208", 0x208, ZERO),
            (is_zero(&layout.signature.r_padding), "SNP report: SIGNATURE.R above 384 bits", 0x2d0, ZERO),
            (is_zero(&layout.signature.s_padding), "SNP report: SIGNATURE.S above 384 bits", 0x318, ZERO),
            (is_zero(&layout.signature.padding), "SNP report: SIGNATURE padding", 0x330, ZERO),
        ];
        if let Some((_, what, offset, expected)) = rules.into_iter().find(|(holds, ..)| !holds) {
            return Err(Error::new(ErrorKind::Value, what, offset, expected));
        }
        if self.signature_algo() != 1 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "SNP report: SIGNATURE_ALGO",
                0x034,
                "1, ECDSA P-384 with SHA-384",
            ));
        }
        Ok(())
    }

    /// `POLICY`, 8 bytes at 0x008, little-endian: the policy of the guest's owner, fixed at launch.
    #[must_use]
    pub const fn policy(self) -> GuestPolicy {
        GuestPolicy::from_bits(self.0.policy.get())
    }

    /// `PLATFORM_INFO`, 8 bytes at 0x040, little-endian: the configuration of the platform.
    #[must_use]
    pub const fn platform_info(self) -> PlatformInfo {
        PlatformInfo::from_bits(self.0.platform_info.get())
    }

    /// `KEY_INFO`, 4 bytes at 0x048, little-endian: the signing key and its options.
    #[must_use]
    pub const fn key_info(self) -> KeyInfo {
        KeyInfo(self.0.key_info.get())
    }

    /// The signed bytes: the first 672 of the report, as received.
    #[must_use]
    pub fn signed(self) -> &'a [u8] {
        self.0.as_bytes().get(..SIGNED_BYTES).unwrap_or_default()
    }

    /// The signature in the form `r ‖ s`, big-endian.
    #[must_use]
    pub fn signature(self) -> [u8; 96] {
        let mut fixed = [0; 96];
        let halves = self.0.signature.r.iter().rev().chain(self.0.signature.s.iter().rev());
        fixed.iter_mut().zip(halves).for_each(|(to, from)| *to = *from);
        fixed
    }

    /// `CPUID_FAM_ID`, `CPUID_MOD_ID`, `CPUID_STEP`, 3 bytes at 0x188: the processor, from version 3 on.
    #[must_use]
    pub fn cpuid(self) -> Option<Cpuid> {
        let [family, model, stepping] = *self.cpuid_bytes();
        (self.version() >= 3).then_some(Cpuid { family, model, stepping })
    }

    /// `LAUNCH_MIT_VECTOR` and `CURRENT_MIT_VECTOR`, 8 bytes each at 0x1f8, little-endian: the mitigations
    /// at launch and now, from version 5 on.
    #[must_use]
    pub fn mitigations(self) -> Option<(u64, u64)> {
        (self.version() >= 5).then(|| (self.0.launch_mit_vector.get(), self.0.current_mit_vector.get()))
    }

    fn cpuid_bytes(self) -> &'a [u8; 3] {
        // 0x188..0x18b; the report is longer than that by construction.
        self.0.as_bytes().get(0x188..).and_then(|tail| tail.first_chunk()).unwrap_or(&[0; 3])
    }

    fn no_mit_vectors(self) -> bool {
        self.0.launch_mit_vector.get() == 0 && self.0.current_mit_vector.get() == 0
    }
}

const ZERO: &str = "zero";

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}
