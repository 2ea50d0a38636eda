//! A result as people read it: the verdict, one line for each check, and what to do.

use std::fmt::Write;

use teeproof::core::Outcome;
use teeproof::{AttestationResult, Finding, Verdict};

use crate::context::Context;
use crate::paint::{BAD, DIM, GOOD, HINT, LOUD, NAME, WIDTH, mark, paint, printable, shortened, wrap};
use crate::tried::marks;

/// The whole text. `genuine` says that the policy is the built-in one.
pub(super) fn text(result: &AttestationResult<'_>, genuine: bool, context: &Context) -> String {
    let mut out = verdict(result);
    if context.quiet {
        return out;
    }
    let shown = |finding: &&Finding| context.verbose || !finding.waived;
    let findings: Vec<_> = result.findings().iter().filter(shown).collect();
    let ids = findings.iter().map(|finding| finding.check.id.len());
    let width = ids.max().unwrap_or_default();
    for finding in findings {
        check(&mut out, finding, width, context.verbose);
    }
    if !context.verbose {
        waivers(&mut out, result);
    }
    if context.verbose || result.verdict() == Verdict::Unappraised {
        claims(&mut out, result);
    }
    let told = Notes {
        genuine,
        unappraised: result.verdict() == Verdict::Unappraised,
        non_production: result.is_production() == Some(false),
    };
    notes(&mut out, told);
    out
}

/// `REFUSED  nitro  policy builtin:genuine  exit 6`, and whatever makes this verdict less than
/// it looks.
fn verdict(result: &AttestationResult<'_>) -> String {
    let (style, word) = match result.verdict() {
        Verdict::Accepted => (GOOD, "ACCEPTED"),
        Verdict::Refused => (BAD, "REFUSED"),
        Verdict::Unappraised => (LOUD, "GENUINE, NOT APPRAISED"),
    };
    let mut line = format!(
        "{}  {}  policy {}  exit {}",
        paint(style, word),
        result.technology(),
        printable(result.policy().unwrap_or("none")),
        result.exit()
    );
    line.push_str(&marks(result));
    line.push('\n');
    line
}

fn check(out: &mut String, finding: &Finding, width: usize, verbose: bool) {
    let (style, mark) = mark(finding.outcome);
    let id = finding.check.id;
    let margin = width.saturating_add(5);
    let lines = body(finding, verbose, WIDTH.saturating_sub(margin));
    let mut lines = lines.iter();
    let first = lines.next().map_or("", String::as_str);
    let _ = writeln!(out, " {} {id:<width$}  {first}", paint(style, mark));
    for line in lines {
        let _ = writeln!(out, "{:margin$}{line}", "");
    }
}

/// What a check has to say, and where it failed, what to do.
fn body(finding: &Finding, verbose: bool, room: usize) -> Vec<String> {
    let mut lines = said(finding, verbose, room);
    if let Some(line) = finding.line {
        let place = format!("policy line {line}");
        match lines.last_mut() {
            Some(last) if last.chars().count().saturating_add(place.len()) < room => {
                let _ = write!(last, ", {place}");
            }
            _ => lines.push(place),
        }
    }
    if finding.outcome == Outcome::Fail {
        let hint = format!("hint: {}", finding.check.hint);
        let painted = paint(HINT, "hint:");
        let hint = wrap(&hint, room);
        lines.extend(hint.iter().map(|line| line.replacen("hint:", &painted, 1)));
    }
    lines
}

fn said(finding: &Finding, verbose: bool, room: usize) -> Vec<String> {
    let clean = |text: &Option<String>| text.as_deref().map(printable);
    let title = finding.check.title;
    match (clean(&finding.expected), clean(&finding.actual)) {
        (Some(expected), Some(actual)) if finding.outcome == Outcome::Pass => {
            let same = actual == expected;
            let actual = if verbose { actual } else { shortened(&actual) };
            let demand = if same { "as demanded".to_string() } else { format!("demanded {expected}") };
            wrap(&format!("{title}: {actual}, {demand}"), room)
        }
        (Some(expected), Some(actual)) => {
            let line = format!("{title}: expected {expected}, found {actual}");
            if line.chars().count() <= room {
                return vec![line];
            }
            let mut lines = vec![format!("{title}:")];
            lines.extend(labelled("expected", &expected, room));
            lines.extend(labelled("found", &actual, room));
            lines
        }
        (_, actual) => {
            let waived = if finding.waived { "waived: " } else { "" };
            let because = clean(&finding.because).unwrap_or_default();
            let found = actual.map_or_else(String::new, |actual| format!(" (found {actual})"));
            wrap(&format!("{waived}{because}{found}"), room)
        }
    }
}

/// A value that may need several lines, with its label before the first.
fn labelled(label: &str, value: &str, room: usize) -> Vec<String> {
    let lines = wrap(value, room.saturating_sub(LABEL));
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    lines.iter().zip(labels).map(|(line, label)| format!("{label:<LABEL$}{line}")).collect()
}

/// The waived checks, those with the same reason together.
fn waivers(out: &mut String, result: &AttestationResult<'_>) {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for finding in result.waivers() {
        let reason = printable(finding.because.as_deref().unwrap_or("no reason given"));
        let id = match finding.line {
            Some(line) => format!("{} (line {line})", finding.check.id),
            None => finding.check.id.to_string(),
        };
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, ids)) => ids.push(id),
            None => reasons.push((reason, vec![id])),
        }
    }
    for (reason, ids) in reasons {
        let text = format!("waived: {reason}: {}", ids.join(", "));
        for (index, line) in wrap(&text, WIDTH.saturating_sub(3)).iter().enumerate() {
            let mark = if index == 0 { "–" } else { " " };
            let _ = writeln!(out, " {} {}", paint(DIM, mark), paint(DIM, line));
        }
    }
}

fn claims(out: &mut String, result: &AttestationResult<'_>) {
    if result.claims().is_empty() {
        return;
    }
    let _ = writeln!(out, "{}", paint(NAME, "What the evidence says:"));
    let names = result.claims().iter().map(|claim| claim.name.len());
    let width = names.max().unwrap_or_default();
    for claim in result.claims() {
        let indent = width.saturating_add(5);
        let lines = wrap(&printable(&claim.value), WIDTH.saturating_sub(indent));
        for (index, line) in lines.iter().enumerate() {
            let name = if index == 0 { claim.name.as_str() } else { "" };
            let _ = writeln!(out, "   {name:<width$}  {line}");
        }
    }
}

/// What there is to note.
#[derive(Clone, Copy, Debug)]
pub(super) struct Notes {
    /// The policy is the built-in one.
    pub(super) genuine: bool,
    /// There was no policy.
    pub(super) unappraised: bool,
    /// A chain ends at an anchor that was added.
    pub(super) non_production: bool,
}

/// What a verdict does not mean.
pub(super) fn notes(out: &mut String, told: Notes) {
    let mut note = |text: &str| {
        let _ = writeln!(out, " {text}");
    };
    if told.genuine && !told.unappraised {
        note("builtin:genuine says nothing about what software runs: name a policy of your own for that.");
    }
    if told.unappraised {
        note("No policy was given: these are facts, and nothing was demanded of them (--policy).");
    }
    if told.non_production {
        note("The chain ends at an anchor of --anchor, which proves nothing about hardware.");
    }
}

/// The room for `expected`.
const LABEL: usize = 10;
