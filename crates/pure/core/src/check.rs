//! Checks with stable names, and where their findings go.

use core::fmt::Display;

use crate::{Class, Comparand};

/// A check that a verifier or an appraisal makes: a stable id and what it means.
///
/// Each crate declares its checks as constants in its `checks.rs`.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable, lower case, dotted: `snp.vek.tcb`.
    pub id: &'static str,
    /// A few words for a person.
    pub title: &'static str,
    /// What follows for the relying party when this check passes.
    pub proves: &'static str,
    /// What a person can do when it fails.
    pub hint: &'static str,
    /// The specification and its section.
    pub source: &'static str,
    /// The classes of its failures; none of a check that only warns.
    pub classes: &'static [Class],
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was made and passed.
    Pass,
    /// It was made and failed.
    Fail,
    /// It was made or could not be made; the verdict stands, but a person should read this.
    Warn,
    /// It was not made: waived by a policy, not applicable, or skipped after a failure.
    Skip,
}

impl Outcome {
    /// The outcome as it stands in JSON: `pass`, `fail`, `warn`, `skip`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skip => "skip",
        }
    }
}

/// One check with its outcome, as it is handed to a [`Record`].
///
/// The texts are borrowed and only formatted by a record that wants them, so a verifier whose
/// caller passes `&mut ()` formats nothing.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CheckResult<'a> {
    /// The check.
    pub check: &'static Check,
    /// Its outcome.
    pub outcome: Outcome,
    /// What was expected, where a comparison was made.
    pub expected: Option<&'a dyn Comparand>,
    /// What was found, where a comparison was made.
    pub actual: Option<&'a dyn Comparand>,
    /// The reason, or what exactly was checked.
    pub because: Option<&'a dyn Display>,
    /// The line of the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
    /// Whether somebody wrote that this is not to be checked.
    pub waived: bool,
}

impl<'a> CheckResult<'a> {
    /// A finding with an outcome and nothing else yet.
    #[must_use]
    pub const fn new(check: &'static Check, outcome: Outcome) -> Self {
        Self { check, outcome, expected: None, actual: None, because: None, line: None, waived: false }
    }

    /// With the reason, or with what exactly was checked.
    #[must_use]
    pub const fn because(mut self, because: &'a dyn Display) -> Self {
        self.because = Some(because);
        self
    }

    /// With the line of the policy file, counted from 1.
    #[must_use]
    pub const fn at_line(mut self, line: Option<u32>) -> Self {
        self.line = line;
        self
    }

    /// Marked as waived by the policy or the request.
    #[must_use]
    pub const fn waived(mut self) -> Self {
        self.waived = true;
        self
    }

    /// With both sides of a comparison.
    #[must_use]
    pub const fn compared(mut self, expected: &'a dyn Comparand, actual: &'a dyn Comparand) -> Self {
        self.expected = Some(expected);
        self.actual = Some(actual);
        self
    }
}

/// Where findings go, in the order in which the checks were made.
///
/// A verifier records a pass only after the check was really made, and returns an error at the
/// first failure; an appraisal records every finding.
pub trait Record {
    /// Takes one finding.
    fn record(&mut self, finding: CheckResult<'_>);

    /// Records that a check was made and passed.
    fn pass(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Pass).because(because));
    }

    /// Records that a check does not apply or was skipped, and why.
    fn skip(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Skip).because(because));
    }

    /// Records that somebody wrote that a check is not to be made, and their reason.
    fn waive(&mut self, check: &'static Check, reason: &dyn Display) {
        self.record(CheckResult { waived: true, ..CheckResult::new(check, Outcome::Skip).because(reason) });
    }

    /// Records that evidence carries the nonce; one that can be guessed, because it is short or its bytes are
    /// all equal, gets a warning.
    fn nonce_matches(&mut self, check: &'static Check, nonce: &[u8], because: &dyn Display) {
        let length = nonce.len();
        if length < LONG_NONCE {
            // In place: rust-version is older than format_args! that may be kept in a variable.
            return self.warn(
                check,
                &format_args!("{because}; a nonce of {length} bytes can be guessed, {LONG_NONCE} cannot"),
            );
        }
        let first = nonce.first();
        if nonce.iter().all(|byte| Some(byte) == first) {
            return self
                .warn(check, &format_args!("{because}; a nonce of {length} equal bytes can be guessed"));
        }
        self.pass(check, because);
    }

    /// Records something that a person should read.
    fn warn(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Warn).because(because));
    }
}

/// So many bytes, chosen at random, cannot be guessed.
const LONG_NONCE: usize = 16;

/// For callers who want the result alone.
impl Record for () {
    fn record(&mut self, _: CheckResult<'_>) {}
}

/// Declares a list of checks: a constant for each, documented, and the list of all in order.
///
/// `LIST: NAME [classes of failure] = "id", "title", "what it proves", "hint", "source"; …`
#[macro_export]
macro_rules! checks {
    ($all:ident: $($name:ident [$($class:ident)*] = $id:literal, $title:literal, $proves:literal, $hint:literal, $source:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub const $name: &$crate::Check =
                &$crate::Check {
                    id: $id,
                    title: $title,
                    proves: $proves,
                    hint: $hint,
                    source: $source,
                    classes: &[$($crate::Class::$class),*],
                };
        )*
        /// Every check of this stage, in order.
        pub const $all: &[&$crate::Check] = &[$($name),*];
    };
}
