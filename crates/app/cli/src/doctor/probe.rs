//! One thing that was looked at, and how it is told.

use std::fmt::Write;

use serde::Serialize;
use teeproof::core::Outcome;

use crate::paint::{BAD, GOOD, HINT, WIDTH, mark, paint, printable, wrap};

/// One thing that was looked at.
#[derive(Debug)]
pub(super) struct Probe {
    name: &'static str,
    /// A failure means that no evidence can be collected.
    pub(super) outcome: Outcome,
    found: String,
    fix: Option<String>,
}

impl Probe {
    /// As it has to be.
    pub(super) fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Pass, found: found.into(), fix: None }
    }

    /// Evidence can be collected, and will lack something.
    pub(super) fn poor(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Warn, found: found.into(), fix: Some(fix.into()) }
    }

    /// No evidence can be collected.
    pub(super) fn bad(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Fail, found: found.into(), fix: Some(fix.into()) }
    }

    /// Not looked at, for this reason.
    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Skip, found: why.into(), fix: None }
    }
}

/// For people.
pub(super) fn text(probes: &[Probe], exit: u8) -> String {
    let mut out = String::new();
    let width = probes.iter().map(|probe| probe.name.len()).max().unwrap_or_default();
    let margin = width.saturating_add(5);
    let room = WIDTH.saturating_sub(margin);
    for probe in probes {
        let (style, sign) = mark(probe.outcome);
        let fix = probe.fix.iter().flat_map(|fix| wrap(&format!("hint: {}", printable(fix)), room));
        let mut lines = wrap(&printable(&probe.found), room).into_iter().chain(fix);
        let first = lines.next().unwrap_or_default();
        let _ = writeln!(out, " {} {:<width$}  {first}", paint(style, sign), probe.name);
        for line in lines {
            let _ = writeln!(out, "{:margin$}{}", "", line.replacen("hint:", &paint(HINT, "hint:"), 1));
        }
    }
    out.push_str(&match exit {
        0 => paint(GOOD, "Evidence can be collected here: teeproof collect azure"),
        _ => paint(BAD, "No evidence can be collected here"),
    });
    out.push('\n');
    out
}

/// For programs.
#[derive(Serialize)]
pub(super) struct Json<'a> {
    schema: &'static str,
    exit: u8,
    probes: Vec<ProbeJson<'a>>,
}

#[derive(Serialize)]
struct ProbeJson<'a> {
    name: &'static str,
    outcome: &'static str,
    found: &'a str,
    fix: Option<&'a str>,
}

impl<'a> Json<'a> {
    pub(super) fn of(probes: &'a [Probe], exit: u8) -> Self {
        let probes = probes.iter().map(|probe| ProbeJson {
            name: probe.name,
            outcome: probe.outcome.as_str(),
            found: &probe.found,
            fix: probe.fix.as_deref(),
        });
        Self { schema: "teeproof/doctor/1", exit, probes: probes.collect() }
    }
}
