//! Results of many files: one line for each file, one below it for each failed check, and totals.

use serde::Serialize;
use teeproof::{AttestationResult, Caution, Finding, Verdict};
use teeproof_core::Outcome;

use crate::output::exits;
use crate::output::fault::{Fault, FaultJson};
use crate::output::page::{BAD, GOOD, LOUD, Page};

/// Prints one line for the file, and one for each failed check or warning; with `verbose` one for each reason of
/// waivers.
pub(crate) fn print(page: &mut Page, file: &str, result: &AttestationResult<'_>, verbose: bool) {
    let (style, mark, verdict) = match result.verdict() {
        Verdict::Accepted => (GOOD, "✔", "accepted"),
        Verdict::Unappraised => (LOUD, "!", "not appraised"),
        _ => (BAD, "✘", "refused"),
    };
    let (technology, exit) = (result.technology(), exits::of_result(result));
    page.paint(style, mark).add(format_args!(" {file}  {technology}  {verdict}  exit {exit}"));
    cautions(page, result);
    waived(page, result);
    page.end();
    for finding in result.findings() {
        match finding.outcome {
            Outcome::Fail => failure(page, finding),
            Outcome::Warn => {
                let because = finding.because.as_deref().unwrap_or_default();
                page.line(format_args!("    {}  warning: {because}", finding.check.id));
            }
            _ => (),
        }
    }
    for (reason, ids) in waivers(result).iter().filter(|_| verbose) {
        page.line(format_args!("    waived: {reason}: {}", ids.join(", ")));
    }
    for source in result.endorsement_sources().iter().filter(|_| verbose) {
        page.line(format_args!("    endorsement: {}: {source}, {}", source.what, source.url));
    }
}

