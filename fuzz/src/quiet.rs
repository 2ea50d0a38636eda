//! Visitors and writers without heap: every text is formatted and counted, none is kept.

use std::fmt::{self, Display, Write as _};

use teeproof_core::{CheckResult, Datum, Outcome, Record};
use teeproof_wire::{Describe, DescribedField, Visitor};

/// Text that is counted.
#[derive(Default)]
struct Letters {
    count: usize,
    control: bool,
}

impl fmt::Write for Letters {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.count += text.len();
        self.control |= text.chars().any(char::is_control);
        Ok(())
    }
}

fn letters(shown: &dyn Display) -> Letters {
    let mut letters = Letters::default();
    let _ = write!(letters, "{shown}");
    letters
}

/// Whether something is shown at all.
pub(crate) fn says_something(shown: &dyn Display) -> bool {
    letters(shown).count > 0
}

/// Whether what is shown has no character that a terminal obeys.
pub(crate) fn is_plain(shown: &dyn Display) -> bool {
    !letters(shown).control
}

/// Findings, counted.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) findings: usize,
    pub(crate) failures: usize,
}

impl Tally {
    /// Whether nothing that was found is a failure.
    pub(crate) fn holds(&self) -> bool {
        self.failures == 0
    }
}

impl Record for Tally {
    fn record(&mut self, finding: CheckResult<'_>) {
        self.findings += 1;
        self.failures += usize::from(finding.outcome == Outcome::Fail);
        finding.because.iter().for_each(|because| _ = says_something(because));
        for side in [finding.expected, finding.actual].into_iter().flatten() {
            let _ = says_something(&side);
            // Both forms: the words, and the values.
            side.data(&mut |relation, datum| {
                _ = core::hint::black_box((relation, matches!(datum, Datum::Absent)))
            });
        }
    }
}

/// Fields, counted.
#[derive(Default)]
pub(crate) struct CountingVisitor {
    fields: usize,
    depth: usize,
}

/// Describes a structure: groups are balanced, and there is at least one field.
pub(crate) fn describe(structure: &dyn Describe) {
    let mut visitor = CountingVisitor::default();
    structure.describe(&mut visitor);
    visitor.finish();
}

impl CountingVisitor {
    pub(crate) fn finish(self) {
        assert_eq!(self.depth, 0, "a group was left open");
        assert!(self.fields > 0);
    }
}

impl Visitor for CountingVisitor {
    // A name may be empty: members of JSON have the names that they are given.
    fn open(&mut self, _: &str) {
        self.depth += 1;
    }

    fn field(&mut self, shown: DescribedField<'_>) {
        let DescribedField { name, range, value, note } = shown;
        assert!(range.is_none_or(|(start, end)| start <= end), "{name}");
        let _ = (says_something(value), note.map(says_something));
        self.fields += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}
