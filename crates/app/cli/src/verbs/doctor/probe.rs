//! One thing that was looked at, and how it is told.

use serde::Serialize;
use teeproof_core::Outcome;
use teeproof_vtpm::Error;

use crate::output::page::{BAD, GOOD, Page, WIDTH, escaped, hint, mark, wrap};

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

    /// The TPM does not answer as it must.
    pub(super) fn failed(name: &'static str, error: &Error) -> Self {
        Self::bad(name, error.to_string(), error.hint())
    }

    /// Not looked at, for this reason.
    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Skip, found: why.into(), fix: None }
    }
}

/// For people.
pub(super) fn page(probes: &[Probe], exit: u8) -> Page {
    let mut page = Page::new();
    let width = probes.iter().map(|probe| probe.name.len()).max().unwrap_or_default();
    let margin = width.saturating_add(5);
    let room = WIDTH.saturating_sub(margin);
    for probe in probes {
        let (style, sign) = mark(probe.outcome);
        let mut lines = wrap(&escaped(&probe.found), room).into_iter();
        page.add(" ").paint(style, sign).add(format_args!(" {:<width$}  ", probe.name));
        page.line(lines.next().unwrap_or_default());
        for line in lines {
            page.line(format_args!("{:margin$}{line}", ""));
        }
        if let Some(fix) = &probe.fix {
            hint(&mut page, fix, room, margin);
        }
    }
    match exit {
        0 => page.paint(GOOD, "Evidence can be collected here: teeproof collect azure"),
        _ => page.paint(BAD, "No evidence can be collected here"),
    };
    page.end();
    page
}

/// For programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Doctor"))]
pub(crate) struct DoctorJson<'a> {
    /// The form: `teeproof/doctor/2`.
    schema: &'static str,
    /// 0 if evidence can be collected here, 9 if not.
    exit_code: u8,
    /// What was looked at, in order.
    probes: Vec<ProbeJson<'a>>,
}

/// One thing that was looked at.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Probe"))]
struct ProbeJson<'a> {
    /// Its name: `TPM`, `paravisor`, `clock`.
    name: &'static str,
    /// `pass`; `warn`: evidence will lack something; `fail`: none can be collected; `skip`: not looked at.
    outcome: &'static str,
    /// What was found, for a person.
    found: &'a str,
    /// What to do; null where nothing is to be done.
    fix: Option<&'a str>,
}

impl<'a> DoctorJson<'a> {
    pub(super) fn of(probes: &'a [Probe], exit: u8) -> Self {
        let probes = probes.iter().map(|probe| ProbeJson {
            name: probe.name,
            outcome: probe.outcome.as_str(),
            found: &probe.found,
            fix: probe.fix.as_deref(),
        });
        Self { schema: "teeproof/doctor/2", exit_code: exit, probes: probes.collect() }
    }
}
