//! The page of a result: verdict, one line for each check, hints, waivers, claims, sources of endorsements and notes.

use teeproof::{AttestationResult, Caution, Finding, Verdict};
use teeproof_core::Outcome;

use crate::output::hints::{self, Fetching};
use crate::output::page::{
    BAD, DIM, GOOD, LOUD, NAME, Page, Verbosity, WIDTH, escaped, hint, mark, shortened, wrap,
};
use crate::output::result_lines::{self, cautions};

/// The whole page. `genuine` says that the policy is the built-in one.
pub(crate) fn page(result: &AttestationResult<'_>, genuine: bool, verbosity: Verbosity) -> Page {
    let mut page = Page::new();
    verdict(&mut page, result);
    if verbosity == Verbosity::Quiet {
        // Waivers are not listed here, so that their number is printed instead.
        result_lines::waived(&mut page, result);
        page.end();
        return page;
    }
    page.end();
    let verbose = verbosity == Verbosity::Verbose;
    let shown = |finding: &&Finding| verbose || !finding.waived;
    let findings: Vec<_> = result.findings().iter().filter(shown).collect();
    let ids = findings.iter().map(|finding| finding.check.id.len());
    let width = ids.max().unwrap_or_default();
    for finding in findings {
        check(&mut page, finding, width, verbose);
    }
    if !verbose {
        waivers(&mut page, result);
    }
    if verbose || result.verdict() == Verdict::Unappraised {
        claims(&mut page, result);
    }
    endorsements(&mut page, result, verbose);
    let shown = Notes {
        genuine: genuine && result.verdict() == Verdict::Accepted,
        unappraised: result.verdict() == Verdict::Unappraised,
        non_production: result.cautions().any(|caution| caution == Caution::NonProductionAnchor),
        origin: result.cautions().any(|caution| caution == Caution::OriginNotShown),
    };
    notes(&mut page, shown);
    page
}

/// `REFUSED  nitro  policy builtin:genuine  exit 6`, and the cautions.
fn verdict(page: &mut Page, result: &AttestationResult<'_>) {
    let (style, word) = match result.verdict() {
        Verdict::Accepted => (GOOD, "ACCEPTED"),
        Verdict::Unappraised => (LOUD, "GENUINE, NOT APPRAISED"),
        _ => (BAD, "REFUSED"),
    };
    let policy = result.policy().unwrap_or("none");
    page.paint(style, word);
    page.add(format_args!(
        "  {}  policy {policy}  exit {}",
        result.technology(),
        crate::output::exits::of_result(result)
    ));
    cautions(page, result);
}

fn check(page: &mut Page, finding: &Finding, width: usize, verbose: bool) {
    let (style, mark) = mark(finding.outcome);
    let id = finding.check.id;
    let margin = width.saturating_add(5);
    let room = WIDTH.saturating_sub(margin);
    let lines = check_text(finding, verbose, room);
    page.add(" ").paint(style, mark).add(format_args!(" {id:<width$}  "));
    page.line(lines.first().map_or("", String::as_str));
    for line in lines.iter().skip(1) {
        page.line(format_args!("{:margin$}{line}", ""));
    }
    match finding.outcome {
        // Rewritten by the verification, which knows what was fetched.
        Outcome::Fail => hint(page, finding.hint(), room, margin),
        Outcome::Warn if finding.remedy().is_some() => {
            hint(page, &hints::of_finding(finding, Fetching::NotRequested), room, margin);
        }
        _ => {}
    }
}

/// The text of a check, and the line of the policy with its rule.
fn check_text(finding: &Finding, verbose: bool, room: usize) -> Vec<String> {
    let lines = reasons(finding, verbose, room);
    match finding.line {
        Some(line) => with_place(lines, &format!("policy line {line}"), room),
        None => lines,
    }
}

/// The lines with a place after a comma, on the last line if there is room.
fn with_place(mut lines: Vec<String>, place: &str, room: usize) -> Vec<String> {
    match lines.last_mut() {
        Some(last) if last.chars().count().saturating_add(place.len()).saturating_add(1) < room => {
            last.push_str(", ");
            last.push_str(place);
        }
        Some(last) => {
            last.push(',');
            lines.push(place.to_owned());
        }
        None => lines.push(place.to_owned()),
    }
    lines
}

