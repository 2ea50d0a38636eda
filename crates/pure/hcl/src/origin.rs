//! Origin of a report: the grounds that show that Azure's paravisor made it, and known other origins.
//!
//! The owner of any SNP guest can get a genuine report over the hash of their own claims, also at VMPL 0,
//! where their kernel may run. Azure Container Instances are such guests. So can the owner of any TD.

use core::fmt;

use alloc::vec::Vec;

use teeproof_core::{
    CheckResult, Comparand, Datum, Expectation, Outcome, PolicyValue, Record, Relation, Rule, TakeDatum,
};

use crate::reference::{self, KnownOrigin};
use crate::{Ground, HclPolicy, Origin, VerifiedTdVm, VerifiedVm, checks};

/// Compares the grounds of a report with those that the policy accepts.
pub(crate) fn appraise(origin: &OriginGrounds, policy: &HclPolicy<'_>, record: &mut dyn Record) -> bool {
    let line = match &policy.origin {
        Origin::Waived(waiver) => {
            waiver.record(checks::ORIGIN, record);
            return true;
        }
        Origin::Reported => None,
        Origin::AnyOf { line, .. } => *line,
    };
    let finding = |outcome| CheckResult::new(checks::ORIGIN, outcome).at_line(line);
    if let Some(other) = origin.other() {
        record.record(finding(Outcome::Fail).because(&other));
        return false;
    }
    let Origin::AnyOf { grounds: accepted, .. } = &policy.origin else {
        report_origin(origin, record);
        return true;
    };
    if accepted.is_empty() {
        const NONE: &str = "the policy accepts no ground; waive the origin if that is intended";
        record.record(finding(Outcome::Fail).because(&NONE));
        return false;
    }
    let found = origin.grounds();
    let met = accepted.iter().any(|ground| found.contains(ground));
    let (expected, actual) = (Listed(accepted, " or "), Listed(found, ", "));
    let finding = |outcome| finding(outcome).compared(&expected, &actual);
    record.record(match met {
        true if origin.is_strong() => finding(Outcome::Pass),
        true => finding(Outcome::Warn).because(&WEAK),
        false => finding(Outcome::Fail),
    });
    met
}

/// Records the grounds of a report, with a warning for none or for a weak one alone.
fn report_origin(origin: &OriginGrounds, record: &mut dyn Record) {
    let grounds = Listed(origin.grounds(), ", ");
    if origin.is_strong() {
        record.pass(checks::ORIGIN, &format_args!("by {grounds}"));
    } else if origin.is_shown() {
        record.warn(checks::ORIGIN, &format_args!("by {grounds} alone: {WEAK}"));
    } else {
        let guest = origin.guest;
        record.warn(
            checks::ORIGIN,
            &format_args!("nothing ties the report to Azure's paravisor: any {guest} could have made it"),
        );
    }
}

/// The limit of an AK certificate as a ground.
const WEAK: &str = "the certificate identifies the attestation key, not who made the claims: whoever may use a \
                    vTPM's key can name it in their own claims";

/// The grounds that show that Azure's paravisor made a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginGrounds {
    grounds: Vec<Ground>,
    other: Option<&'static str>,
    /// The kind of guest that can get such a report.
    guest: &'static str,
}

impl OriginGrounds {
    /// The grounds of a VM on SEV-SNP. Measurement and id key digest need the policy for the SNP report.
    pub(crate) fn of_snp(vm: &VerifiedVm<'_>, snp: Option<&teeproof_snp::SnpPolicy<'_>>) -> Self {
        let guest = "SNP guest";
        match other_origin(vm) {
            Some(other) => Self { grounds: Vec::new(), other: Some(other), guest },
            None => Self { grounds: snp_grounds(vm, snp), other: None, guest },
        }
    }

    /// The grounds of a VM on TDX. MRTD as a measurement needs the policy for the TD quote.
    pub(crate) fn of_tdx(vm: &VerifiedTdVm<'_>, tdx: Option<&teeproof_tdx::TdxPolicy<'_>>) -> Self {
        Self { grounds: tdx_grounds(vm, tdx), other: None, guest: "TD" }
    }

