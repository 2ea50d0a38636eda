//! One line for each file, where many are verified, and one below it for each check that failed.

use serde::Serialize;
use teeproof::{AttestationResult, Caution, Finding, Verdict};
use teeproof_core::Outcome;

use crate::output::exits;
use crate::output::fault::{Fault, FaultJson};
use crate::output::page::{BAD, GOOD, LOUD, Page};

/// One line for the file, and one for each check that failed or warns; with `verbose` one for each reason of a
/// waiver.
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
}

/// The waived checks, those with the same reason together.
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

/// Both sides of a comparison and the reason, whichever of them there are.
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

/// Whatever makes a verdict less than it looks, for the end of its line.
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

/// How many checks are waived, for the end of a line below which they are not listed.
pub(crate) fn waived(page: &mut Page, result: &AttestationResult<'_>) {
    let mut counts = WaiverCounts::default();
    counts.count(result);
    counts.print(page);
}

/// The fewest and the most checks that are waived in any of many results.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WaiverCounts(Option<(usize, usize)>);

impl WaiverCounts {
    /// Counts those of one more result.
    pub(crate) fn count(&mut self, result: &AttestationResult<'_>) {
        let waived = result.waivers().count();
        self.add(Self(Some((waived, waived))));
    }

    /// Those of other results besides.
    pub(crate) fn add(&mut self, others: Self) {
        self.0 = match (self.0, others.0) {
            (Some((fewest, most)), Some((fewer, more))) => Some((fewest.min(fewer), most.max(more))),
            (one, other) => one.or(other),
        };
    }

    /// `  12 checks waived`, or `  up to 12 checks waived` where the results differ; nothing where none is.
    pub(crate) fn print(self, page: &mut Page) {
        let Some((fewest, most)) = self.0.filter(|(_, most)| *most > 0) else { return };
        let up_to = if fewest == most { "" } else { "up to " };
        let checks = if most == 1 { "check" } else { "checks" };
        page.add(format_args!("  {up_to}{most} {checks} waived"));
    }
}

/// How many of many results each caution holds of, for the end of the line that counts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CautionCounts([usize; Caution::ALL.len()]);

impl CautionCounts {
    /// Counts those of one more result.
    pub(crate) fn count(&mut self, result: &AttestationResult<'_>) {
        for (count, caution) in self.0.iter_mut().zip(Caution::ALL) {
            *count = count.saturating_add(usize::from(result.cautions().any(|one| one == *caution)));
        }
    }

    /// Those of other results besides.
    pub(crate) fn add(&mut self, others: Self) {
        for (count, more) in self.0.iter_mut().zip(others.0) {
            *count = count.saturating_add(more);
        }
    }

    /// Each caution that holds of any, with how many.
    pub(crate) fn iter(self) -> impl Iterator<Item = (Caution, usize)> {
        Caution::ALL.iter().copied().zip(self.0).filter(|(_, count)| *count > 0)
    }

    /// Of how many this one holds.
    pub(crate) fn of(self, caution: Caution) -> usize {
        self.iter().find(|(one, _)| *one == caution).map_or(0, |(_, count)| count)
    }

    /// The end of the line that counts. That evidence is of an archive stands in the line of each.
    pub(crate) fn print(self, page: &mut Page) {
        for (caution, count) in self.iter().filter(|(caution, _)| *caution != Caution::Archived) {
            page.add("  ").paint(LOUD, format_args!("{caution} ({count})"));
        }
    }

    /// For programs.
    pub(crate) fn json(self) -> CautionsJson {
        CautionsJson {
            non_production_anchor: self.of(Caution::NonProductionAnchor),
            origin_not_shown: self.of(Caution::OriginNotShown),
            archived: self.of(Caution::Archived),
        }
    }
}

/// How many of many results each caution holds of, for programs.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CautionCounts"))]
pub(crate) struct CautionsJson {
    /// Results whose chain ends at an anchor that was added.
    non_production_anchor: usize,
    /// Results of Azure VMs in which nothing ties the report to Azure's paravisor.
    origin_not_shown: usize,
    /// Results whose time of verification was the evidence's own.
    archived: usize,
}

/// One file of many, for programs: its result, or why there is none.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "FileResult"))]
pub(crate) struct FileJson<'a> {
    /// The file's name as it was given.
    pub(crate) file: &'a str,
    /// The exit code that this file alone would end in.
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

    /// A file that could not be.
    pub(crate) fn failed(file: &'a str, fault: &'a Fault) -> Self {
        Self { file, exit_code: fault.exit, result: None, error: Some(fault.json()) }
    }
}

/// Many files under one policy, for programs. `verify --each` writes the same members one after the other.
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
    /// How many files the policy accepts.
    pub(crate) accepted: usize,
    /// How many files there are.
    pub(crate) total: usize,
    /// How many results each caution holds of.
    pub(crate) cautions: CautionsJson,
    /// The gravest exit code of the files'.
    pub(crate) exit_code: u8,
}
