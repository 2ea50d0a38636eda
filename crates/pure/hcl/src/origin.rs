//! Whether a report is the paravisor's: on which grounds, and against what it is known to be.
//!
//! Whoever owns an SNP guest somewhere can hash claims of his own into a genuine report, also at
//! VMPL 0, where his own kernel may run. Container instances of Azure are such guests.

use core::fmt;

use alloc::vec::Vec;

use teeproof_core::{
    Comparand, Datum, Expectation, Finding, Outcome, Record, Relation, Rule, TakeDatum, Value,
};

use crate::reference::{self, KnownOrigin};
use crate::{Ground, Origin, Policy, VerifiedVm, checks};

/// Holds the grounds on which the report is the paravisor's against those that the policy accepts.
pub(crate) fn appraise(
    vm: &VerifiedVm<'_>,
    snp: &teeproof_snp::Policy<'_>,
    policy: &Policy<'_>,
    record: &mut dyn Record,
) -> bool {
    let line = match &policy.origin {
        Origin::Waived(waiver) => {
            waiver.record(checks::ORIGIN, record);
            return true;
        }
        Origin::Told => None,
        Origin::AnyOf { line, .. } => *line,
    };
    let finding = |outcome| Finding { line, ..Finding::new(checks::ORIGIN, outcome) };
    let origin = OriginGrounds::of(vm, Some(snp));
    if let Some(other) = origin.other() {
        record.record(finding(Outcome::Fail).because(&other));
        return false;
    }
    let Origin::AnyOf { grounds: accepted, .. } = &policy.origin else {
        tell(&origin, record);
        return true;
    };
    if accepted.is_empty() {
        const NONE: &str = "the policy accepts no ground; waive the origin if that is meant";
        record.record(finding(Outcome::Fail).because(&NONE));
        return false;
    }
    let held = origin.grounds();
    let holds = accepted.iter().any(|ground| held.contains(ground));
    let (expected, actual) = (Listed(accepted, " or "), Listed(held, ", "));
    let finding = |outcome| finding(outcome).compared(&expected, &actual);
    record.record(match holds {
        true if origin.is_strong() => finding(Outcome::Pass),
        true => finding(Outcome::Warn).because(&WEAK),
        false => finding(Outcome::Fail),
    });
    holds
}

/// Tells on which grounds the report is the paravisor's, or warns that there is none, or a weak one alone.
fn tell(origin: &OriginGrounds, record: &mut dyn Record) {
    let held = Listed(origin.grounds(), ", ");
    if origin.is_strong() {
        record.pass(checks::ORIGIN, &format_args!("by {held}"));
    } else if origin.is_shown() {
        record.warn(checks::ORIGIN, &format_args!("by {held} alone: {WEAK}"));
    } else {
        const NONE: &str = "nothing ties the report to Azure's paravisor: any SNP guest could have made it";
        record.warn(checks::ORIGIN, &NONE);
    }
}

/// What an AK certificate leaves open.
const WEAK: &str = "the certificate is for the attestation key, and does not show who made the claims: whoever \
                    may use a vTPM's key can name it in claims of their own";

/// What ties a report to Azure's paravisor: the one place that knows the grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginGrounds {
    held: Vec<Ground>,
    other: Option<&'static str>,
}

impl OriginGrounds {
    /// The grounds that hold for a VM; those that a policy for its hardware report can give need that
    /// policy.
    pub(crate) fn of(vm: &VerifiedVm<'_>, snp: Option<&teeproof_snp::Policy<'_>>) -> Self {
        match other_origin(vm) {
            Some(other) => Self { held: Vec::new(), other: Some(other) },
            None => Self { held: grounds(vm, snp), other: None },
        }
    }

    /// The grounds that hold, the strongest first; none where the report is known to be of another origin.
    #[must_use]
    pub fn grounds(&self) -> &[Ground] {
        &self.held
    }

    /// What the report is known to be of instead.
    #[must_use]
    pub const fn other(&self) -> Option<&'static str> {
        self.other
    }

    /// Whether any ground holds.
    #[must_use]
    pub const fn is_shown(&self) -> bool {
        !self.held.is_empty()
    }

    /// Whether a ground holds that shows who made the claims, and not the attestation key alone.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.held.iter().any(|ground| ground.is_strong())
    }
}

/// What a report is known to be of instead.
fn other_origin(vm: &VerifiedVm<'_>) -> Option<&'static str> {
    let report = vm.report().report();
    let known = reference::id_key(&report.id_key_digest).map(|known| known.origin);
    if known == Some(KnownOrigin::ContainerInstances) {
        return Some("the id key is that of Azure Container Instances, whose guests choose their own claims");
    }
    if report.host_data != [0; 32] {
        return Some(
            "HOST_DATA is set, as on Azure Container Instances, whose guests choose their own claims; \
             confidential VMs have none",
        );
    }
    None
}

/// The grounds that hold.
fn grounds(vm: &VerifiedVm<'_>, snp: Option<&teeproof_snp::Policy<'_>>) -> Vec<Ground> {
    let report = vm.report().report();
    let guest_svn = report.guest_svn.get();
    let holds = |ground: &Ground| match ground {
        Ground::Measurement => snp.is_some_and(|snp| demanded(&snp.measurement, &report.measurement)),
        Ground::IdKeyDigest => snp.is_some_and(|snp| {
            demanded(&snp.id_key_digest, &report.id_key_digest) && demanded(&snp.guest_svn, &guest_svn)
        }),
        Ground::ReferenceValue => {
            reference::id_key(&report.id_key_digest).is_some_and(|known| known.is_paravisor(guest_svn))
        }
        Ground::AkCertificate => vm.ak_path().is_some(),
    };
    Ground::ALL.iter().copied().filter(holds).collect()
}

/// Whether a rule was given, and holds. The finding is recorded where the rule itself is appraised.
fn demanded<T: Value>(rule: &Rule<'_, T>, seen: &T::Seen) -> bool {
    !matches!(rule.expectation, Expectation::Waived(_)) && rule.appraise(checks::ORIGIN, Some(seen), &mut ())
}

/// Grounds one after the other, or that there is none.
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
