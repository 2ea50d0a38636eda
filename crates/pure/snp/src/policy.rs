//! What a relying party may demand of a verified report.

use core::convert::Infallible;
use core::fmt;

use teeproof_core::{Rule, Value};
use teeproof_wire::snp::Tcb;

/// A TCB as policies compare it: component by component, never as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcbLevels(pub Tcb);

impl Value for TcbLevels {
    type Seen = Self;
    type Floor = Self;
    type Mask = Infallible;

    fn seen(&self) -> &Self {
        self
    }

    fn reaches(seen: &Self, floor: &Self) -> bool {
        seen.0.reaches(&floor.0)
    }

    fn fits(_: &Self, mask: &Infallible) -> bool {
        match *mask {}
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&seen.0, f)
    }

    fn show_floor(floor: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&floor.0, f)
    }

    fn show_mask(mask: &Infallible, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *mask {}
    }
}

/// An appraisal policy for SNP reports. Every field is an expectation or a waiver with a reason;
/// there is no default.
///
/// Fields are named after the report's; all digests are SHA-384.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<'p> {
    /// Whether the host may debug the guest (POLICY, bit 19).
    pub debug: Rule<'p, bool>,
    /// Whether a migration agent may be associated (POLICY, bit 18).
    pub migration: Rule<'p, bool>,
    /// The guest policy's 64 bits.
    pub policy: Rule<'p, u64>,
    /// The privilege level at which the report was asked for; 0xFFFFFFFF for the host.
    pub vmpl: Rule<'p, u32>,
    /// Whether the host hides the chip id from a report under a VCEK.
    pub masked_chip_id: Rule<'p, bool>,
    /// The chip; absent where it is masked or the key is a VLEK.
    pub chip_id: Rule<'p, [u8; 64]>,
    /// The launch digest.
    pub measurement: Rule<'p, [u8; 48]>,
    /// The digest of the key that signed the identity block.
    pub id_key_digest: Rule<'p, [u8; 48]>,
    /// The digest of the key that signed the identity key; absent where there is none.
    pub author_key_digest: Rule<'p, [u8; 48]>,
    /// The family that the owner named.
    pub family_id: Rule<'p, [u8; 16]>,
    /// The image that the owner named.
    pub image_id: Rule<'p, [u8; 16]>,
    /// The security version that the owner gave the image.
    pub guest_svn: Rule<'p, u32>,
    /// The TCB that the signing key was derived for.
    pub reported_tcb: Rule<'p, TcbLevels>,
    /// The TCB that the platform cannot go back behind.
    pub committed_tcb: Rule<'p, TcbLevels>,
    /// The platform's configuration bits.
    pub platform_info: Rule<'p, u64>,
    /// What the host passed at launch.
    pub host_data: Rule<'p, [u8; 32]>,
    /// What the guest put into the report.
    pub report_data: Rule<'p, [u8; 64]>,
}

impl Policy<'static> {
    /// `builtin:genuine`: a production guest on a genuine processor that names its chip. It says
    /// nothing about what software runs.
    #[must_use]
    pub fn genuine() -> Self {
        const REASON: &str = "builtin:genuine says nothing about what runs";
        Self {
            debug: Rule::exactly(false),
            migration: Rule::exactly(false),
            masked_chip_id: Rule::exactly(false),
            policy: Rule::waived(REASON),
            vmpl: Rule::waived(REASON),
            chip_id: Rule::waived(REASON),
            measurement: Rule::waived(REASON),
            id_key_digest: Rule::waived(REASON),
            author_key_digest: Rule::waived(REASON),
            family_id: Rule::waived(REASON),
            image_id: Rule::waived(REASON),
            guest_svn: Rule::waived(REASON),
            reported_tcb: Rule::waived(REASON),
            committed_tcb: Rule::waived(REASON),
            platform_info: Rule::waived(REASON),
            host_data: Rule::waived(REASON),
            report_data: Rule::waived(REASON),
        }
    }
}