/// The waived checks by reason.
pub(crate) fn waivers<'r>(result: &'r AttestationResult<'_>) -> Vec<(&'r str, Vec<String>)> {
    let mut reasons: Vec<(&'r str, Vec<String>)> = Vec::new();
    for finding in result.waivers() {
        let reason = finding.because.as_deref().unwrap_or("no reason given");
        let id = match finding.line {
            Some(line) => format!("{} (line {line})", finding.check.id),
            None => finding.check.id.to_string(),
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(id),
            None => reasons.push((reason, vec![id])),
        }
    }
    reasons
}

fn failure(page: &mut Page, finding: &Finding) {
    page.add(format_args!("    {}  {}", finding.check.id, reasons(finding)));
    if let Some(line) = finding.line {
        page.add(format_args!(" (policy line {line})"));
    }
    page.end();
}

/// Expectation, value and reason of a check, as far as it has them.
fn reasons(finding: &Finding) -> String {
    match (&finding.expected, &finding.actual, &finding.because) {
        (Some(expected), Some(actual), None) => format!("expected {expected}, found {actual}"),
        (Some(expected), Some(actual), Some(because)) => {
            format!("expected {expected}, found {actual}: {because}")
        }
        (_, Some(actual), Some(because)) => format!("{because} (found {actual})"),
        (Some(expected), None, Some(because)) => format!("{because} (expected {expected})"),
        (_, _, because) => because.clone().unwrap_or_default(),
    }
}

/// Prints the cautions of a result at the end of its line.
pub(crate) fn cautions(page: &mut Page, result: &AttestationResult<'_>) {
    for caution in result.cautions() {
        page.add("  ");
        match caution {
            Caution::Archived => {
                page.add(caution);
                if let Some(at) = result.at() {
                    page.add(format_args!(" (at its own time, {at})"));
                }
            }
            caution => _ = page.paint(LOUD, caution),
        }
    }
}

/// Prints the number of waived checks at the end of a line, if they are not listed below it.
pub(crate) fn waived(page: &mut Page, result: &AttestationResult<'_>) {
    let mut counts = WaiverCounts::default();
    counts.count(result);
    counts.print(page);
}

/// The smallest and the largest number of waived checks among many results.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WaiverCounts(Option<(usize, usize)>);

impl WaiverCounts {
    /// Counts one more result.
    pub(crate) fn count(&mut self, result: &AttestationResult<'_>) {
        let waived = result.waivers().count();
        self.add(Self(Some((waived, waived))));
    }

    /// Adds the counts of other results.
    pub(crate) fn add(&mut self, others: Self) {
        self.0 = match (self.0, others.0) {
            (Some((fewest, most)), Some((fewer, more))) => Some((fewest.min(fewer), most.max(more))),
            (one, other) => one.or(other),
        };
    }

    /// Prints `  12 checks waived`, or `  up to 12 checks waived` if the results differ; nothing if there are none.
    pub(crate) fn print(self, page: &mut Page) {
        let Some((fewest, most)) = self.0.filter(|(_, most)| *most > 0) else { return };
        let up_to = if fewest == most { "" } else { "up to " };
        let checks = if most == 1 { "check" } else { "checks" };
        page.add(format_args!("  {up_to}{most} {checks} waived"));
    }
}

/// The number of results with each caution.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CautionCounts([usize; Caution::ALL.len()]);

impl CautionCounts {
    /// Counts one more result.
    pub(crate) fn count(&mut self, result: &AttestationResult<'_>) {
        for (count, caution) in self.0.iter_mut().zip(Caution::ALL) {
            *count = count.saturating_add(usize::from(result.cautions().any(|one| one == *caution)));
        }
    }

    /// Adds the counts of other results.
    pub(crate) fn add(&mut self, others: Self) {
        for (count, more) in self.0.iter_mut().zip(others.0) {
            *count = count.saturating_add(more);
        }
    }

    /// Each caution that any result has, with the number of results.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Caution, usize)> {
        Caution::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// The number of results with this caution.
    pub(crate) fn results_with(self, caution: Caution) -> usize {
        self.iter().find(|(one, _)| *one == caution).map_or(0, |(_, count)| count)
    }

    /// Prints the counts at the end of the line with totals. Archived evidence is marked in the line of each file.
    pub(crate) fn print(self, page: &mut Page) {
        for (caution, count) in self.iter().filter(|(caution, _)| *caution != Caution::Archived) {
            page.add("  ").paint(LOUD, format_args!("{caution} ({count})"));
        }
    }

    /// The counts as JSON.
    pub(crate) fn json(self) -> CautionsJson {
        CautionsJson {
            non_production_anchor: self.results_with(Caution::NonProductionAnchor),
            origin_not_shown: self.results_with(Caution::OriginNotShown),
            archived: self.results_with(Caution::Archived),
        }
    }
}

/// The number of results with each caution, as JSON.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CautionCounts"))]
pub(crate) struct CautionsJson {
    /// Results whose chain ends at an anchor that was added.
    non_production_anchor: usize,
    /// Results of Azure VMs in which nothing shows that Azure's paravisor made the claims.
    origin_not_shown: usize,
    /// Results that were verified at the time in the evidence.
    archived: usize,
}

/// One file of many, as JSON: its result, or the error.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FileResult"))]
pub(crate) struct FileJson<'a> {
    /// The file's name as it was given.
    pub(crate) file: &'a str,
    /// The exit code of this file.
    pub(crate) exit_code: u8,
    /// The result; null where the file could not be verified.
    pub(crate) result: Option<&'a AttestationResult<'a>>,
    /// Why there is no result; null where there is one.
    pub(crate) error: Option<FaultJson<'a>>,
}

impl<'a> FileJson<'a> {
    /// A file that was verified.
    pub(crate) fn verified(file: &'a str, result: &'a AttestationResult<'a>) -> Self {
        Self { file, exit_code: exits::of_result(result), result: Some(result), error: None }
    }

    /// A file that could not be verified.
    pub(crate) fn failed(file: &'a str, fault: &'a Fault) -> Self {
        Self { file, exit_code: fault.exit, result: None, error: Some(fault.json()) }
    }
}

/// Many files under one policy, as JSON. `verify --each` writes the same members as it goes.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FileResults"))]
pub(crate) struct FilesJson<'a> {
    /// The form: `teeproof/policy-test/2`, or `teeproof/verify-each/2`.
    pub(crate) schema: &'static str,
    /// The policy's name; null where there was none.
    pub(crate) policy: Option<&'a str>,
    /// The files in the order in which they were given.
    pub(crate) files: Vec<FileJson<'a>>,
    /// The number of accepted files.
    pub(crate) accepted: usize,
    /// The number of files.
    pub(crate) total: usize,
    /// The number of results with each caution.
    pub(crate) cautions: CautionsJson,
    /// The gravest exit code of the files'.
    pub(crate) exit_code: u8,
}
