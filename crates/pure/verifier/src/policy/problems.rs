//! Collecting the problems of a file while it is read, and turning offsets into lines.

use alloc::string::String;
use alloc::vec::Vec;

use super::problem::{PolicyError, PolicyProblem};

/// The problems found so far in one text.
pub(super) struct Problems<'t> {
    text: &'t str,
    /// Where the line breaks are, so that a line is looked up and not counted.
    breaks: Vec<usize>,
    found: Vec<Found>,
}

struct Found {
    at: usize,
    path: String,
    message: String,
    hint: Option<String>,
}

/// Shows that a problem was recorded: whoever cannot return a value returns this, so that
/// nothing is left out without a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reported(());

impl<'t> Problems<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at).collect();
        Self { text, breaks, found: Vec::new() }
    }

    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    /// Records a problem at a byte of the text.
    pub(super) fn add(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Reported {
        self.found.push(Found { at, path: path.into(), message: message.into(), hint });
        Reported(())
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        let before = self.breaks.partition_point(|newline| *newline < at);
        narrow(before).saturating_add(1)
    }

    /// The value, if there was no problem at all; else the problems in the order of the file.
    pub(super) fn finish<T>(self, value: Result<T, Reported>) -> Result<T, PolicyError> {
        match value {
            Ok(value) if self.found.is_empty() => Ok(value),
            _ => Err(PolicyError { problems: self.located() }),
        }
    }

    /// Walks the text once, however many problems there are.
    fn located(mut self) -> Vec<PolicyProblem> {
        self.found.sort_by_key(|found| found.at);
        let mut chars = self.text.char_indices().peekable();
        let (mut line, mut column) = (1_u32, 1_u32);
        let mut problems = Vec::with_capacity(self.found.len());
        for found in self.found {
            while let Some((_, passed)) = chars.next_if(|(at, _)| *at < found.at) {
                if passed == '\n' {
                    line = line.saturating_add(1);
                    column = 1;
                } else {
                    column = column.saturating_add(1);
                }
            }
            problems.push(PolicyProblem {
                line,
                column,
                path: found.path,
                message: found.message,
                hint: found.hint,
            });
        }
        problems
    }
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
