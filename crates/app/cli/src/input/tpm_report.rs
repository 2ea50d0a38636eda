//! The paravisor's report, read from the TPM with messages on how it went.

use std::time::Duration;

use teeproof_vtpm::{Error, Patience, Report, Tpm};

use crate::input::tpm::fault;
use crate::output::fault::Fault;
use crate::output::messages::Messages;

/// What is left for a paravisor that takes no user data.
const BOOT: &str =
    "take the report as it lies there, with --boot; the nonce of the quote shows that it is no old evidence";

/// The report as it lies there.
pub(crate) fn boot(tpm: &mut dyn Tpm, messages: &Messages) -> Result<Report, Fault> {
    let report = Report::read(tpm).map_err(|error| fault(&error))?;
    boot_report(messages);
    Ok(report)
}

/// The report with this user data in it.
pub(crate) fn fresh(
    tpm: &mut dyn Tpm,
    user_data: &[u8],
    timeout: Option<Duration>,
    messages: &Messages,
) -> Result<Report, Fault> {
    let mut pausing = |pause| waiting(pause, messages);
    let fresh = teeproof_vtpm::fresh_report(tpm, user_data, patience(timeout), &mut pausing)
        .map_err(|error| failed(&error))?;
    fresh_report(fresh.tries, fresh.waited, messages);
    Ok(fresh.report)
}

/// How long the paravisor is waited for.
pub(crate) fn patience(timeout: Option<Duration>) -> Patience {
    let patience = Patience::default();
    Patience { deadline: timeout.unwrap_or(patience.deadline), ..patience }
}

/// The failure of a report, with what is left to do.
pub(crate) fn failed(error: &Error) -> Fault {
    match error {
        Error::NoUserData => Fault::device(error.to_string(), BOOT),
        error => fault(error),
    }
}

/// Announces a wait for a new report.
pub(crate) fn waiting(pause: Duration, messages: &Messages) {
    let seconds = pause.as_secs_f64();
    messages.announce(&format!("waiting {seconds:.1} s until the paravisor renews its report …"));
}

/// Reports that the last report was taken.
pub(crate) fn boot_report(messages: &Messages) {
    messages.say("report: as it lay there, of whatever age");
}

/// Reports how a fresh report was read.
pub(crate) fn fresh_report(tries: u32, waited: Duration, messages: &Messages) {
    let waited = waited.as_secs_f64();
    messages.say(&match tries {
        1 => "report: proven fresh at the first try".to_owned(),
        tries => format!("report: proven fresh at try {tries}, after {waited:.1} s of waiting"),
    });
}
