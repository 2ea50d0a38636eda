//! The lines of a proposed section.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::mem;

use teeproof_core::Technology;

use super::kinds::{Fixed, text};
use super::rule::Kind;

/// The lines of one section, and which of its fields differ.
#[derive(Debug)]
pub(super) struct Lines {
    section: Technology,
    text: String,
    /// The tables of PCRs: a key that stood behind them would be one of theirs.
    tables: String,
    differing: Vec<String>,
}

impl Lines {
    /// No lines yet.
    pub(super) fn of(section: Technology) -> Self {
        Self { section, text: String::new(), tables: String::new(), differing: Vec::new() }
    }

    /// The section as TOML, and the fields that differ, as `section.field`.
    pub(super) fn finish(self) -> (String, Vec<String>) {
        let Self { section, text, tables, differing } = self;
        let differing = differing.iter().map(|field| format!("{section}.{field}")).collect();
        (format!("\n[{section}]\n{text}{tables}"), differing)
    }

    /// A comment above what follows.
    pub(super) fn comment(&mut self, comment: &str) {
        let _ = writeln!(self.text, "# {comment}");
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// A field with the values that were found, as TOML. One that some of the evidence does not
    /// have is waived, because no expectation but a waiver accepts its absence.
    pub(super) fn found(&mut self, field: &str, values: impl Iterator<Item = Option<String>>) {
        let values: Vec<Option<String>> = values.collect();
        if values.iter().any(Option::is_none) {
            let why = if values.iter().all(Option::is_none) { "absent" } else { "absent in some" };
            return self.waived(field, why);
        }
        let values = distinct(values.into_iter().flatten());
        match values.as_slice() {
            [one] => {
                let _ = writeln!(self.text, "{field} = {{ exactly = {one} }}");
            }
            several => {
                self.differing.push(field.to_string());
                let _ = writeln!(self.text, "# differs: {} values", several.len());
                let _ = writeln!(self.text, "{field} = {{ one-of = [{}] }}", several.join(", "));
            }
        }
    }

    /// A field that must reach the lowest of the values that were found.
    pub(super) fn floor<K: Kind>(&mut self, field: &str, values: impl Iterator<Item = Option<K::Value>>) {
        let Some(floor) = values.collect::<Option<Vec<_>>>().and_then(K::lowest) else {
            return self.waived(field, "absent");
        };
        let _ = writeln!(self.text, "{field} = {{ at-least = {floor} }}");
    }

    /// A field that says nothing about what runs.
    pub(super) fn waived(&mut self, field: &str, why: &str) {
        let _ = writeln!(self.text, "{field} = {{ waived = {} }}", text(why));
    }

    /// A table of PCRs. Those in `volatile` belong to one machine or one boot and are told as
    /// comments.
    pub(super) fn pcrs<const N: usize>(
        &mut self,
        field: &str,
        registers: &[Vec<(u8, [u8; N])>],
        volatile: &[(u8, &str)],
    ) {
        let common: Vec<u8> = (0..=u8::MAX)
            .filter(|index| {
                !registers.is_empty() && registers.iter().all(|bank| value(bank, *index).is_some())
            })
            .collect();
        let pinned = |index: &u8| !volatile.iter().any(|(one, _)| one == index);
        if !common.iter().any(pinned) {
            self.waived(field, "no register is in all of the evidence");
            return;
        }
        let before = mem::take(&mut self.text);
        let _ = writeln!(self.text, "\n[{}.{field}]", self.section);
        for index in common {
            let values = || registers.iter().filter_map(|bank| value(bank, index));
            if let Some((_, why)) = volatile.iter().find(|(one, _)| *one == index) {
                if distinct(values().map(|value| Fixed::<N>::toml(&value))).len() > 1 {
                    self.differing.push(format!("pcrs.{index}"));
                }
                let _ = writeln!(self.text, "# {index}: {why}");
                continue;
            }
            self.register(index, values());
        }
        self.tables.push_str(&mem::replace(&mut self.text, before));
    }

    fn register<const N: usize>(&mut self, index: u8, values: impl Iterator<Item = [u8; N]>) {
        let before = self.differing.len();
        self.found(&index.to_string(), values.map(|value| Some(Fixed::<N>::toml(&value))));
        if let Some(field) = self.differing.get_mut(before) {
            *field = format!("pcrs.{index}");
        }
    }
}

fn value<const N: usize>(bank: &[(u8, [u8; N])], index: u8) -> Option<[u8; N]> {
    bank.iter().find(|(one, _)| *one == index).map(|(_, value)| *value)
}

/// Values as TOML, in the order in which they were first seen, each once.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value.to_string());
        }
    }
    seen
}