    /// The grounds, the strongest first; empty for a report of another known origin.
    #[must_use]
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// Another known origin of the report, as a sentence.
    #[must_use]
    pub const fn other(&self) -> Option<&'static str> {
        self.other
    }

    /// Whether there is any ground.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        !self.grounds.is_empty()
    }

    /// Whether a ground is strong: it shows that the paravisor made the claims, see [`Ground::is_strong`].
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.grounds.iter().any(|ground| ground.is_strong())
    }
}

/// Another known origin of a report.
fn other_origin(vm: &VerifiedVm<'_>) -> Option<&'static str> {
    let report = vm.report().report();
    let known = reference::id_key(report.id_key_digest()).map(|known| known.origin);
    if known == Some(KnownOrigin::ContainerInstances) {
        return Some("the id key is that of Azure Container Instances, whose guests choose their own claims");
    }
    if *report.host_data() != [0; 32] {
        return Some(
            "HOST_DATA is set, as on Azure Container Instances, whose guests choose their own claims; \
             confidential VMs have none",
        );
    }
    None
}

/// The grounds of an SNP report, the strongest first.
fn snp_grounds(vm: &VerifiedVm<'_>, snp: Option<&teeproof_snp::SnpPolicy<'_>>) -> Vec<Ground> {
    let report = vm.report().report();
    let guest_svn = report.guest_svn();
    let is_met = |ground: &Ground| match ground {
        Ground::Measurement => snp.is_some_and(|snp| is_pinned(&snp.measurement, report.measurement())),
        Ground::IdKeyDigest => snp.is_some_and(|snp| {
            is_pinned(&snp.id_key_digest, report.id_key_digest()) && is_pinned(&snp.guest_svn, &guest_svn)
        }),
        Ground::ReferenceValue => {
            reference::id_key(report.id_key_digest()).is_some_and(|known| known.is_paravisor(guest_svn))
        }
        Ground::AkCertificate => vm.ak_path().is_some(),
    };
    Ground::ALL.iter().copied().filter(is_met).collect()
}

/// The grounds of a TD quote, the strongest first.
fn tdx_grounds(vm: &VerifiedTdVm<'_>, tdx: Option<&teeproof_tdx::TdxPolicy<'_>>) -> Vec<Ground> {
    let mrtd = vm.td_quote().td().mrtd();
    let is_met = |ground: &Ground| match ground {
        Ground::Measurement => tdx.is_some_and(|tdx| is_pinned(&tdx.mrtd, mrtd)),
        Ground::IdKeyDigest => false,
        Ground::ReferenceValue => {
            reference::mrtd(mrtd).is_some_and(|known| known.origin == KnownOrigin::Paravisor)
        }
        Ground::AkCertificate => vm.ak_path().is_some(),
    };
    Ground::ALL.iter().copied().filter(is_met).collect()
}

/// Whether a rule is set, and met. The appraisal of the rule itself records the finding.
fn is_pinned<T: PolicyValue>(rule: &Rule<'_, T>, seen: &T::Seen) -> bool {
    !matches!(rule.expectation, Expectation::Waived(_)) && rule.appraise(checks::ORIGIN, Some(seen), &mut ())
}

/// A list of grounds as text, or `no ground`.
pub(crate) struct Listed<'a>(pub(crate) &'a [Ground], pub(crate) &'static str);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no ground");
        }
        let separators = core::iter::once("").chain(core::iter::repeat(self.1));
        self.0.iter().zip(separators).try_for_each(|(ground, separator)| write!(f, "{separator}{ground}"))
    }
}

impl Comparand for Listed<'_> {
    fn data(&self, take: &mut TakeDatum<'_>) {
        self.0.iter().for_each(|ground| take(Relation::OneOf, Datum::Text(ground)));
    }
}
