//! Checks with stable ids, and records of their results.

use core::fmt::Display;

use crate::{Class, Comparand};

/// A check that a verifier or an appraisal makes: its stable id and its meaning.
///
/// Each crate declares its checks as constants in its `checks.rs`.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// The stable id, lower case and dotted: `snp.vek.tcb`.
    pub id: &'static str,
    /// The title, a few words.
    pub title: &'static str,
    /// The fact that a passed check proves to the relying party.
    pub proves: &'static str,
    /// An instruction for a failed check.
    pub hint: &'static str,
    /// The specification and its section.
    pub source: &'static str,
    /// The classes of its failures; empty for a check that only warns.
    pub classes: &'static [Class],
}

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The check was made and passed.
    Pass,
    /// The check was made and failed.
    Fail,
    /// The check has a warning; the verdict does not depend on it.
    Warn,
    /// The check was not made: waived by a policy, not applicable, or skipped after a failure.
    Skip,
}

impl Outcome {
    /// The outcome in JSON: `pass`, `fail`, `warn`, `skip`.
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

/// A check with its outcome, as a [`Record`] receives it.
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
    /// The expected value, if values were compared.
    pub expected: Option<&'a dyn Comparand>,
    /// The actual value, if values were compared.
    pub actual: Option<&'a dyn Comparand>,
    /// The reason of the outcome, or the details of the check.
    pub because: Option<&'a dyn Display>,
    /// The line of the policy file, counted from 1; `None` without a file.
    pub line: Option<u32>,
    /// Whether the check is waived by the policy or the request.
    pub waived: bool,
}

impl<'a> CheckResult<'a> {
    /// A finding with this outcome, without values, reason and line.
    #[must_use]
    pub const fn new(check: &'static Check, outcome: Outcome) -> Self {
        Self { check, outcome, expected: None, actual: None, because: None, line: None, waived: false }
    }

    /// With the reason of the outcome, or the details of the check.
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

/// Receives the findings, in the order in which the checks are made.
///
/// A verifier records a pass only after the check was made, and returns an error at the first failure; an
/// appraisal records every finding.
pub trait Record {
    /// Receives one finding.
    fn record(&mut self, finding: CheckResult<'_>);

    /// Records that a check was made and passed.
    fn pass(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Pass).because(because));
    }

    /// Records that a check does not apply or was skipped, with the reason.
    fn skip(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Skip).because(because));
    }

    /// Records that a check is waived by the policy or the request, with the reason.
    fn waive(&mut self, check: &'static Check, reason: &dyn Display) {
        self.record(CheckResult { waived: true, ..CheckResult::new(check, Outcome::Skip).because(reason) });
    }

    /// Records that the evidence has the nonce, with a warning for a nonce that can be guessed: a short one, or
    /// one of equal bytes.
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

    /// Records a warning.
    fn warn(&mut self, check: &'static Check, because: &dyn Display) {
        self.record(CheckResult::new(check, Outcome::Warn).because(because));
    }
}

/// The number of random bytes that cannot be guessed.
const LONG_NONCE: usize = 16;

/// Discards every finding.
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
