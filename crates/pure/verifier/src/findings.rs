//! Findings that are kept: what a verification and an appraisal recorded.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Check, Outcome, Record};

/// One check with its outcome, as it stands in a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: &'static Check,
    /// How it came out.
    pub outcome: Outcome,
    /// What was expected, where a comparison was made.
    pub expected: Option<String>,
    /// What was found, where a comparison was made.
    pub actual: Option<String>,
    /// Why it came out so, or what exactly was checked.
    pub because: Option<String>,
    /// The line of the policy that asked, counted from 1.
    pub line: Option<u32>,
    /// Whether somebody wrote that this is not to be checked.
    pub waived: bool,
    /// What a person can do, where more is known than the check's own hint says.
    pub hint: Option<String>,
}

impl Finding {
    /// What a person can do when it failed.
    #[must_use]
    pub fn hint(&self) -> &str {
        self.hint.as_deref().unwrap_or(self.check.hint)
    }
}

/// A record that keeps every finding.
#[derive(Clone, Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// The findings, in the order in which the checks were made.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }

    /// Gives the last finding of a check a hint of its own.
    pub(crate) fn advise(&mut self, check: &'static Check, hint: &str) {
        if let Some(finding) = self.0.iter_mut().rev().find(|finding| finding.check == check) {
            finding.hint = Some(String::from(hint));
        }
    }

    /// The exit code of an appraisal that refuses: 7 where all that fails is an endorsement that is
    /// missing, and 6 otherwise.
    pub(crate) fn refusal(&self) -> u8 {
        let mut failed = self.0.iter().filter(|finding| finding.outcome == Outcome::Fail);
        if failed.all(|finding| finding.check.exits == [7]) { 7 } else { 6 }
    }

    /// Adds the check that a verification failed at, and every later one as not reached.
    pub(crate) fn failed(&mut self, failed: teeproof_core::Finding<'_>, order: &[&'static Check]) {
        self.record(failed);
        let done = |check: &Check| self.0.iter().any(|finding| finding.check == check);
        let rest: Vec<_> = order.iter().filter(|check| !done(check)).collect();
        for check in rest {
            self.skip(check, &"not reached");
        }
    }
}

impl Record for Findings {
    fn record(&mut self, finding: teeproof_core::Finding<'_>) {
        self.0.push(Finding {
            check: finding.check,
            outcome: finding.outcome,
            expected: finding.expected.map(ToString::to_string),
            actual: finding.actual.map(ToString::to_string),
            because: finding.because.map(ToString::to_string),
            line: finding.line,
            waived: finding.waived,
            hint: None,
        });
    }
}
