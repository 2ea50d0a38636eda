//! The flag words of a report.

use core::fmt;

bitflags::bitflags! {
    /// POLICY: what the guest's owner allowed when it was launched.
    /// Source: AMD document 56860, table "Guest Policy".
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct GuestPolicy: u64 {
        /// Simultaneous multi-threading is allowed.
        const SMT = 1 << 16;
        /// Reserved; always one.
        const RESERVED_MUST_BE_ONE = 1 << 17;
        /// A migration agent may be associated.
        const MIGRATE_MA = 1 << 18;
        /// The host may debug the guest: its memory is not confidential.
        const DEBUG = 1 << 19;
        /// The guest runs on one socket only.
        const SINGLE_SOCKET = 1 << 20;
        /// CXL devices are allowed.
        const CXL_ALLOW = 1 << 21;
        /// Memory encryption must be AES-256 XTS.
        const MEM_AES_256_XTS = 1 << 22;
        /// Running average power limit must be disabled.
        const RAPL_DIS = 1 << 23;
        /// Ciphertext hiding must be on.
        const CIPHERTEXT_HIDING_DRAM = 1 << 24;
        /// Page swapping is disabled.
        const PAGE_SWAP_DISABLE = 1 << 25;
    }

    /// PLATFORM_INFO: how the platform runs.
    /// Source: AMD document 56860, table "PLATFORM_INFO".
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct PlatformInfo: u64 {
        /// Simultaneous multi-threading is on.
        const SMT_EN = 1 << 0;
        /// Transparent memory encryption is on.
        const TSME_EN = 1 << 1;
        /// Memory has error correction.
        const ECC_EN = 1 << 2;
        /// Running average power limit is disabled.
        const RAPL_DIS = 1 << 3;
        /// Ciphertext hiding is on.
        const CIPHERTEXT_HIDING_DRAM_EN = 1 << 4;
        /// The check for aliased memory is complete.
        const ALIAS_CHECK_COMPLETE = 1 << 5;
        /// The IOMMU keeps devices from writing.
        const IOMMU_WRITE_SAFE = 1 << 6;
        /// Trusted I/O is on.
        const TIO_EN = 1 << 7;
    }
}

impl GuestPolicy {
    /// The least ABI version that the guest accepts: major, minor.
    #[must_use]
    pub const fn abi(self) -> (u8, u8) {
        let [minor, major, ..] = self.bits().to_le_bytes();
        (major, minor)
    }

    /// Whether every bit above the ABI version is one that has a meaning.
    #[must_use]
    pub const fn has_only_known_bits(self) -> bool {
        self.bits() >> 26 == 0
    }
}

/// KEY_INFO: which keys are involved. Bits 31:5 are reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyInfo(pub u32);

/// Which key signed a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SigningKey {
    /// The versioned chip endorsement key: one chip, one TCB.
    Vcek,
    /// The versioned loaded endorsement key: one provider, one TCB.
    Vlek,
    /// No key: the report is not signed.
    None,
    /// A value without a meaning.
    Reserved(u8),
}

impl KeyInfo {
    /// Whether AUTHOR_KEY_DIGEST holds the digest of a key.
    #[must_use]
    pub const fn author_key(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether the chip's key is masked.
    #[must_use]
    pub const fn mask_chip_key(self) -> bool {
        self.0 & 2 != 0
    }

    /// Which key signed the report.
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

    /// Bits 31:5.
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
