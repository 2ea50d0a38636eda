//! One technology's section: every field is named, or all others are waived together.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use teeproof_core::{Absence, Rule, Waiver};
use toml::de::DeTable;

use super::node::Node;
use super::pcrs::waiver;
use super::problems::{Problems, Reported};
use super::rule::{Kind, REASON, WAIVED, expectation, rule};

/// A section while its fields are read.
pub(super) struct Section<'t> {
    node: Node<'t>,
    fields: Vec<&'static str>,
    table: &'t DeTable<'t>,
    /// `None` where every field is named.
    others: Option<Result<Others, Reported>>,
    /// Fields that are not named, and say what another one says.
    implied: Vec<(&'static str, Others)>,
}

/// Why the fields that are not named do not matter.
struct Others {
    reason: String,
    line: u32,
}

/// A field as the section has it.
pub(super) enum Field<'t> {
    /// It is named.
    Named(Node<'t>),
    /// It is not named, and waived with all that are not: the reason and the line.
    Waived(String, u32),
}

/// What a field says that is no rule.
pub(super) enum Expected<'t> {
    /// An expectation word, what belongs to it, and the line of the key.
    Word(&'static str, Node<'t>, u32),
    /// It is waived.
    Waived(Waiver<'static>),
}

impl<'t> Section<'t> {
    /// Opens a section with these fields. Other keys are reported here, and so are
    /// fields that are neither named nor waived.
    pub(super) fn open(
        node: Node<'t>,
        fields: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Result<Self, Reported> {
        Self::open_with_implied(node, fields, "", &[], problems)
    }

    /// Opens a section in which some fields say the same as an entry of a table of the section: a field of `implied`
    /// need not be named where the entry of its row is.
    pub(super) fn open_with_implied(
        node: Node<'t>,
        fields: &[&'static str],
        entries: &str,
        implied: &[(&'static str, &str)],
        problems: &mut Problems<'_>,
    ) -> Result<Self, Reported> {
        let table = node.table(problems, "a section", None)?;
        let known: Vec<&str> = fields.iter().copied().chain([UNLISTED]).collect();
        node.only(table, &known, "key", problems);
        let named = node.child(table, entries).and_then(|node| Some((node.value().as_table()?, node)));
        let implied_by = |(field, entry): &(&'static str, &str)| {
            let (table, node) = named.as_ref()?;
            let line = node.child(table, entry)?.line(problems);
            Some((*field, Others { reason: format!("{entries}.{entry} is named"), line }))
        };
        let implied: Vec<_> = implied.iter().filter_map(implied_by).collect();
        let others = match node.child(table, UNLISTED) {
            Some(unlisted) => Some(others(&unlisted, problems)),
            None => {
                let is_implied = |field: &str| implied.iter().any(|(one, _)| *one == field);
                let needed: Vec<_> = fields.iter().copied().filter(|field| !is_implied(field)).collect();
                missing(&node, table, &needed, problems).map(Err)
            }
        };
        Ok(Self { node, fields: fields.to_vec(), table, others, implied })
    }

    /// Whether the section can have a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains(&name)
    }

    /// What the section says of a field.
    pub(super) fn field(&self, name: &str, problems: &mut Problems<'_>) -> Result<Field<'t>, Reported> {
        if let Some(node) = self.node.child(self.table, name) {
            return Ok(Field::Named(node));
        }
        let implied = self.implied.iter().find(|(field, _)| *field == name).map(|(_, others)| others);
        match (&self.others, implied) {
            (Some(Ok(others)), _) | (_, Some(others)) => {
                Ok(Field::Waived(others.reason.clone(), others.line))
            }
            (Some(Err(reported)), None) => Err(*reported),
            (None, None) => self.node.need(self.table, name, problems).map(Field::Named),
        }
    }

    /// The expectation of a field that is no rule; it has one of these words, or is waived.
    pub(super) fn expected(
        &self,
        name: &str,
        what: &str,
        words: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Result<Expected<'t>, Reported> {
        let node = match self.field(name, problems)? {
            Field::Named(node) => node,
            Field::Waived(reason, line) => return Ok(Expected::Waived(waiver(reason, line))),
        };
        let line = node.line(problems);
        let words: Vec<_> = words.iter().copied().chain([WAIVED]).collect();
        let (word, inner) = expectation(&node, what, &words, problems)?;
        if word == WAIVED {
            return Ok(Expected::Waived(waiver(inner.worded(problems, REASON)?, line)));
        }
        Ok(Expected::Word(word, inner, line))
    }

    /// The rule of a field.
    pub(super) fn rule<K: Kind>(
        &self,
        name: &str,
        absence: Absence,
        problems: &mut Problems<'_>,
    ) -> Result<Rule<'static, K::Value>, Reported> {
        match self.field(name, problems)? {
            Field::Named(node) => rule::<K>(&node, absence, problems),
            Field::Waived(reason, line) => Ok(Rule::waived(reason).at_line(line)),
        }
    }
}

/// The key that stands for every field that is not named.
const UNLISTED: &str = "unlisted";

fn others(node: &Node<'_>, problems: &mut Problems<'_>) -> Result<Others, Reported> {
    let (_, reason) = expectation(node, "the fields that are not named", &[WAIVED], problems)?;
    Ok(Others { reason: reason.worded(problems, REASON)?, line: node.line(problems) })
}

/// Tells the fields that are neither named nor waived.
fn missing<'t>(
    node: &Node<'t>,
    table: &'t DeTable<'t>,
    fields: &[&str],
    problems: &mut Problems<'_>,
) -> Option<Reported> {
    let missing: Vec<&str> = fields.iter().copied().filter(|field| !table.contains_key(*field)).collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!("neither expected nor waived: {}", missing.join(", "));
    let hint = "name each one, or waive them together: unlisted = { waived = \"<why>\" }";
    Some(node.key_problem(problems, message, Some(hint.into())))
}
