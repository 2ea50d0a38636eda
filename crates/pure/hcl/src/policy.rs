//! Appraisal policy and appraisal of an Azure confidential VM, except for its hardware report.

use core::fmt;

use teeproof_core::{Check, FieldRule, List, PolicyField, Record, Rule, TakeFieldRule, Text, Waiver};

use crate::origin::{self, Listed};
use crate::{OriginGrounds, VerifiedTdVm, VerifiedVm, VerifiedVtpm, VmId, checks};

crate::hcl_policy_fields! { teeproof_core::policy_table }

/// The waiver reason of `builtin:genuine` for chains without revocation lists.
const NO_LISTS: &str = "builtin:genuine does not require CRLs; see ak.revocation for what was checked";

/// The waiver reason of `builtin:genuine` for reports older than the nonce.
const QUOTE_ALONE: &str =
    "builtin:genuine requires the nonce in the quote only; see hcl.user-data for the report's freshness";

/// Appraises a verified VM on SEV-SNP under the policies for its hardware report and for the rest. Records the
/// finding of every rule, and returns whether all are met or waived.
pub fn appraise_snp(
    vm: &VerifiedVm<'_>,
    snp: &teeproof_snp::SnpPolicy<'_>,
    policy: &HclPolicy<'_>,
    record: &mut dyn Record,
) -> bool {
    let hardware = teeproof_snp::appraise(vm.report(), snp, record);
    let vtpm = appraise_vtpm(vm.vtpm(), &vm.origin(Some(snp)), policy, record);
    hardware && vtpm
}

/// Appraises a verified VM on TDX under the policies for its TD quote and for the rest. Records the finding of
/// every rule, and returns whether all are met or waived.
pub fn appraise_tdx(
    vm: &VerifiedTdVm<'_>,
    tdx: &teeproof_tdx::TdxPolicy<'_>,
    policy: &HclPolicy<'_>,
    record: &mut dyn Record,
) -> bool {
    let hardware = teeproof_tdx::appraise(vm.td_quote(), tdx, record);
    let vtpm = appraise_vtpm(vm.vtpm(), &vm.origin(Some(tdx)), policy, record);
    hardware && vtpm
}

/// Appraises the claims and the vTPM of a VM, and the origin of its hardware report.
fn appraise_vtpm(
    vtpm: &VerifiedVtpm<'_>,
    origin: &OriginGrounds,
    policy: &HclPolicy<'_>,
    record: &mut dyn Record,
) -> bool {
    let claims = rules(vtpm, policy, record, origin).into_iter().all(|met| met);
    let boot = teeproof_tpm::appraise(vtpm.pcrs(), vtpm.log(), &policy.tpm, record);
    claims && boot
}

/// The policy's requirement on the origin of the report. The owner of any SNP guest or TD can get a genuine
/// report over claims of their choice; a ground shows that Azure's paravisor made it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Origin<'p> {
    /// At least one of these grounds is required; an empty list is refused.
    AnyOf {
        /// The accepted grounds.
        grounds: List<'p, Ground>,
        /// The line of the policy file, counted from 1.
        line: Option<u32>,
    },
    /// No ground is required: the result reports those that are met, with a warning for none or for an AK
    /// certificate alone. Reports of another known origin are refused.
    Reported,
    /// The origin is not checked, for this reason, which is part of the result.
    Waived(Waiver<'p>),
}

impl<'p> Origin<'p> {
    /// One of these grounds must hold.
    #[must_use]
    pub fn any_of(grounds: impl Into<List<'p, Ground>>) -> Self {
        Self::AnyOf { grounds: grounds.into(), line: None }
    }

    /// Not checked, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self::Waived(Waiver::new(reason))
    }
}

/// A ground that shows that the paravisor made a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ground {
    /// The policy pins the launch measurement (SNP) or MRTD (TDX), and it matches.
    Measurement,
    /// The policy pins the id key digest and the guest SVN, and both match (SNP).
    IdKeyDigest,
    /// A reference value of teeproof matches the id key and its guest SVN (SNP) or MRTD (TDX).
    ReferenceValue,
    /// The attestation key has a certificate of Azure's vTPM authority for a confidential VM.
    AkCertificate,
}

impl Ground {
    /// All grounds, the strongest first.
    pub const ALL: &'static [Self] =
        &[Self::Measurement, Self::IdKeyDigest, Self::ReferenceValue, Self::AkCertificate];

    /// Whether the ground shows that the paravisor made the claims. An AK certificate does not: it identifies
    /// the attestation key, and every user of that key can name it in claims of their own.
    #[must_use]
    pub const fn is_strong(self) -> bool {
        !matches!(self, Self::AkCertificate)
    }

    /// The name in policies and results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::IdKeyDigest => "id-key-digest",
            Self::ReferenceValue => "reference-value",
            Self::AkCertificate => "ak-certificate",
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PolicyField for Origin<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, demand: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(demand, each, take),
            Self::AnyOf { grounds, line } => {
                take(demand.expects(&format_args!("one of {}", Listed(grounds, ", ")), *line));
            }
            Self::Reported => take(demand.expects(&"no other known origin", None)),
        }
    }
}
