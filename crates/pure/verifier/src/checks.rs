//! Every check there is, for `explain` and for results that were not reached.

use teeproof_core::{Check, Technology};

/// `policy.technology`: the policy accepts evidence of this technology.
pub const POLICY_TECHNOLOGY: &Check = &Check {
    id: "policy.technology",
    title: "the technology",
    proves: "The relying party accepts evidence of this technology.",
    hint: "Name the technology with --accept, and give the policy a section for it.",
    source: "teeproof, ARCHITECTURE.md, invariants",
};

/// Every check, in the order in which they are made.
pub fn all_checks() -> impl Iterator<Item = &'static Check> {
    core::iter::once(POLICY_TECHNOLOGY)
        .chain(teeproof_snp::checks::VERIFY.iter().copied())
        .chain(teeproof_snp::checks::APPRAISE.iter().copied())
        .chain(teeproof_nitro::checks::VERIFY.iter().copied())
        .chain(teeproof_nitro::checks::APPRAISE.iter().copied())
        .chain(teeproof_nitro::checks::PCR)
}

/// The check of this id.
#[must_use]
pub fn find_check(id: &str) -> Option<&'static Check> {
    all_checks().find(|check| check.id == id)
}

/// The checks of a technology's verification, in order.
pub(crate) const fn of_verification(technology: Technology) -> &'static [&'static Check] {
    match technology {
        Technology::Snp => teeproof_snp::checks::VERIFY,
        Technology::Nitro => teeproof_nitro::checks::VERIFY,
        _ => &[],
    }
}
