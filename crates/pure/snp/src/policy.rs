//! What a relying party may demand of a verified report, and the report held against it.

mod tcb;

pub use tcb::{FloorsByProduct, TcbFloor, TcbLevels};

use core::fmt;

use teeproof_core::{Absence, Datum, PolicyValue, Record, Remark, Rule, Text, no_order_no_mask};
use teeproof_wire::snp::{GuestPolicy, Product};

use crate::attempt::INTERMEDIATE;
use crate::unusual::Unusual;
use crate::{Chip, VekKind, VerifiedReport};

crate::snp_policy_fields! { teeproof_core::policy_table }

/// Why `builtin:genuine` takes a chain for which no revocation list came.
const NO_LISTS: &str = "builtin:genuine does not require CRLs; see snp.revocation for what was checked";

/// Holds a verified report against a policy, records every finding, and says whether all rules
/// hold. None is left out because another one failed.
pub fn appraise(verified: &VerifiedReport<'_>, policy: &SnpPolicy<'_>, record: &mut dyn Record) -> bool {
    rules(verified, policy, record).into_iter().all(|holds| holds)
}

/// A product line of processors, as policies compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProductLine(pub Product);

/// `milan`, `genoa` or `turin`, as policies write it.
impl PolicyValue for ProductLine {
    no_order_no_mask!(Self);

    fn seen(&self) -> &Self {
        self
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(seen.0.id())
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(&seen.0.id()));
    }
}

/// A privilege level of a guest, or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vmpl(pub u32);

impl Vmpl {
    /// The host asked for the report, and no guest.
    pub const HOST: Self = Self(u32::MAX);
}

/// `0` to `3`, or `host`, as policies write them.
impl PolicyValue for Vmpl {
    no_order_no_mask!(Self);

    fn seen(&self) -> &Self {
        self
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *seen {
            Self::HOST => f.write_str("host"),
            Self(level) => write!(f, "{level}"),
        }
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(match *seen {
            Self::HOST => Datum::Text(&"host"),
            Self(level) => Datum::Number(u64::from(level)),
        });
    }
}

/// The kind of key that signed: `vcek` or `vlek`.
impl PolicyValue for VekKind {
    no_order_no_mask!(Self);

    fn seen(&self) -> &Self {
        self
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(seen.id())
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(&seen.id()));
    }
}

/// Values of a report as policies compare them.
impl VerifiedReport<'_> {
    /// Whether the host asked for the report: VMPL has all its bits set.
    #[must_use]
    pub fn is_host_requested(&self) -> bool {
        Unusual::of(self.report(), self.vek()).host_requested
    }

    /// Whether KEY_INFO says MASK_CHIP_KEY although a VCEK signed. Under a VLEK it says nothing of
    /// the key that signed.
    #[must_use]
    pub fn has_masked_chip_key(&self) -> bool {
        Unusual::of(self.report(), self.vek()).masked_chip_key
    }

    /// Whether the intermediate certificate was looked up in a current list of the root key. Every VEK
    /// has serial number 0, so that the intermediate is what a list can name.
    #[must_use]
    pub fn is_revocation_checked(&self) -> bool {
        self.revocation().covers(INTERMEDIATE)
    }

    /// Why checks of the chip and of its key do not apply.
    pub(crate) fn chip_remark(&self) -> Remark<'static> {
        match self.vek() {
            VekKind::Vcek => Remark::None,
            VekKind::Vlek => Remark::NotApplicable(&"signed with a VLEK: the report is not tied to one chip"),
        }
    }

    /// Whether the report says that it names no chip. Firmware writes CHIP_ID whatever key it signs with,
    /// and zero only where the host masks it.
    pub(crate) fn absence_of_chip_id(&self) -> Absence {
        if *self.report().chip_id() == [0; 64] { Absence::Attested } else { Absence::NotAttested }
    }

    /// Why a chip that the report names satisfies no rule.
    pub(crate) fn chip_id_remark(&self) -> Remark<'static> {
        match (self.chip(), self.absence_of_chip_id()) {
            (Chip::Shared, Absence::NotAttested) => {
                Remark::Because(&"CHIP_ID names a chip, and the VLEK that signed is not tied to it")
            }
            _ => Remark::None,
        }
    }

    /// POLICY: what the guest's owner allowed when it was launched.
    #[must_use]
    pub const fn guest_policy(&self) -> GuestPolicy {
        self.report().policy()
    }

    /// CHIP_ID, where the signing key is bound to it.
    #[must_use]
    pub fn bound_chip_id(&self) -> Option<&[u8; 64]> {
        (self.chip() == Chip::Bound).then_some(self.report().chip_id())
    }

    /// AUTHOR_KEY_DIGEST, where KEY_INFO says that there is an author key.
    #[must_use]
    pub fn author_key_digest(&self) -> Option<&[u8; 48]> {
        let report = self.report();
        report.key_info().author_key().then_some(report.author_key_digest())
    }
}
