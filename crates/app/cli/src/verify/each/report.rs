//! What is told of many files, written while they are verified: their number has no bound, and
//! what is told of each can be long.

use std::fmt::Write;

use serde_json::Value;

use super::super::asked::Asked;
use super::super::human::{Notes, notes};
use super::one::{Outcome, Told};
use crate::context::Context;
use crate::fault::Fault;
use crate::paint::{BAD, GOOD, paint, printable};
use crate::product::{Product, Stream};

/// The report so far.
pub(super) struct Report<'c> {
    context: &'c Context,
    asked: &'c Asked<'c>,
    stream: Stream<'c>,
    outcomes: Vec<(Outcome, usize)>,
    total: usize,
    non_production: bool,
    /// That of the first file that is not accepted.
    exit: u8,
}

impl<'c> Report<'c> {
    /// Begins the report.
    pub(super) fn begin(asked: &'c Asked<'c>, context: &'c Context) -> Result<Self, Fault> {
        let mut stream = context.stream()?;
        if context.is_json() {
            let policy = Value::from(asked.policy());
            stream.write(&format!(
                "{{\n  \"schema\": \"teeproof/verify-each/1\",\n  \"policy\": {policy},\n  \"files\": ["
            ))?;
        }
        let outcomes = [Outcome::Accepted].into_iter().chain(Outcome::OTHERS);
        let outcomes = outcomes.map(|outcome| (outcome, 0)).collect();
        Ok(Self { context, asked, stream, outcomes, total: 0, non_production: false, exit: 0 })
    }

    /// Tells the next files.
    pub(super) fn tell(&mut self, batch: &[Told]) -> Result<(), Fault> {
        let mut text = String::new();
        for told in batch {
            if self.context.is_json() {
                text.push_str(if self.total == 0 { "\n" } else { ",\n" });
            }
            text.push_str(&told.text);
            self.count(told);
        }
        if text.is_empty() { Ok(()) } else { self.stream.write(&text) }
    }

    fn count(&mut self, told: &Told) {
        self.total = self.total.saturating_add(1);
        for (outcome, count) in &mut self.outcomes {
            *count = count.saturating_add(usize::from(*outcome == told.outcome));
        }
        self.non_production |= told.non_production;
        if self.exit == 0 {
            self.exit = told.exit;
        }
    }

    fn of(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|(one, _)| *one == outcome).map(|(_, count)| count).sum()
    }

    /// Tells how many there are of each outcome, and ends the report.
    pub(super) fn end(mut self) -> Result<Product, Fault> {
        let text = if self.context.is_json() { self.json_end() } else { self.lines_end() };
        self.stream.write(&text)?;
        Ok(Product::told(self.exit))
    }

    fn json_end(&self) -> String {
        let (accepted, total, exit) = (self.of(Outcome::Accepted), self.total, self.exit);
        format!("\n  ],\n  \"accepted\": {accepted},\n  \"total\": {total},\n  \"exit\": {exit}\n}}\n")
    }

    /// `accepted 2 of 4, refused 1, unreadable 1  policy prod.toml  exit 6`, and what that does not
    /// mean.
    fn lines_end(&self) -> String {
        let accepted = self.of(Outcome::Accepted);
        let style = if accepted == self.total { GOOD } else { BAD };
        let mut out = paint(style, &format!("accepted {accepted} of {}", self.total));
        for outcome in Outcome::OTHERS {
            let count = self.of(outcome);
            if count > 0 {
                let _ = write!(out, ", {} {count}", outcome.as_str());
            }
        }
        let policy = printable(self.asked.policy().unwrap_or("none"));
        let _ = writeln!(out, "  policy {policy}  exit {}", self.exit);
        if !self.context.quiet {
            let told = Notes {
                genuine: self.asked.is_genuine(),
                unappraised: self.of(Outcome::Unappraised) > 0,
                non_production: self.non_production,
            };
            notes(&mut out, told);
        }
        out
    }
}
