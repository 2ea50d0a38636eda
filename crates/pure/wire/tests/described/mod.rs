//! A visitor that keeps what it is described, for the tests of every structure that describes its fields.

#![allow(dead_code, reason = "each test file uses its part")]

use teeproof_wire::{Describe, DescribedField, Visitor};

/// Path, place, value, note.
pub(crate) type Field = (String, Option<(usize, usize)>, String, String);

/// The fields with the groups they stand in.
#[derive(Default)]
pub(crate) struct Described {
    groups: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// Groups and fields in order: `name`, or `name: value (note)`.
    pub(crate) lines: Vec<String>,
}

impl Visitor for Described {
    fn open(&mut self, name: &str) {
        self.lines.push(name.to_owned());
        self.groups.push(name.to_owned());
    }

    fn field(&mut self, shown: DescribedField<'_>) {
        let path = [self.groups.clone(), vec![shown.name.to_owned()]].concat().join("/");
        let note = shown.note.map(|note| note.to_string()).unwrap_or_default();
        let bracketed = shown.note.map(|note| format!(" ({note})")).unwrap_or_default();
        self.lines.push(format!("{}: {}{bracketed}", shown.name, shown.value));
        self.fields.push((path, shown.range, shown.value.to_string(), note));
    }

    fn close(&mut self) {
        self.groups.pop().expect("a group was opened");
    }
}

impl Described {
    /// What a structure describes.
    pub(crate) fn of(structure: &impl Describe) -> Self {
        let mut described = Self::default();
        structure.describe(&mut described);
        assert!(described.groups.is_empty(), "every group is closed");
        described
    }

    /// The value of the one field at this path.
    #[track_caller]
    pub(crate) fn value(&self, path: &str) -> &str {
        let mut found = self.fields.iter().filter(|(name, ..)| name == path);
        let (_, _, value, _) = found.next().unwrap_or_else(|| panic!("no {path}"));
        assert!(found.next().is_none(), "{path} is there twice");
        value
    }

    /// The fields below this path follow on each other from `start` to `end`.
    #[track_caller]
    pub(crate) fn tile(&self, wanted: impl Fn(&str) -> bool, start: usize, end: usize) {
        let ranges = self.fields.iter().filter(|(path, ..)| wanted(path));
        let reached = ranges.fold(start, |at, (path, range, ..)| {
            let (from, to) = range.unwrap();
            assert_eq!(from, at, "{path}");
            to
        });
        assert_eq!(reached, end);
    }
}
