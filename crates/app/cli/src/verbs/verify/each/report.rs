//! What is told of many files, written while they are verified: their number has no bound, and
//! what is told of each can be long.

use teeproof::Caution;

use super::job::{Outcome, Told};
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::page::{BAD, GOOD, Page};
use crate::output::product::{Content, Product};
use crate::output::result_lines::{CautionCounts, WaiverCounts};
use crate::output::result_page::{Notes, notes};
use crate::output::streams::Stream;
use crate::settings::context::Context;
use crate::verification::request::Asked;

/// The report so far.
pub(super) struct Report<'c> {
    context: &'c Context,
    asked: &'c Asked<'c>,
    stream: Stream,
    outcomes: Vec<(Outcome, usize)>,
    total: usize,
    cautions: CautionCounts,
    waivers: WaiverCounts,
    /// The gravest of the files so far.
    exit: u8,
}

impl<'c> Report<'c> {
    /// Begins the report.
    pub(super) fn begin(asked: &'c Asked<'c>, context: &'c Context) -> Result<Self, Fault> {
        let mut stream = context.stream();
        if context.is_json() {
            let policy = Json::inner(&asked.policy())?;
            stream.write(&json(&format!(
                "{{\n  \"schema\": \"teeproof/verify-each/2\",\n  \"policy\": {},\n  \"files\": [",
                policy.as_str()
            )))?;
        }
        let outcomes = [Outcome::Accepted].into_iter().chain(Outcome::OTHERS);
        let outcomes = outcomes.map(|outcome| (outcome, 0)).collect();
        let (cautions, waivers) = (CautionCounts::default(), WaiverCounts::default());
        Ok(Self { context, asked, stream, outcomes, total: 0, cautions, waivers, exit: 0 })
    }

    /// Tells the next files.
    pub(super) fn tell(&mut self, batch: &[Told]) -> Result<(), Fault> {
        let (mut page, mut entries) = (Page::new(), Json::default());
        for told in batch {
            match &told.content {
                Content::Page(lines) => _ = page.append(lines),
                Content::Json(entry) => {
                    let before = if self.total == 0 { "\n" } else { ",\n" };
                    entries.append(&Json::from_text(before)).append(entry);
                }
                Content::Text(_) | Content::Bytes(_) | Content::Told => (),
            }
            self.count(told);
        }
        if !page.is_empty() {
            self.stream.write(&Content::Page(page))?;
        }
        if !entries.is_empty() {
            self.stream.write(&Content::Json(entries))?;
        }
        Ok(())
    }

    fn count(&mut self, told: &Told) {
        self.total = self.total.saturating_add(1);
        for (outcome, count) in &mut self.outcomes {
            *count = count.saturating_add(usize::from(*outcome == told.outcome));
        }
        self.cautions.add(told.cautions);
        self.waivers.add(told.waivers);
        self.exit = exits::gravest(self.exit, told.exit);
    }

    fn of(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|(one, _)| *one == outcome).map(|(_, count)| count).sum()
    }

    /// Tells how many there are of each outcome, and ends the report.
    pub(super) fn end(mut self) -> Result<Product, Fault> {
        let content = if self.context.is_json() { self.json_end()? } else { Content::Page(self.page_end()) };
        self.stream.write(&content)?;
        self.stream.end()?;
        Ok(Product::told(self.exit))
    }

    fn json_end(&self) -> Result<Content, Fault> {
        let (accepted, total, exit) = (self.of(Outcome::Accepted), self.total, self.exit);
        let cautions = Json::inner(&self.cautions.json())?.indented(2);
        let cautions = cautions.as_str().trim_start();
        Ok(json(&format!(
            "\n  ],\n  \"accepted\": {accepted},\n  \"total\": {total},\n  \"cautions\": {cautions},\n  \"exit_code\": {exit}\n}}\n"
        )))
    }

    /// `accepted 2 of 4, refused 1, unreadable 1  policy prod.toml  exit 6`, and what that does not
    /// mean.
    fn page_end(&self) -> Page {
        let accepted = self.of(Outcome::Accepted);
        let style = if accepted == self.total { GOOD } else { BAD };
        let mut page = Page::new();
        page.paint(style, format_args!("accepted {accepted} of {}", self.total));
        for outcome in Outcome::OTHERS {
            let count = self.of(outcome);
            if count > 0 {
                page.add(format_args!(", {} {count}", outcome.as_str()));
            }
        }
        let policy = self.asked.policy().unwrap_or("none");
        page.add(format_args!("  policy {policy}  exit {}", self.exit));
        self.cautions.tell(&mut page);
        if self.context.quiet {
            // No line of a file says it.
            self.waivers.tell(&mut page);
        }
        page.end();
        if !self.context.quiet {
            let told = Notes {
                genuine: self.asked.is_genuine(),
                unappraised: self.of(Outcome::Unappraised) > 0,
                non_production: self.cautions.of(Caution::NonProductionAnchor) > 0,
                origin: self.cautions.of(Caution::OriginNotShown) > 0,
            };
            notes(&mut page, told);
        }
        page
    }
}

/// A piece of JSON.
fn json(text: &str) -> Content {
    Content::Json(Json::from_text(text))
}
