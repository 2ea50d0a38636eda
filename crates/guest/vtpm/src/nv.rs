//! NV indexes: what one is, apart from what it holds.

use bitflags::bitflags;

/// The public area of an NV index: TPMS_NV_PUBLIC.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 13.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NvPublic {
    /// The handle, 0x01…….
    pub index: u32,
    /// The hash algorithm of its name, a TPM_ALG_ID.
    pub name_algorithm: u16,
    /// What may be done with it, and by whom.
    pub attributes: NvAttributes,
    /// The digest of the policy that may use it; empty for none.
    pub policy: Vec<u8>,
    /// How many bytes it holds.
    pub data_size: u16,
}

bitflags! {
    /// TPMA_NV. Bits that have no name here (the kind of index among them) are kept.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct NvAttributes: u32 {
        /// The platform may write.
        const PPWRITE = 1;
        /// The owner may write.
        const OWNERWRITE = 1 << 1;
        /// The index's own password may write.
        const AUTHWRITE = 1 << 2;
        /// The index's policy may write.
        const POLICYWRITE = 1 << 3;
        /// Deleted only under its own policy.
        const POLICY_DELETE = 1 << 10;
        /// Locked against writing until the next start.
        const WRITELOCKED = 1 << 11;
        /// Written as a whole or not at all.
        const WRITEALL = 1 << 12;
        /// Can be locked against writing for good.
        const WRITEDEFINE = 1 << 13;
        /// Can be locked against writing until the next start.
        const WRITE_STCLEAR = 1 << 14;
        /// Locked together with others.
        const GLOBALLOCK = 1 << 15;
        /// The platform may read.
        const PPREAD = 1 << 16;
        /// The owner may read.
        const OWNERREAD = 1 << 17;
        /// The index's own password may read.
        const AUTHREAD = 1 << 18;
        /// The index's policy may read.
        const POLICYREAD = 1 << 19;
        /// A wrong password does not count.
        const NO_DA = 1 << 25;
        /// Written seldom, kept in memory meanwhile.
        const ORDERLY = 1 << 26;
        /// Back to unwritten at each start.
        const CLEAR_STCLEAR = 1 << 27;
        /// Locked against reading until the next start.
        const READLOCKED = 1 << 28;
        /// Has been written.
        const WRITTEN = 1 << 29;
        /// The platform's, which the owner cannot take away.
        const PLATFORMCREATE = 1 << 30;
        /// Can be locked against reading until the next start.
        const READ_STCLEAR = 1 << 31;
        const _ = !0;
    }
}
