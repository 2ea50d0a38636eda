//! Flag fields of a report: POLICY, PLATFORM_INFO and KEY_INFO.

use core::fmt;

use crate::fixed::flags;

flags! {
    /// `POLICY`, 8 bytes at 0x008 of a report: the policy of the guest's owner, fixed at launch.
    /// Source: AMD document 56860, table "Guest Policy".
    GuestPolicy: u64 {
        /// Simultaneous multi-threading is allowed.
        SMT = 16,
        /// Reserved; always one.
        RESERVED_MUST_BE_ONE = 17,
        /// A migration agent may be associated.
        MIGRATE_MA = 18,
        /// The host may debug the guest: its memory is not confidential.
        DEBUG = 19,
        /// The guest runs on one socket only.
        SINGLE_SOCKET = 20,
        /// CXL devices are allowed.
        CXL_ALLOW = 21,
        /// Memory encryption must be AES-256 XTS.
        MEM_AES_256_XTS = 22,
        /// Running average power limit must be disabled.
        RAPL_DIS = 23,
        /// Ciphertext hiding must be on.
        CIPHERTEXT_HIDING_DRAM = 24,
        /// Page swapping is disabled.
        PAGE_SWAP_DISABLE = 25,
    }
}

flags! {
    /// `PLATFORM_INFO`, 8 bytes at 0x040 of a report: the configuration of the platform.
    /// Source: AMD document 56860, table "PLATFORM_INFO".
    PlatformInfo: u64 {
        /// Simultaneous multi-threading is on.
        SMT_EN = 0,
        /// Transparent memory encryption is on.
        TSME_EN = 1,
        /// Memory has error correction.
        ECC_EN = 2,
        /// Running average power limit is disabled.
        RAPL_DIS = 3,
        /// Ciphertext hiding is on.
        CIPHERTEXT_HIDING_DRAM_EN = 4,
        /// The check for aliased memory is complete.
        ALIAS_CHECK_COMPLETE = 5,
        /// The IOMMU keeps devices from writing.
        IOMMU_WRITE_SAFE = 6,
        /// Trusted I/O is on.
        TIO_EN = 7,
    }
}

impl GuestPolicy {
    /// `ABI_MAJOR` (bits 15:8) and `ABI_MINOR` (bits 7:0): the minimum ABI version of the firmware.
    #[must_use]
    pub const fn abi(self) -> (u8, u8) {
        let [minor, major, ..] = self.bits().to_le_bytes();
        (major, minor)
    }

    /// Whether no reserved bit above the ABI version is set.
    #[must_use]
    pub const fn has_only_known_bits(self) -> bool {
        self.bits() >> 26 == 0
    }
}

/// `KEY_INFO`, 4 bytes at 0x048 of a report: the signing key and its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo(pub u32);

/// The kind of key that signed a report: `SIGNING_KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningKey {
    /// 0: the versioned chip endorsement key, of one chip at one TCB.
    Vcek,
    /// 1: the versioned loaded endorsement key, of one cloud provider at one TCB.
    Vlek,
    /// 7: the report is not signed.
    None,
    /// 2 to 6: reserved.
    Reserved(u8),
}

impl KeyInfo {
    /// `AUTHOR_KEY_EN`, bit 0: whether AUTHOR_KEY_DIGEST is the digest of a key.
    #[must_use]
    pub const fn author_key(self) -> bool {
        self.0 & 1 != 0
    }

    /// `MASK_CHIP_KEY`, bit 1: whether the chip's key is masked, so that firmware signs no report with a VCEK.
    #[must_use]
    pub const fn mask_chip_key(self) -> bool {
        self.0 & 2 != 0
    }

    /// `SIGNING_KEY`, bits 4:2: the kind of key that signed the report.
    #[must_use]
    pub const fn signing_key(self) -> SigningKey {
        let [low, ..] = self.0.to_le_bytes();
        match (low >> 2) & 7 {
            0 => SigningKey::Vcek,
            1 => SigningKey::Vlek,
            7 => SigningKey::None,
            other => SigningKey::Reserved(other),
        }
    }

    /// Bits 31:5, reserved: zero in valid reports.
    #[must_use]
    pub const fn reserved(self) -> u32 {
        self.0 >> 5
    }
}

impl fmt::Display for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vcek => f.write_str("VCEK"),
            Self::Vlek => f.write_str("VLEK"),
            Self::None => f.write_str("none"),
            Self::Reserved(value) => write!(f, "reserved value {value}"),
        }
    }
}
