//! `teeproof doctor`: what this machine has for attestation, and what to do about what it lacks.

mod beside;
mod certificate;
mod probe;
mod report;
mod tpm;

use std::path::PathBuf;

use clap::Args;
use teeproof::core::Outcome;

use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;
use crate::tpm::TpmArgs;
use probe::Probe;

/// Find out what this machine has for attestation, and what to do about what it lacks
///
/// Looks and changes nothing. The exit code is 0 if evidence can be collected here, and 9 if not.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    tpm: TpmArgs,

    /// The boot log
    #[arg(long, value_name = "FILE", default_value = teeproof_vtpm::EVENT_LOG)]
    #[arg(env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    event_log: PathBuf,

    /// Azure's instance metadata
    #[arg(long, value_name = "URL", default_value = teeproof_endorse::AZURE_METADATA)]
    #[arg(env = "TEEPROOF_IMDS", hide_env_values = true)]
    imds: String,
}

/// Runs the verb.
pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<Product, Fault> {
    let mut probes = tpm::all(&args.tpm)?;
    probes.push(beside::event_log(&args.event_log));
    probes.push(beside::metadata(&args.imds, context));
    let exit = if probes.iter().any(|probe| probe.outcome == Outcome::Fail) { 9 } else { 0 };
    if context.is_json() {
        return Product::json(&probe::Json::of(&probes, exit), exit);
    }
    Ok(Product::ending(probe::text(&probes, exit), exit))
}
