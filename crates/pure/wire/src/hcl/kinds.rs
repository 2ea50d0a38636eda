//! Enumerated fields of an HCL report: the report type, the hash type and the capabilities.

use core::fmt;

use crate::{Error, ErrorKind, Reader};

pub(super) const REPORT_TYPE: &str = "HCL report: report_type";
pub(super) const REPORT_TYPE_OFFSET: usize = 0x4c8;

/// `report_type`, 4 bytes at 0x4c8 of an HCL report, little-endian: the kind of the hardware report.
///
/// Source: `igvm_attest/get.rs` of microsoft/openvmm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReportType(pub u32);

impl ReportType {
    /// 1: virtualization-based security, without a hardware signature.
    pub const VBS: Self = Self(1);
    /// 2: SEV-SNP.
    pub const SNP: Self = Self(2);
    /// 3: trusted launch, without a hardware report.
    pub const TVM: Self = Self(3);
    /// 4: TDX.
    pub const TDX: Self = Self(4);
    /// 5: Arm CCA.
    pub const CCA: Self = Self(5);

    /// The name, where the value has one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::VBS => Some("VBS"),
            Self::SNP => Some("SNP"),
            Self::TVM => Some("TVM"),
            Self::TDX => Some("TDX"),
            Self::CCA => Some("CCA"),
            _ => None,
        }
    }

    /// The report type at its offset in `envelope`, to choose a parser by; `None` if the envelope is
    /// shorter. Nothing else is read or checked.
    #[must_use]
    pub fn peek(envelope: &[u8]) -> Option<Self> {
        let word = envelope.get(REPORT_TYPE_OFFSET..)?.first_chunk()?;
        Some(Self(u32::from_le_bytes(*word)))
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let at = reader.at();
        let kind = Self(u32::from_le_bytes(*reader.array(REPORT_TYPE)?));
        match kind.name() {
            Some(_) => Ok(kind),
            None => Err(at.error(ErrorKind::Unsupported, REPORT_TYPE, "1 VBS, 2 SNP, 3 TVM, 4 TDX or 5 CCA")),
        }
    }
}

/// `SNP`, or the number where it has no name.
impl fmt::Display for ReportType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(self.name(), self.0, f)
    }
}

/// `report_data_hash_type`, 4 bytes at 0x4cc of an HCL report, little-endian: the hash of the claims in
/// REPORT_DATA.
///
/// Source: `igvm_attest/get.rs` of microsoft/openvmm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashType(pub u32);

impl HashType {
    /// 1: SHA-256, the only one that known paravisors write.
    pub const SHA256: Self = Self(1);
    /// 2: SHA-384.
    pub const SHA384: Self = Self(2);
    /// 3: SHA-512.
    pub const SHA512: Self = Self(3);

    /// The name, where the value has one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::SHA256 => Some("SHA-256"),
            Self::SHA384 => Some("SHA-384"),
            Self::SHA512 => Some("SHA-512"),
            _ => None,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const WHAT: &str = "HCL report: report_data_hash_type";
        let at = reader.at();
        let hash = Self(u32::from_le_bytes(*reader.array(WHAT)?));
        match hash.name() {
            Some(_) => Ok(hash),
            None => Err(at.error(ErrorKind::Unsupported, WHAT, "1 SHA-256, 2 SHA-384 or 3 SHA-512")),
        }
    }
}

/// `SHA-256`, or the number where it has no name.
impl fmt::Display for HashType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        named(self.name(), self.0, f)
    }
}

fn named(name: Option<&str>, value: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name {
        Some(name) => f.write_str(name),
        None => write!(f, "{value}"),
    }
}

/// The capability bitmap of the paravisor, 4 bytes at 0x4d4 of an HCL report with version 2 of the
/// request data, little-endian.
///
/// Source: `igvm_attest/get.rs` of microsoft/openvmm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Capabilities(pub u32);

/// The bits that have a name, and the others as a number.
impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 5] =
            ["error_code", "retry", "skip_hw_unsealing", "use_rsa_aes_key_wrap_384", "corim_endorsement"];
        let mut rest = self.0;
        let mut separator = "";
        for (bit, name) in NAMES.iter().enumerate() {
            let mask = u32::try_from(bit).ok().and_then(|bit| 1_u32.checked_shl(bit)).unwrap_or(0);
            if rest & mask != 0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
                rest &= !mask;
            }
        }
        match (rest, separator) {
            (0, "") => f.write_str("none"),
            (0, _) => Ok(()),
            _ => write!(f, "{separator}unknown bits {rest:#x}"),
        }
    }
}
