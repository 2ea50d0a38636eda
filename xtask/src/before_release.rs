//! Expensive gates that rarely fail: run before a release and in the hosted workflow, instead of with every
//! change.

use crate::ci::{self, Step};
use crate::shell::Outcome;

/// Runs each step; all of them, also after one failed.
pub(crate) fn run(_: &[&str]) -> Outcome {
    ci::in_order(STEPS, ci::AfterFailure::Continue)
}

pub(crate) const STEPS: &[Step] = &[
    // Installing cargo-deny takes minutes of processor time.
    Step { words: &["deny"], minutes: 30 },
    // Every suite under emulation.
    Step { words: &["cross", "--all"], minutes: 180 },
    Step { words: &["aws", "--all"], minutes: 60 },
    // The published verifiers before the same evidence.
    Step { words: &["peers"], minutes: 60 },
    Step { words: &["sanitize"], minutes: 180 },
    Step { words: &["fuzz", "--minutes", "5"], minutes: 360 },
    // Bill of materials, cargo-semver-checks, packages.
    Step { words: &["release"], minutes: 60 },
];
