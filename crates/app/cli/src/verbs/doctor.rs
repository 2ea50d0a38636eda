//! `teeproof doctor`: what this machine has for attestation, and what to do about what it lacks.

mod certificate;
pub(crate) mod probe;
mod report;
mod services;
mod tpm;

use clap::Args;
use teeproof_core::Outcome;
use teeproof_vtpm::read_event_log;

use crate::input::azure::{EventLogArgs, MetadataArgs};
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Find out what this machine has for attestation, and what to do about what it lacks
///
/// Looks and changes nothing. The exit code is 0 if evidence can be collected here, and 9 if not.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    tpm: TpmArgs,

    #[command(flatten)]
    event_log: EventLogArgs,

    #[command(flatten)]
    metadata: MetadataArgs,
}

/// Runs the verb.
pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<Product, Fault> {
    let mut probes = tpm::all(&args.tpm)?;
    let opened = probes.first().is_some_and(|first| first.outcome == Outcome::Pass);
    let log = read_event_log(&args.event_log.event_log);
    probes.push(services::permissions(opened, &log));
    probes.push(services::event_log(&args.event_log.event_log, log));
    probes.push(services::metadata(&args.metadata.imds, context));
    let exit = if probes.iter().any(|probe| probe.outcome == Outcome::Fail) { 9 } else { 0 };
    if context.is_json() {
        return Product::json(&probe::Json::of(&probes, exit), exit);
    }
    Ok(Product::ending(probe::page(&probes, exit), exit))
}
