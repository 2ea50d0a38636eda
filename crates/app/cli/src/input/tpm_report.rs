//! The paravisor's report, read from the TPM with messages on how it went.

use std::time::Duration;

use teeproof_vtpm::{Error, Patience, Report, Tpm, fresh_report};

use crate::input::tpm::fault;
use crate::output::fault::Fault;
use crate::output::messages::Messages;

/// What is left for a paravisor that takes no user data.
const BOOT: &str =
    "take the report as it lies there, with --boot; the nonce of the quote shows that it is no old evidence";

/// The report as it lies there.
pub(crate) fn boot(tpm: &mut dyn Tpm, messages: &Messages) -> Result<Report, Fault> {
    let report = Report::read(tpm).map_err(|error| fault(&error))?;
    messages.say("report: as it lay there, of whatever age");
    Ok(report)
}

/// The report with this user data in it.
pub(crate) fn fresh(
    tpm: &mut dyn Tpm,
    user_data: &[u8],
    timeout: Option<Duration>,
    messages: &Messages,
) -> Result<Report, Fault> {
    let patience = Patience::default();
    let patience = Patience { deadline: timeout.unwrap_or(patience.deadline), ..patience };
    let mut waiting = |pause: Duration| {
        let seconds = pause.as_secs_f64();
        messages.announce(&format!("waiting {seconds:.1} s until the paravisor renews its report …"));
    };
    let fresh = fresh_report(tpm, user_data, patience, &mut waiting).map_err(|error| match error {
        Error::NoUserData => Fault::device(error.to_string(), BOOT),
        error => fault(&error),
    })?;
    let (tries, waited) = (fresh.tries, fresh.waited.as_secs_f64());
    messages.say(&match tries {
        1 => "report: proven fresh at the first try".to_owned(),
        tries => format!("report: proven fresh at try {tries}, after {waited:.1} s of waiting"),
    });
    Ok(fresh.report)
}
