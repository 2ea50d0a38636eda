//! The lines of a proposed section.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;
use core::mem;

use teeproof_core::{Absence, Technology};

use super::kinds::{Fixed, text};
use super::propose::ProposalChoices;
use super::rule::Kind;

/// The lines of one section, and which of its fields differ.
#[derive(Debug)]
pub(super) struct Lines<'c> {
    section: Technology,
    choices: ProposalChoices<'c>,
    text: String,
    /// The tables of PCRs: a key that stood behind them would be one of theirs.
    tables: String,
    differing: Vec<String>,
    /// Waivers without which the evidence would not be accepted, as `field: reason`.
    cautions: Vec<String>,
    /// Fields that are waived whatever was found, and why.
    withheld: (&'static [&'static str], &'static str),
}

/// A finished section.
pub(super) struct SectionLines {
    /// The section as TOML.
    pub(super) toml: String,
    /// The fields that differ, as `section.field`.
    pub(super) differing: Vec<String>,
    /// What the policy does not demand because the evidence would not hold it, as `section.field is waived: why`.
    pub(super) cautions: Vec<String>,
}

impl<'c> Lines<'c> {
    /// No lines yet.
    pub(super) fn of(section: Technology, choices: ProposalChoices<'c>) -> Self {
        Self {
            section,
            choices,
            text: String::new(),
            tables: String::new(),
            differing: Vec::new(),
            cautions: Vec::new(),
            withheld: (&[], ""),
        }
    }

    /// Waives these fields for this reason, whatever is found.
    pub(super) const fn withhold(&mut self, fields: &'static [&'static str], why: &'static str) {
        self.withheld = (fields, why);
    }

    /// Why a field is waived whatever is found.
    fn withheld(&self, field: &str) -> Option<&'static str> {
        self.withheld.0.contains(&field).then_some(self.withheld.1)
    }

    /// Why the relying party accepts claims whose origin is not shown, if it does.
    pub(super) const fn origin_accepted(&self) -> Option<&'c str> {
        self.choices.origin_accepted
    }

    /// The section as TOML.
    pub(super) fn finish(self) -> SectionLines {
        let Self { section, text, tables, differing, cautions, .. } = self;
        let named = |fields: &[String]| fields.iter().map(|field| format!("{section}.{field}")).collect();
        let (differing, cautions) = (named(&differing), named(&cautions));
        SectionLines { toml: format!("\n[{section}]\n{text}{tables}"), differing, cautions }
    }

    /// A comment above what follows.
    pub(super) fn comment(&mut self, comment: &str) {
        let _ = writeln!(self.text, "# {comment}");
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    /// A field with the values that were found, as TOML. One that none of the evidence has is demanded to be
    /// absent, where its absence is signed; one that some of it does not have is waived, because no expectation
    /// accepts both.
    pub(super) fn found(
        &mut self,
        field: &str,
        absence: Absence,
        values: impl Iterator<Item = Option<String>>,
    ) {
        if let Some(why) = self.withheld(field) {
            return self.waived(field, why);
        }
        let values: Vec<Option<String>> = values.collect();
        if values.iter().any(Option::is_none) {
            return match (values.iter().all(Option::is_none), absence) {
                (true, Absence::Attested) => self.line(&format!("{field} = {{ absent = true }}")),
                (true, Absence::NotAttested) => self.waived(field, "absent"),
                (false, _) => self.waived_differing(field, "absent in some of the evidence"),
            };
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
        if let Some(why) = self.withheld(field) {
            return self.waived(field, why);
        }
        let Some(floor) = values.collect::<Option<Vec<_>>>().and_then(K::lowest) else {
            return self.waived(field, "absent");
        };
        let _ = writeln!(self.text, "{field} = {{ at-least = {floor} }}");
    }

    /// A field that says nothing about what runs.
    pub(super) fn waived(&mut self, field: &str, why: &str) {
        let _ = writeln!(self.text, "{field} = {{ waived = {} }}", text(why));
    }

    /// A field that is waived although it shows what booted, because the evidence does not show it: the head of the
    /// file says so.
    pub(super) fn waived_loudly(&mut self, field: &str, why: &str) {
        self.cautions.push(format!("{field} is waived: {why}"));
        self.waived(field, why);
    }

    /// A field that no rule describes in all of the evidence, so that a person has to look at it.
    pub(super) fn waived_differing(&mut self, field: &str, why: &str) {
        self.differing.push(field.to_string());
        self.waived(field, why);
    }

    /// A table of PCRs: a rule for each one that is in any of the evidence. `unpinned` says why one with
    /// these values is not pinned, unless the relying party chose to pin it.
    pub(super) fn pcrs<const N: usize>(
        &mut self,
        field: &str,
        banks: &[Vec<(u8, [u8; N])>],
        unpinned: impl Fn(u8, &[[u8; N]]) -> Option<String>,
    ) {
        let before = mem::take(&mut self.text);
        for index in 0..=u8::MAX {
            let values: Vec<[u8; N]> = banks.iter().filter_map(|bank| value(bank, index)).collect();
            if values.is_empty() {
                continue;
            }
            let why = match values.len() == banks.len() {
                false => {
                    self.differing.push(format!("{field}.{index}"));
                    Some("not in all of the evidence".to_string())
                }
                true => unpinned(index, &values).filter(|_| !self.choices.pin.contains(&index)),
            };
            match why {
                Some(why) => self.waived(&index.to_string(), &why),
                None => self.register(index, values.into_iter()),
            }
        }
        let rules = mem::replace(&mut self.text, before);
        if rules.is_empty() {
            self.waived(field, "no PCR is in the evidence");
            return;
        }
        let _ = write!(self.tables, "\n[{}.{field}]\n{rules}", self.section);
    }

    fn register<const N: usize>(&mut self, index: u8, values: impl Iterator<Item = [u8; N]>) {
        let before = self.differing.len();
        self.found(
            &index.to_string(),
            Absence::NotAttested,
            values.map(|value| Some(Fixed::<N>::toml(&value))),
        );
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
