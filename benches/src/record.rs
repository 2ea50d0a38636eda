//! Record of a measurement: tab-separated lines, read by `cargo xtask bench`, which does all the arithmetic.

use std::fmt;

use crate::Case;

/// `slice ROUND CASE NANOSECONDS R-BEFORE R-AFTER`, each for one repetition.
pub(crate) struct Slice<'a> {
    pub(crate) round: u32,
    pub(crate) case: &'a Case,
    pub(crate) nanos: f64,
    pub(crate) before: f64,
    pub(crate) after: f64,
}

/// `scaling ROUND CASE ALONE TOGETHER BARE-ALONE BARE-TOGETHER`, each in repetitions a second.
pub(crate) struct Scaling<'a> {
    pub(crate) round: u32,
    pub(crate) case: &'a Case,
    pub(crate) rates: [f64; 4],
}

/// `skipped WHAT WHY`: a peer that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Skipped<'a> {
    /// What is missing.
    pub what: &'a str,
    /// Why.
    pub why: &'a str,
}

impl fmt::Display for Slice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { round, case, nanos, before, after } = self;
        write!(f, "slice\t{round}\t{}\t{nanos:.3}\t{before:.1}\t{after:.1}", case.id())
    }
}

impl fmt::Display for Scaling<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scaling\t{}\t{}", self.round, self.case.id())?;
        self.rates.iter().try_for_each(|rate| write!(f, "\t{rate:.2}"))
    }
}

impl fmt::Display for Skipped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "skipped\t{}\t{}", self.what, self.why)
    }
}
