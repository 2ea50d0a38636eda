//! Appraisal policy of a NitroTPM document, and its appraisal: every rule, every finding.

use teeproof_core::{Absence, List, Pcrs, Record, Rule, Text};

use super::{VerifiedNitroTpm, checks};
use crate::policy::age;
use crate::{Appraisal, MaxAge};

crate::nitrotpm_policy_fields! { teeproof_core::policy_table }

/// Appraises a verified NitroTPM document under a policy, and records the finding of every rule.
pub fn appraise(
    verified: &VerifiedNitroTpm<'_>,
    policy: &NitroTpmPolicy<'_>,
    record: &mut dyn Record,
) -> Appraisal {
    rules(verified, policy, record).into_iter().fold(Appraisal::Accepted, Appraisal::and)
}

/// PCR7 of an instance without secure boot and without any of its keys, SHA-384: the variables SecureBoot (0), PK,
/// KEK, db and dbx, which are empty, and the separator. Every such instance has it, whatever it runs.
///
/// Computed by the rules of the TCG PC Client Platform Firmware Profile, section 3.3.4.8, as a test does again; it
/// is in published NitroTPM documents.
pub const PCR7_WITHOUT_SECURE_BOOT: [u8; 48] = [
    0x98, 0x44, 0x1c, 0x7f, 0x76, 0x25, 0xd1, 0x00, 0x58, 0xc4, 0x76, 0x83, 0xae, 0xc4, 0x86, 0xce, 0x31,
    0x1c, 0x63, 0x32, 0x35, 0xeb, 0x55, 0x55, 0x93, 0xa7, 0xee, 0x79, 0x11, 0x21, 0xe3, 0x57, 0x8a, 0xe7,
    0x2d, 0x04, 0xec, 0xef, 0x66, 0x1f, 0x27, 0x2d, 0x59, 0x05, 0x8b, 0x77, 0xaf, 0x35,
];

/// A PCR that firmware extended with the separator event alone, SHA-384: nothing else was measured into it.
///
/// Source: TCG PC Client Platform Firmware Profile, section 3.3.4, EV_SEPARATOR: the digest of four zero bytes.
pub const PCR_SEPARATOR_ONLY: [u8; 48] = [
    0x51, 0x89, 0x23, 0xb0, 0xf9, 0x55, 0xd0, 0x8d, 0xa0, 0x77, 0xc9, 0x6a, 0xab, 0xa5, 0x22, 0xb9, 0xde,
    0xce, 0xde, 0x61, 0xc5, 0x99, 0xce, 0xa6, 0xc4, 0x18, 0x89, 0xcf, 0xbe, 0xa4, 0xae, 0x4d, 0x50, 0x52,
    0x9d, 0x96, 0xfe, 0x4d, 0x1a, 0xfd, 0xaf, 0xb6, 0x5e, 0x7f, 0x95, 0xbf, 0x23, 0xc4,
];
