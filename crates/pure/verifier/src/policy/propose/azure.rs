//! `[azure-snp]`, proposed.

use alloc::vec::Vec;

use teeproof_hcl::{VerifiedVm, VmConfiguration};

use super::line::{Lines, plain};
use super::snp;

/// The section for these VMs.
pub(super) fn lines(vms: &[&VerifiedVm<'_>]) -> Lines {
    let mut lines = Lines::default();
    let reports: Vec<_> = vms.iter().map(|vm| vm.report()).collect();
    snp::report(&mut lines, &reports);
    lines.waived("report-data", "the hash of the claims, which verify compares");
    origin(&mut lines, vms);
    claims(&mut lines, vms);
    quoted(&mut lines, vms);
    lines
}

/// The proposal pins measurement, id key and security version, and each is a ground.
fn origin(lines: &mut Lines, vms: &[&VerifiedVm<'_>]) {
    lines.comment(
        "What ties the report to Azure's paravisor: the launch digest above, by trust on first use.",
    );
    lines.line("origin = { exactly = \"measurement\" }");
    lines.found("ak-certificate", vms.iter().map(|vm| vm.ak_path().map(|_| plain(true))));
}

fn claims(lines: &mut Lines, vms: &[&VerifiedVm<'_>]) {
    let each = |of: fn(&VmConfiguration) -> Option<bool>| {
        vms.iter().map(move |vm| of(vm.claims().vm_configuration()).map(plain))
    };
    lines.comment("How the host configured the VM.");
    lines.waived("vm-id", "one machine's alone");
    lines.waived("user-data", "the guest's own data; --user-data compares it");
    lines.found("secure-boot-configured", each(|vm| vm.secure_boot));
    lines.found("tpm-enabled", each(|vm| vm.tpm_enabled));
    lines.found("tpm-persisted", each(|vm| vm.tpm_persisted));
    lines.found("console", each(|vm| vm.console_enabled));
    lines.found("interactive-console", each(|vm| vm.interactive_console_enabled));
}

fn quoted(lines: &mut Lines, vms: &[&VerifiedVm<'_>]) {
    lines.comment("What booted.");
    lines.found("quote", vms.iter().map(|vm| Some(plain(vm.quote().is_some()))));
    let logs = || vms.iter().map(|vm| vm.log());
    lines.found("event-log", logs().map(|log| log.map(|log| plain(log.explains_all()))));
    let secure_boot = |log: &teeproof_tpm::VerifiedLog<'_>| Some(plain(log.secure_boot().ok()?.enabled));
    lines.found("secure-boot", logs().map(|log| log.and_then(secure_boot)));
    let banks: Vec<Vec<(u8, [u8; 32])>> = vms
        .iter()
        .map(|vm| {
            let pcrs = vm.pcrs().into_iter();
            pcrs.flat_map(|pcrs| pcrs.iter().map(|(index, value)| (index, *value))).collect()
        })
        .collect();
    lines.registers("azure-snp", &banks, VOLATILE);
}

/// Registers that say something of one machine or one start.
const VOLATILE: &[(u8, &str)] = &[
    (5, "how often the boot loader tried to leave the firmware: differs from start to start"),
    (6, "holds the VM's id: one machine's alone"),
    (16, "for debugging: anybody can reset it"),
    (23, "for applications: anybody can reset it"),
];
