//! `[snp]`, proposed.

use alloc::format;
use alloc::string::String;

use teeproof_snp::{Chip, Tcb, VerifiedReport};
use teeproof_wire::snp::{GuestPolicy, KeyInfo, Report};

use super::line::{Lines, hex, plain};

/// The section for these reports.
pub(super) fn lines(reports: &[&VerifiedReport<'_>]) -> Lines {
    let mut lines = Lines::default();
    report(&mut lines, reports);
    lines.waived("report-data", "the guest's own data; --nonce compares it");
    lines
}

/// The fields that every section with an SNP report has, but for `report-data`.
pub(super) fn report(lines: &mut Lines, reports: &[&VerifiedReport<'_>]) {
    let each = |of: fn(&Report) -> String| reports.iter().map(move |one| Some(of(one.report())));
    let flags = |report: &Report| GuestPolicy::from_bits_retain(report.policy.get());
    lines.comment("How the guest was launched.");
    lines.found(
        "debug",
        reports.iter().map(|one| Some(plain(flags(one.report()).contains(GuestPolicy::DEBUG)))),
    );
    lines.found(
        "migration",
        reports.iter().map(|one| Some(plain(flags(one.report()).contains(GuestPolicy::MIGRATE_MA)))),
    );
    lines.found("policy", each(|report| format!("\"{:#x}\"", report.policy.get())));
    lines.found("vmpl", each(|report| vmpl(report.vmpl.get())));
    lines.found("masked-chip-id", reports.iter().map(|one| Some(plain(one.chip() == Chip::Masked))));
    lines.waived("chip-id", "one machine's alone");
    lines.comment("What was launched.");
    lines.found("measurement", each(|report| hex(&report.measurement)));
    lines.found("id-key-digest", each(|report| hex(&report.id_key_digest)));
    lines.found(
        "author-key-digest",
        reports.iter().map(|one| {
            let report = one.report();
            KeyInfo(report.key_info.get()).author_key().then(|| hex(&report.author_key_digest))
        }),
    );
    lines.found("family-id", each(|report| hex(&report.family_id)));
    lines.found("image-id", each(|report| hex(&report.image_id)));
    lines.found("host-data", each(|report| hex(&report.host_data)));
    let svn = reports.iter().map(|one| one.report().guest_svn.get()).min();
    lines.at_least("guest-svn", &plain(svn.unwrap_or_default()));
    lines.comment("The oldest firmware among the evidence, component by component.");
    lines.at_least("reported-tcb", &tcb(reports.iter().map(|one| one.reported_tcb())));
    lines.at_least("committed-tcb", &tcb(reports.iter().map(|one| one.committed_tcb())));
    lines.found("platform-info", each(|report| format!("\"{:#x}\"", report.platform_info.get())));
}

fn vmpl(vmpl: u32) -> String {
    if vmpl == u32::MAX { "\"host\"".into() } else { plain(vmpl) }
}

/// The lowest level of every component. `fmc` is only asked for where every report has one.
fn tcb(tcbs: impl Iterator<Item = Tcb>) -> String {
    let floor = tcbs.reduce(|one, other| Tcb {
        fmc: one.fmc.zip(other.fmc).map(|(one, other)| one.min(other)),
        bootloader: one.bootloader.min(other.bootloader),
        tee: one.tee.min(other.tee),
        snp: one.snp.min(other.snp),
        microcode: one.microcode.min(other.microcode),
    });
    let Some(Tcb { fmc, bootloader, tee, snp, microcode }) = floor else { return String::new() };
    let fmc = fmc.map_or_else(String::new, |fmc| format!("fmc = {fmc}, "));
    format!("{{ {fmc}bootloader = {bootloader}, tee = {tee}, snp = {snp}, microcode = {microcode} }}")
}
