//! The appraisal policy for SNP reports, and the appraisal of a verified report.

mod tcb;

pub use tcb::{FloorsByProduct, TcbFloor, TcbLevels};

use core::fmt;

use teeproof_core::{Absence, Datum, PolicyValue, Record, Remark, Rule, Text, no_order_no_mask};
use teeproof_wire::snp::{GuestPolicy, Product};

use crate::attempt::INTERMEDIATE;
use crate::unusual::Unusual;
use crate::{Chip, VekKind, VerifiedReport, checks};

crate::snp_policy_fields! { teeproof_core::policy_table }

/// Why `builtin:genuine` accepts a chain without a revocation list.
const NO_LISTS: &str = "builtin:genuine does not require CRLs; see snp.revocation for what was checked";

/// Appraises a verified report under a policy: records the finding of every rule, and returns whether all
/// are satisfied or waived.
pub fn appraise(verified: &VerifiedReport<'_>, policy: &SnpPolicy<'_>, record: &mut dyn Record) -> bool {
    rules(verified, policy, record).into_iter().all(|holds| holds)
}

/// A product line of processors, as a value of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ProductLine(pub Product);

impl ProductLine {
    /// This product line.
    #[must_use]
    pub const fn new(product: Product) -> Self {
        Self(product)
    }
}

impl From<Product> for ProductLine {
    fn from(product: Product) -> Self {
        Self::new(product)
    }
}

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

/// A guest's privilege level (VMPL), 0 to 3, or the host (0xffffffff).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Vmpl(pub u32);

impl Vmpl {
    /// The host requested the report.
    pub const HOST: Self = Self(u32::MAX);

    /// The privilege level with this number: 0 to 3, or 0xffffffff for the host.
    #[must_use]
    pub const fn new(level: u32) -> Self {
        Self(level)
    }
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

/// Values of a report for policies.
impl VerifiedReport<'_> {
    /// Whether the host requested the report: VMPL is 0xffffffff.
    #[must_use]
    pub fn is_host_requested(&self) -> bool {
        Unusual::of(self.report(), self.vek()).host_requested
    }

    /// Whether KEY_INFO.MASK_CHIP_KEY is set although a VCEK signed. Under a VLEK the bit has no meaning for
    /// the signing key.
    #[must_use]
    pub fn has_masked_chip_key(&self) -> bool {
        Unusual::of(self.report(), self.vek()).masked_chip_key
    }

    /// Whether the intermediate was checked against a current CRL of the root key. Every VEK has serial number
    /// 0, so that only the intermediate can be listed singly.
    #[must_use]
    pub fn is_revocation_checked(&self) -> bool {
        self.revocation().covers(INTERMEDIATE)
    }

    /// Why checks of the chip and of its key do not apply.
    pub(crate) fn chip_remark(&self) -> Remark<'static> {
        match self.vek() {
            VekKind::Vcek => Remark::None,
            VekKind::Vlek => {
                Remark::NotApplicable(&"signed with a VLEK: the report is not bound to one chip")
            }
        }
    }

    /// Whether the absence of a chip id is attested: firmware writes CHIP_ID under either kind of key, and zero
    /// only where the host masks it.
    pub(crate) fn absence_of_chip_id(&self) -> Absence {
        if *self.report().chip_id() == [0; 64] { Absence::Attested } else { Absence::NotAttested }
    }

    /// Why a CHIP_ID that is not zero satisfies no rule under a VLEK.
    pub(crate) fn chip_id_remark(&self) -> Remark<'static> {
        match (self.chip(), self.absence_of_chip_id()) {
            (Chip::Shared, Absence::NotAttested) => {
                Remark::Because(&"CHIP_ID is not bound to the signing key, a VLEK")
            }
            _ => Remark::None,
        }
    }

    /// The guest policy (POLICY), set by the guest's owner at launch.
    #[must_use]
    pub const fn guest_policy(&self) -> GuestPolicy {
        self.report().policy()
    }

    /// CHIP_ID; `None` unless the signing key is bound to it.
    #[must_use]
    pub fn bound_chip_id(&self) -> Option<&[u8; 64]> {
        (self.chip() == Chip::Bound).then_some(self.report().chip_id())
    }

    /// AUTHOR_KEY_DIGEST; `None` unless KEY_INFO.AUTHOR_KEY_EN is set.
    #[must_use]
    pub fn author_key_digest(&self) -> Option<&[u8; 48]> {
        let report = self.report();
        report.key_info().author_key().then_some(report.author_key_digest())
    }
}
