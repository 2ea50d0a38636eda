//! Problems of a policy file: the error with all of them, and their collection while the file is read.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The problems of an invalid policy file, at most the first hundred that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyError {
    /// The problems, in the order of the file.
    pub problems: Vec<PolicyProblem>,
    /// The number of further problems, at least.
    pub more: usize,
}

/// One problem of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyProblem {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The field: `snp.reported-tcb.at-least.snp`; empty if the problem is not of one field.
    pub path: String,
    /// The problem: expected and found.
    pub message: String,
    /// An instruction: what to write instead.
    pub hint: Option<String>,
}

/// `12:3: snp.measurement: the message`, without the hint.
impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// One line for each problem, and one that says how many more there are, if any.
impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.iter().enumerate().try_for_each(|(index, problem)| {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            problem.fmt(f)
        })?;
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl core::error::Error for PolicyError {}

/// The problems found so far in one text.
pub(super) struct Problems<'t> {
    text: &'t str,
    /// Where the line breaks are, so that a line is looked up and not counted.
    breaks: Vec<usize>,
    found: Vec<Found>,
    /// How many were found after those.
    more: usize,
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
        Self { text, breaks, found: Vec::new(), more: 0 }
    }

    pub(super) const fn text(&self) -> &'t str {
        self.text
    }

    /// Whether no further problem is kept: whoever may find very many counts them from there on,
    /// without words that nobody will read.
    pub(super) const fn is_full(&self) -> bool {
        self.found.len() >= MAX_KEPT
    }

    /// Counts a problem without keeping it.
    pub(super) const fn count(&mut self) -> Reported {
        self.more = self.more.saturating_add(1);
        Reported(())
    }

    /// Records a problem at a byte of the text, if there is room.
    pub(super) fn add(
        &mut self,
        at: usize,
        path: &str,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Reported {
        if self.is_full() {
            return self.count();
        }
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
            _ => Err(PolicyError { more: self.more, problems: self.located() }),
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

/// More is for nobody to read, and costs memory that a hostile file would choose.
const MAX_KEPT: usize = 100;

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
