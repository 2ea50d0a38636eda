//! A verified VM held against a policy: every rule, every finding.

use teeproof_core::Record;

use crate::{Policy, VerifiedVm, checks, origin};

/// Holds a verified VM against the policies for its hardware report and for the rest, records
/// every finding, and says whether all rules hold. None is left out because another one failed.
pub fn appraise_snp(
    vm: &VerifiedVm<'_>,
    snp: &teeproof_snp::Policy<'_>,
    policy: &Policy<'_>,
    record: &mut dyn Record,
) -> bool {
    let certified = vm.ak_path().map(|_| &true);
    let configured = vm.claims().vm_configuration();
    let user_data = vm.claims().user_data();
    let interactive = configured.interactive_console_enabled.as_ref();
    let held = [
        teeproof_snp::appraise(vm.report(), snp, record),
        origin::appraise(vm, snp, policy, record),
        policy.ak_certificate.appraise(checks::AK_CERTIFICATE, certified, record),
        policy.quote.appraise(checks::QUOTE, Some(&vm.quote().is_some()), record),
        policy.vm_id.appraise(checks::VM_ID, configured.vm_unique_id.as_ref(), record),
        policy.user_data.appraise(checks::USER_DATA_POLICY, user_data, record),
        policy.secure_boot_configured.appraise(checks::SECURE_BOOT, configured.secure_boot.as_ref(), record),
        policy.tpm_enabled.appraise(checks::TPM_ENABLED, configured.tpm_enabled.as_ref(), record),
        policy.tpm_persisted.appraise(checks::TPM_PERSISTED, configured.tpm_persisted.as_ref(), record),
        policy.console.appraise(checks::CONSOLE, configured.console_enabled.as_ref(), record),
        policy.interactive_console.appraise(checks::INTERACTIVE_CONSOLE, interactive, record),
        teeproof_tpm::appraise(vm.pcrs(), vm.log(), &policy.tpm, record),
    ];
    held.iter().all(|held| *held)
}