/// Expectation, value and reason of a check, as far as it has them.
fn reasons(finding: &Finding, verbose: bool, room: usize) -> Vec<String> {
    let clean = |text: &Option<String>| text.as_deref().map(escaped);
    let title = finding.check.title;
    let because = clean(&finding.because);
    let after = because.as_ref().map_or_else(String::new, |because| format!(": {because}"));
    match (clean(&finding.expected), clean(&finding.actual)) {
        (Some(expected), Some(actual)) if finding.outcome == Outcome::Pass => {
            let same = actual == expected;
            let actual = if verbose { actual } else { shortened(&actual) };
            let expected = if same { "as expected".to_string() } else { format!("expected {expected}") };
            wrap(&format!("{title}: {actual}, {expected}{after}"), room)
        }
        (Some(expected), Some(actual)) => {
            let line = format!("{title}: expected {expected}, found {actual}");
            let mut lines = if line.chars().count() <= room {
                vec![line]
            } else {
                let mut lines = vec![format!("{title}:")];
                lines.extend(labelled("expected", &expected, room));
                lines.extend(labelled("found", &actual, room));
                lines
            };
            lines.extend(because.iter().flat_map(|because| wrap(because, room)));
            lines
        }
        (expected, actual) => {
            let waived = if finding.waived { "waived: " } else { "" };
            let expected = expected.map(|expected| format!(" (expected {expected})")).unwrap_or_default();
            let found = actual.map(|actual| format!(" (found {actual})")).unwrap_or_default();
            wrap(&format!("{waived}{}{expected}{found}", because.unwrap_or_default()), room)
        }
    }
}

/// A value that may need several lines, with its label before the first.
fn labelled(label: &str, value: &str, room: usize) -> Vec<String> {
    let lines = wrap(value, room.saturating_sub(LABEL));
    let labels = std::iter::once(label).chain(std::iter::repeat(""));
    lines.iter().zip(labels).map(|(line, label)| format!("{label:<LABEL$}{line}")).collect()
}

/// The waived checks by reason.
fn waivers(page: &mut Page, result: &AttestationResult<'_>) {
    for (reason, ids) in result_lines::waivers(result) {
        let text = format!("waived: {}: {}", escaped(reason), ids.join(", "));
        for (index, line) in wrap(&text, WIDTH.saturating_sub(3)).iter().enumerate() {
            let mark = if index == 0 { "–" } else { " " };
            page.add(" ").paint(DIM, mark).add(" ").paint(DIM, line).end();
        }
    }
}

/// The claims, and below them the members that this version does not interpret, with their places.
fn claims(page: &mut Page, result: &AttestationResult<'_>) {
    // With names as in policy files.
    let known = result.claims().iter().map(|claim| (claim.name.replace('_', "-"), claim.to_string()));
    table(page, "Claims:", &known.collect::<Vec<_>>());
    let unknown = result.unknown_claims().iter().map(|claim| {
        let name = format!("{}: {}", claim.place, escaped(&claim.name));
        (name, claim.json.clone())
    });
    table(page, "Members that this version does not interpret:", &unknown.collect::<Vec<_>>());
}

/// The endorsements that were fetched or cached, and with `verbose` their URLs.
fn endorsements(page: &mut Page, result: &AttestationResult<'_>, verbose: bool) {
    let rows = result.endorsement_sources().iter().map(|source| {
        let url = if verbose { format!(", {}", source.url) } else { String::new() };
        (source.what.clone(), format!("{source}{url}"))
    });
    table(page, "Endorsements that were not among the files:", &rows.collect::<Vec<_>>());
}

fn table(page: &mut Page, title: &str, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    page.paint(NAME, title).end();
    let names = rows.iter().map(|(name, _)| name.chars().count());
    let width = names.max().unwrap_or_default().min(MAX_NAME);
    for (name, value) in rows {
        let indent = width.saturating_add(5);
        let mut lines = wrap(&escaped(value), WIDTH.saturating_sub(indent)).into_iter();
        page.line(format_args!("   {name:<width$}  {}", lines.next().unwrap_or_default()));
        for line in lines {
            page.line(format_args!("   {:<width$}  {line}", ""));
        }
    }
}

/// The notes to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Notes {
    /// Evidence is accepted by the built-in policy.
    pub(crate) genuine: bool,
    /// There was no policy.
    pub(crate) unappraised: bool,
    /// A chain ends at an anchor that was added.
    pub(crate) non_production: bool,
    /// Nothing shows that Azure's paravisor made the claims.
    pub(crate) origin: bool,
}

/// Prints the limits of a verdict.
pub(crate) fn notes(page: &mut Page, shown: Notes) {
    let mut note = |text: &str| {
        page.add(" ").line(text);
    };
    if shown.genuine {
        note("builtin:genuine accepts any software: write your own policy to restrict what runs.");
    }
    if shown.unappraised {
        note("No policy was given, so that no claim was compared with a rule: give one with --policy.");
    }
    if shown.non_production {
        note("The chain ends at an anchor of --anchor, which proves nothing about hardware.");
    }
    if shown.origin {
        note("Nothing shows that Azure's paravisor made the claims: any SNP guest could have made them.");
    }
}

/// The width of the label `expected`.
const LABEL: usize = 10;
/// The widest name of a claim of ours; a wider foreign name moves only its own line.
const MAX_NAME: usize = 48;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_policy_follows_a_comma() {
        let text = || vec!["twelve chars".to_string()];
        assert_eq!(with_place(text(), "policy line 3", 40), ["twelve chars, policy line 3"]);
        assert_eq!(with_place(text(), "policy line 3", 20), ["twelve chars,", "policy line 3"]);
    }
}
