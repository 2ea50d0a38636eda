//! A verified VM held against a policy: every rule, every finding.

use teeproof_core::Record;

use crate::policy::rules;
use crate::{Policy, VerifiedVm};

/// Holds a verified VM against the policies for its hardware report and for the rest, records
/// every finding, and says whether all rules hold. None is left out because another one failed.
pub fn appraise_snp(
    vm: &VerifiedVm<'_>,
    snp: &teeproof_snp::Policy<'_>,
    policy: &Policy<'_>,
    record: &mut dyn Record,
) -> bool {
    let hardware = teeproof_snp::appraise(vm.report(), snp, record);
    let claims = rules(vm, policy, record, snp).into_iter().all(|holds| holds);
    let boot = teeproof_tpm::appraise(vm.pcrs(), vm.log(), &policy.tpm, record);
    hardware && claims && boot
}
