//! Output of `verify --each`, written while files are verified: their number has no bound, and the output of each
//! can be long.

use teeproof::Caution;

use super::file_outcome::{FileOutcome, OutcomeKind};
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::json::Json;
use crate::output::page::{BAD, GOOD, Page};
use crate::output::product::{Content, Product};
use crate::output::result_lines::{CautionCounts, WaiverCounts};
use crate::output::result_page::{Notes, notes};
use crate::output::streams::Stream;
use crate::settings::context::Context;
use crate::verification::RequestOptions;

/// What was printed and counted so far.
pub(super) struct Summary<'c> {
    context: &'c Context,
    options: &'c RequestOptions<'c>,
    stream: Stream,
    outcomes: Vec<(OutcomeKind, usize)>,
    total: usize,
    cautions: CautionCounts,
    waivers: WaiverCounts,
    /// The gravest exit code so far.
    exit: u8,
}

impl<'c> Summary<'c> {
    /// Writes the head.
    pub(super) fn begin(options: &'c RequestOptions<'c>, context: &'c Context) -> Result<Self, Fault> {
        let mut stream = context.stream();
        if context.is_json() {
            let policy = Json::inner(&options.policy())?;
            stream.write(&json(&format!(
                "{{\n  \"schema\": \"teeproof/verify-each/2\",\n  \"policy\": {},\n  \"files\": [",
                policy.as_str()
            )))?;
        }
        let outcomes = [OutcomeKind::Accepted].into_iter().chain(OutcomeKind::OTHERS);
        let outcomes = outcomes.map(|outcome| (outcome, 0)).collect();
        let (cautions, waivers) = (CautionCounts::default(), WaiverCounts::default());
        Ok(Self { context, options, stream, outcomes, total: 0, cautions, waivers, exit: 0 })
    }

    /// Writes the next files.
    pub(super) fn add(&mut self, batch: &[FileOutcome]) -> Result<(), Fault> {
        let (mut page, mut entries) = (Page::new(), Json::default());
        for file in batch {
            match &file.content {
                Content::Page(lines) => _ = page.append(lines),
                Content::Json(entry) => {
                    let before = if self.total == 0 { "\n" } else { ",\n" };
                    entries.append(&Json::from_text(before)).append(entry);
                }
                Content::Text(_) | Content::Bytes(_) | Content::Nothing => (),
            }
            self.count(file);
        }
        if !page.is_empty() {
            self.stream.write(&Content::Page(page))?;
        }
        if !entries.is_empty() {
            self.stream.write(&Content::Json(entries))?;
        }
        Ok(())
    }

    fn count(&mut self, file: &FileOutcome) {
        self.total = self.total.saturating_add(1);
        for (kind, count) in &mut self.outcomes {
            *count = count.saturating_add(usize::from(*kind == file.kind));
        }
        self.cautions.add(file.cautions);
        self.waivers.add(file.waivers);
        self.exit = exits::gravest(self.exit, file.exit);
    }

    fn files_with(&self, kind: OutcomeKind) -> usize {
        self.outcomes.iter().filter(|(one, _)| *one == kind).map(|(_, count)| count).sum()
    }

    /// Writes how many files there are of each outcome.
    pub(super) fn end(mut self) -> Result<Product, Fault> {
        let content = if self.context.is_json() { self.json_end()? } else { Content::Page(self.page_end()) };
        self.stream.write(&content)?;
        self.stream.end()?;
        Ok(Product::written(self.exit))
    }

    fn json_end(&self) -> Result<Content, Fault> {
        let (accepted, total, exit) = (self.files_with(OutcomeKind::Accepted), self.total, self.exit);
        let cautions = Json::inner(&self.cautions.json())?.indented(2);
        let cautions = cautions.as_str().trim_start();
        Ok(json(&format!(
            "\n  ],\n  \"accepted\": {accepted},\n  \"total\": {total},\n  \"cautions\": {cautions},\n  \"exit_code\": {exit}\n}}\n"
        )))
    }

    /// `accepted 2 of 4, refused 1, unreadable 1  policy prod.toml  exit 6`, and the notes on
    /// what the verdicts do not mean.
    fn page_end(&self) -> Page {
        let accepted = self.files_with(OutcomeKind::Accepted);
        let style = if accepted == self.total { GOOD } else { BAD };
        let mut page = Page::new();
        page.paint(style, format_args!("accepted {accepted} of {}", self.total));
        for kind in OutcomeKind::OTHERS {
            let count = self.files_with(kind);
            if count > 0 {
                page.add(format_args!(", {} {count}", kind.as_str()));
            }
        }
        let policy = self.options.policy().unwrap_or("none");
        page.add(format_args!("  policy {policy}  exit {}", self.exit));
        self.cautions.print(&mut page);
        if self.context.quiet {
            // The lines of files, which are not printed, would have it.
            self.waivers.print(&mut page);
        }
        page.end();
        if !self.context.quiet {
            let shown = Notes {
                genuine: self.options.is_genuine() && self.files_with(OutcomeKind::Accepted) > 0,
                unappraised: self.files_with(OutcomeKind::Unappraised) > 0,
                non_production: self.cautions.results_with(Caution::NonProductionAnchor) > 0,
                origin: self.cautions.results_with(Caution::OriginNotShown) > 0,
            };
            notes(&mut page, shown);
        }
        page
    }
}

/// JSON that is written in parts.
fn json(text: &str) -> Content {
    Content::Json(Json::from_text(text))
}
