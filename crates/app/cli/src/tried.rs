//! One line for each file, where many are verified, and one below it for each check that failed.

use std::fmt::Write;

use serde::Serialize;
use teeproof::{AttestationResult, Verdict};

use crate::paint::{BAD, GOOD, LOUD, paint, printable};

/// How one file came out.
#[derive(Debug, Serialize)]
pub(crate) struct Tried<'a> {
    file: &'a str,
    technology: &'static str,
    verdict: &'static str,
    exit: u8,
    failures: Vec<Failure>,
    #[serde(skip)]
    marks: String,
}

/// A check that failed.
#[derive(Debug, Serialize)]
struct Failure {
    id: &'static str,
    line: Option<u32>,
    expected: Option<String>,
    actual: Option<String>,
    because: Option<String>,
}

impl<'a> Tried<'a> {
    /// What is told of a result.
    pub(crate) fn of(file: &'a str, result: &AttestationResult<'_>) -> Self {
        let failures = result.failures().map(|finding| Failure {
            id: finding.check.id,
            line: finding.line,
            expected: finding.expected.clone(),
            actual: finding.actual.clone(),
            because: finding.because.clone(),
        });
        Self {
            file,
            technology: result.technology().as_str(),
            verdict: result.verdict().as_str(),
            exit: result.exit(),
            failures: failures.collect(),
            marks: marks(result),
        }
    }

    /// Whether the policy accepts it.
    pub(crate) fn is_accepted(&self) -> bool {
        self.verdict == Verdict::Accepted.as_str()
    }

    /// One line for the file, and one for each check that failed.
    pub(crate) fn tell(&self, out: &mut String) {
        let (mark, verdict) = match self.verdict {
            "accepted" => (paint(GOOD, "✔"), self.verdict),
            "unappraised" => (paint(LOUD, "!"), "not appraised"),
            _ => (paint(BAD, "✘"), self.verdict),
        };
        let Self { technology, exit, marks, .. } = self;
        let _ = writeln!(out, "{mark} {}  {technology}  {verdict}  exit {exit}{marks}", printable(self.file));
        for failure in &self.failures {
            let line = failure.line.map_or_else(String::new, |line| format!(" (policy line {line})"));
            let told = match (&failure.expected, &failure.actual) {
                (Some(expected), Some(actual)) => format!("expected {expected}, found {actual}"),
                _ => failure.because.clone().unwrap_or_default(),
            };
            let _ = writeln!(out, "    {}  {}{line}", failure.id, printable(&told));
        }
    }
}

/// Whatever makes a verdict less than it looks, for the end of its line.
pub(crate) fn marks(result: &AttestationResult<'_>) -> String {
    let mut marks = String::new();
    if result.is_production() == Some(false) {
        let _ = write!(marks, "  {}", paint(LOUD, "NON-PRODUCTION ANCHOR"));
    }
    if result.is_archived() {
        marks.push_str("  archived");
        if let Some(at) = result.at() {
            let _ = write!(marks, " (at its own time, {at})");
        }
    }
    marks
}
