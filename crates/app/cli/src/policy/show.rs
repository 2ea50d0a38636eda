//! Checked policies, for people and for programs.

use std::fmt::Write;

use serde::Serialize;
use teeproof::core::Technology;
use teeproof::{Policy, PolicyError};

use super::demands::{self, Demand};
use crate::fault::{ProblemJson, is_none};
use crate::paint::{BAD, DIM, GOOD, HINT, NAME, WIDTH, paint, printable, wrap};

/// A file's name, and the policy or what is wrong with it.
type Checked = (String, Result<Policy, PolicyError>);

/// For people.
pub(super) fn human(checked: &[Checked], quiet: bool) -> String {
    let mut out = String::new();
    for (file, policy) in checked {
        match policy {
            Ok(policy) => {
                let _ = writeln!(out, "{}: {}", printable(file), paint(GOOD, "ok"));
                if !quiet {
                    demanded(&mut out, policy);
                }
            }
            Err(error) => problems(&mut out, file, error),
        }
    }
    out
}

fn problems(out: &mut String, file: &str, error: &PolicyError) {
    for problem in &error.problems {
        let place = printable(&format!("{file}:{problem}"));
        let _ = writeln!(out, "{} {place}", paint(BAD, "✘"));
        if let Some(hint) = &problem.hint {
            let _ = writeln!(out, "  {} {}", paint(HINT, "hint:"), printable(hint));
        }
    }
    if error.more > 0 {
        let _ = writeln!(out, "{} {}: and {} more", paint(BAD, "✘"), printable(file), error.more);
    }
}

fn demanded(out: &mut String, policy: &Policy) {
    let demands = demands::of(policy);
    let width = demands.iter().map(|demand| demand.check.len()).max();
    let width = width.unwrap_or_default();
    for technology in Technology::ALL {
        let name = technology.as_str();
        if !policy.speaks_of(*technology) {
            let _ = writeln!(out, " {}: not accepted", paint(NAME, name));
            continue;
        }
        let _ = writeln!(out, " {}", paint(NAME, name));
        let (asked, waived): (Vec<_>, Vec<_>) = demands
            .iter()
            .filter(|demand| demand.technology == name)
            .partition(|demand| demand.expected.is_some());
        for demand in asked {
            let expected = printable(demand.expected.as_deref().unwrap_or_default());
            row(out, demand, width, &expected);
        }
        for demand in waived {
            let reason = printable(demand.waived.as_deref().unwrap_or_default());
            row(out, demand, width, &format!("waived: {reason}"));
        }
    }
}

fn row(out: &mut String, demand: &Demand, width: usize, text: &str) {
    let line = demand.line.map_or_else(String::new, |line| format!(" (line {line})"));
    let text = format!("{text}{line}");
    let room = WIDTH.saturating_sub(width.saturating_add(5));
    for (index, line) in wrap(&text, room).iter().enumerate() {
        let check = if index == 0 { demand.check } else { "" };
        let line = match demand.waived {
            Some(_) => paint(DIM, line),
            None => line.clone(),
        };
        let _ = writeln!(out, "   {check:<width$}  {line}");
    }
}

/// For programs.
pub(super) fn json(checked: &[Checked], exit: u8) -> impl Serialize {
    Report {
        schema: "teeproof/policy-check/1",
        exit,
        files: checked
            .iter()
            .map(|(file, policy)| FileReport {
                file,
                ok: policy.is_ok(),
                rules: policy.as_ref().map(demands::of).unwrap_or_default(),
                problems: match policy {
                    Ok(_) => Vec::new(),
                    Err(error) => error.problems.iter().map(ProblemJson::of).collect(),
                },
                more: policy.as_ref().map_or_else(|error| error.more, |_| 0),
            })
            .collect(),
    }
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    exit: u8,
    files: Vec<FileReport<'a>>,
}

#[derive(Serialize)]
struct FileReport<'a> {
    file: &'a str,
    ok: bool,
    rules: Vec<Demand>,
    problems: Vec<ProblemJson<'a>>,
    #[serde(skip_serializing_if = "is_none")]
    more: usize,
}
