//! Probes of `doctor`, as a page and as JSON.

use serde::Serialize;
use teeproof_core::Outcome;
use teeproof_vtpm::Error;

use crate::output::hints;
use crate::output::page::{BAD, GOOD, Page, WIDTH, escaped, hint, mark, wrap};

/// One probe and what it found.
#[derive(Debug)]
pub(super) struct Probe {
    name: &'static str,
    /// A failure means that no evidence can be collected.
    pub(super) outcome: Outcome,
    found: String,
    fix: Option<String>,
}

impl Probe {
    /// In order.
    pub(super) fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Pass, found: found.into(), fix: None }
    }

    /// Evidence can be collected, but something will be missing from it.
    pub(super) fn poor(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Warn, found: found.into(), fix: Some(fix.into()) }
    }

    /// No evidence can be collected.
    pub(super) fn bad(name: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Fail, found: found.into(), fix: Some(fix.into()) }
    }

    /// The TPM refused a command, or sent an invalid response.
    pub(super) fn failed(name: &'static str, error: &Error) -> Self {
        Self::bad(name, error.to_string(), hints::of_tpm(error))
    }

    /// Not checked, for this reason.
    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Skip, found: why.into(), fix: None }
    }
}

/// The probes as a page; `collect` is the verb that collects evidence.
pub(super) fn page(probes: &[Probe], collect: &str, exit: u8) -> Page {
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
        0 => page.paint(GOOD, format_args!("Evidence can be collected on this machine: {collect}")),
        _ => page.paint(BAD, "No evidence can be collected on this machine"),
    };
    page.end();
    page
}

/// The probes as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Doctor"))]
pub(crate) struct DoctorJson<'a> {
    /// The form: `teeproof/doctor/2`.
    schema: &'static str,
    /// 0 if evidence can be collected on this machine, 9 if not.
    exit_code: u8,
    /// The probes, in order.
    probes: Vec<ProbeJson<'a>>,
}

/// One probe.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Probe"))]
struct ProbeJson<'a> {
    /// Its name: `TPM`, `paravisor`, `clock`; in a Nitro enclave, `NSM`, `PCRs`, `mode`.
    name: &'static str,
    /// `pass`; `warn`: something will be missing from the evidence; `fail`: none can be collected; `skip`: not
    /// checked.
    outcome: &'static str,
    /// What was found, in words.
    found: &'a str,
    /// What to do; null where there is nothing to do.
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
