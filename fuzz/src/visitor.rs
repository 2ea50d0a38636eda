//! A visitor that formats everything it is told, as an `inspect` would print it.

use std::fmt::Write as _;

use teeproof_wire::{Describe, Shown, Visitor};

/// What was told, as text.
#[derive(Default)]
pub(crate) struct Printed {
    text: String,
    depth: usize,
}

/// Has a structure tell its fields; groups that are opened are closed again, and something is told.
pub(crate) fn describe(structure: &dyn Describe) {
    let mut printed = Printed::default();
    structure.describe(&mut printed);
    printed.finish();
}

impl Printed {
    pub(crate) fn finish(self) {
        assert_eq!(self.depth, 0, "a group was left open:\n{}", self.text);
        assert!(!self.text.is_empty());
    }
}

impl Visitor for Printed {
    fn open(&mut self, name: &str) {
        self.depth += 1;
        let _ = writeln!(self.text, "{name} {{");
    }

    fn field(&mut self, shown: Shown<'_>) {
        let Shown { name, range, value, note } = shown;
        assert!(range.is_none_or(|(start, end)| start <= end), "{name}");
        let _ = write!(self.text, "{name} {range:?} {value}");
        let _ = note.map(|note| write!(self.text, " ({note})"));
        self.text.push('\n');
    }

    fn close(&mut self) {
        self.depth -= 1;
    }
}
