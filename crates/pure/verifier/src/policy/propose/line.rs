//! The lines of a proposed section.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{Display, Write};

use teeproof_core::Hex;

use super::distinct;

/// The lines of one section, and which of its fields differ.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) text: String,
    pub(super) differing: Vec<String>,
}

impl Lines {
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

    /// A field that must be at least this.
    pub(super) fn at_least(&mut self, field: &str, floor: &str) {
        let _ = writeln!(self.text, "{field} = {{ at-least = {floor} }}");
    }

    /// A field that says nothing about what runs.
    pub(super) fn waived(&mut self, field: &str, why: &str) {
        let _ = writeln!(self.text, "{field} = {{ waived = {} }}", text(why));
    }

    /// A table of registers. Those in `volatile` belong to one machine or one boot and are told as
    /// comments.
    pub(super) fn registers<const N: usize>(
        &mut self,
        section: &str,
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
            self.waived("pcrs", "no register is in all of the evidence");
            return;
        }
        let _ = writeln!(self.text, "\n[{section}.pcrs]");
        for index in common {
            let values = || registers.iter().filter_map(|bank| value(bank, index));
            if let Some((_, why)) = volatile.iter().find(|(one, _)| *one == index) {
                if distinct(values().map(|value| hex(&value))).len() > 1 {
                    self.differing.push(format!("pcrs.{index}"));
                }
                let _ = writeln!(self.text, "# {index}: {why}");
                continue;
            }
            self.register(index, values());
        }
    }

    fn register<const N: usize>(&mut self, index: u8, values: impl Iterator<Item = [u8; N]>) {
        let before = self.differing.len();
        self.found(&index.to_string(), values.map(|value| Some(hex(&value))));
        if let Some(field) = self.differing.get_mut(before) {
            *field = format!("pcrs.{index}");
        }
    }
}

fn value<const N: usize>(bank: &[(u8, [u8; N])], index: u8) -> Option<[u8; N]> {
    bank.iter().find(|(one, _)| *one == index).map(|(_, value)| *value)
}

/// Bytes as a TOML text of hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    format!("\"{}\"", Hex(bytes))
}

/// A text as TOML writes it.
pub(super) fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Anything that TOML writes as it is shown.
pub(super) fn plain(value: impl Display) -> String {
    value.to_string()
}
