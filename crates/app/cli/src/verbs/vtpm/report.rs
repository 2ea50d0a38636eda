//! `teeproof vtpm report`.

use std::time::Duration;

use clap::Args;
use teeproof_vtpm::{Error, Patience, Report, Tpm, fresh_report};

use crate::input::bytes;
use crate::input::tpm::{TpmArgs, fault};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Write the paravisor's report, proven fresh, or as it lies there
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// What to have in it, 64 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "boot", required_unless_present = "boot")]
    user_data: Option<String>,

    /// Take the report as it lies there, of whatever age
    #[arg(long)]
    boot: bool,
}

/// What is left for a paravisor that takes no user data.
const BOOT: &str =
    "take the report as it lies there, with --boot; the nonce of the quote shows that it is no old evidence";

/// Runs the verb.
pub(super) fn run(args: &ReportArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let user_data = args.user_data.as_ref().map(|text| bytes::resolve(text, "--user-data", &context.source));
    let user_data = user_data.transpose()?;
    let mut tpm = tpm.open()?;
    let report = match user_data {
        Some(user_data) => fresh(tpm.as_mut(), &user_data, context)?,
        None => boot(tpm.as_mut(), context)?,
    };
    Ok(Product::file(report.into_bytes()))
}

/// The report as it lies there.
pub(crate) fn boot(tpm: &mut dyn Tpm, context: &Context) -> Result<Report, Fault> {
    let report = Report::read(tpm).map_err(|error| fault(&error))?;
    context.say("report: as it lay there, of whatever age");
    Ok(report)
}

/// The report with this user data in it.
pub(crate) fn fresh(tpm: &mut dyn Tpm, user_data: &[u8], context: &Context) -> Result<Report, Fault> {
    let patience = Patience::default();
    let patience = Patience { deadline: context.timeout.unwrap_or(patience.deadline), ..patience };
    let mut waiting = |pause: Duration| {
        let seconds = pause.as_secs_f64();
        context.announce(&format!("waiting {seconds:.1} s until the paravisor renews its report …"));
    };
    let fresh = fresh_report(tpm, user_data, patience, &mut waiting).map_err(|error| match error {
        Error::NoUserData => Fault::device(error.to_string(), BOOT),
        error => fault(&error),
    })?;
    let (tries, waited) = (fresh.tries, fresh.waited.as_secs_f64());
    context.say(&match tries {
        1 => "report: proven fresh at the first try".to_owned(),
        tries => format!("report: proven fresh at try {tries}, after {waited:.1} s of waiting"),
    });
    Ok(fresh.report)
}
