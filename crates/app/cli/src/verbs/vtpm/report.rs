//! `teeproof vtpm report`.

use clap::Args;

use crate::input::bytes;
use crate::input::tpm::TpmArgs;
use crate::input::tpm_report::{boot, fresh};
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

/// Runs the verb.
pub(super) fn run(args: &ReportArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let user_data = args.user_data.as_ref().map(|text| bytes::resolve(text, "--user-data", &context.source));
    let user_data = user_data.transpose()?;
    let mut tpm = tpm.open()?;
    let report = match user_data {
        Some(user_data) => fresh(tpm.as_mut(), &user_data, context.timeout, &context.messages)?,
        None => boot(tpm.as_mut(), &context.messages)?,
    };
    Ok(Product::file(report.into_bytes()))
}
