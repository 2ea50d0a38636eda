//! A verified report held against a policy: every rule, every finding.

use teeproof_core::Record;
use teeproof_wire::snp::{GuestPolicy, KeyInfo};

use crate::{Chip, Policy, TcbLevels, VerifiedReport, checks};

/// Holds a verified report against a policy, records every finding, and says whether all rules
/// hold. None is left out because another one failed.
pub fn appraise(verified: &VerifiedReport<'_>, policy: &Policy<'_>, record: &mut dyn Record) -> bool {
    let report = verified.report();
    let flags = GuestPolicy::from_bits_retain(report.policy.get());
    let author = KeyInfo(report.key_info.get()).author_key().then_some(&report.author_key_digest);
    let chip_id = (verified.chip() == Chip::Bound).then_some(&report.chip_id);
    let held = [
        policy.debug.appraise(checks::DEBUG, Some(&flags.contains(GuestPolicy::DEBUG)), record),
        policy.migration.appraise(checks::MIGRATION, Some(&flags.contains(GuestPolicy::MIGRATE_MA)), record),
        policy.policy.appraise(checks::POLICY, Some(&flags.bits()), record),
        policy.vmpl.appraise(checks::VMPL, Some(&report.vmpl.get()), record),
        policy.masked_chip_id.appraise(checks::MASKED_CHIP, Some(&(verified.chip() == Chip::Masked)), record),
        policy.chip_id.appraise(checks::CHIP_ID, chip_id, record),
        policy.measurement.appraise(checks::MEASUREMENT, Some(&report.measurement), record),
        policy.id_key_digest.appraise(checks::ID_KEY_DIGEST, Some(&report.id_key_digest), record),
        policy.author_key_digest.appraise(checks::AUTHOR_KEY_DIGEST, author, record),
        policy.family_id.appraise(checks::FAMILY_ID, Some(&report.family_id), record),
        policy.image_id.appraise(checks::IMAGE_ID, Some(&report.image_id), record),
        policy.guest_svn.appraise(checks::GUEST_SVN, Some(&report.guest_svn.get()), record),
        policy.reported_tcb.appraise(checks::REPORTED_TCB, Some(&TcbLevels(verified.reported_tcb())), record),
        policy.committed_tcb.appraise(
            checks::COMMITTED_TCB,
            Some(&TcbLevels(verified.committed_tcb())),
            record,
        ),
        policy.platform_info.appraise(checks::PLATFORM_INFO, Some(&report.platform_info.get()), record),
        policy.host_data.appraise(checks::HOST_DATA, Some(&report.host_data), record),
        policy.report_data.appraise(checks::REPORT_DATA, Some(&report.report_data), record),
    ];
    held.iter().all(|held| *held)
}
