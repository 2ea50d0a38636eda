//! `teeproof bundle create`.

use std::path::PathBuf;

use clap::Args;
use teeproof_core::Time;
use teeproof_evidence::bundle::{Collection, ReportAge};

use super::arguments::Form;
use crate::input::evidence_files::{Backing, Files};
use crate::input::time::{now, rfc3339};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Make a bundle of files that belong together
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// Evidence and what endorses it, in any of the forms that verify reads
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Certificates and revocation lists; of a directory, every file in it
    #[arg(long, value_name = "FILE|DIR")]
    endorsements: Vec<PathBuf>,

    /// When the files were collected, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    collected: Option<Time>,

    /// Whether the report was proven fresh when it was collected, or is the one of the last start
    #[arg(long, value_name = "AGE", value_parser = ["fresh", "boot"])]
    report: Option<String>,

    #[command(flatten)]
    form: Form,
}

/// Runs the verb.
pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<Product, Fault> {
    let backing = Backing { endorsements: args.endorsements.clone(), ..Backing::default() };
    let files = Files::read(&args.files, None, &backing, &context.source, &context.messages)?;
    // What could not be verified for the way it was put together is not bundled either.
    files.evidence()?;
    let report = args.report.as_deref().map(|age| match age {
        "fresh" => ReportAge::Fresh,
        _ => ReportAge::Boot,
    });
    let mut collection = Collection::at(args.collected.unwrap_or_else(now));
    collection.report = report;
    let bundle = files.into_inputs().into_bundle(collection).map_err(|error| Fault::bundle(&error))?;
    Ok(args.form.product(&bundle))
}
