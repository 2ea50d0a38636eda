//! The classes of disagreements, by technology.

mod azure;
mod nitro;
mod snp;
mod tdx;

use crate::class::Said::{No, Panic, Yes};
use crate::class::{Class, Rule, Said};

/// What stands above each table.
pub(crate) const TITLES: [&str; 4] = ["AWS Nitro", "AMD SEV-SNP", "Azure SEV-SNP", "Intel TDX"];

/// All classes, in the order of the page.
pub(crate) const ALL: &[&[Class]] = &[nitro::CLASSES, snp::CLASSES, azure::CLASSES, tdx::CLASSES];

const fn rule(peer: &'static str, case: &'static str, ours: Said, theirs: Said) -> Rule {
    Rule { peer, case, ours, theirs }
}
