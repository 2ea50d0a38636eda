//! `teeproof bundle`: evidence and its endorsements in one file.

mod export;
mod file;
mod redact;
mod refresh;
pub(crate) mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use teeproof_core::Time;
use teeproof_evidence::bundle::{Collection, ReportAge};

use crate::input::evidence_files::{Backing, Files};
use crate::input::time::{now, rfc3339};
use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;
use file::BundleForm;

/// Create bundles (evidence and its endorsements in one file), show, export, redact and refresh them
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    #[command(subcommand)]
    command: BundleCommand,
}

#[derive(Debug, Subcommand)]
enum BundleCommand {
    Create(CreateArgs),
    Show(show::ShowArgs),
    Export(export::ExportArgs),
    Redact(redact::RedactArgs),
    Refresh(refresh::RefreshArgs),
}

impl BundleArgs {
    /// A list for show, files for the others.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            BundleCommand::Show(_) => ProductForm::Answer,
            BundleCommand::Create(_)
            | BundleCommand::Export(_)
            | BundleCommand::Redact(_)
            | BundleCommand::Refresh(_) => ProductForm::File,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &BundleArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        BundleCommand::Create(args) => create(args, context),
        BundleCommand::Show(args) => show::run(args, context),
        BundleCommand::Export(args) => export::run(args, context),
        BundleCommand::Redact(args) => redact::run(args, context),
        BundleCommand::Refresh(args) => refresh::run(args, context),
    }
}

/// Make a bundle of the evidence of one machine and its endorsements
#[derive(Debug, Args)]
struct CreateArgs {
    /// Evidence and its endorsements, in any form that verify reads
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Certificates, revocation lists and TDX collateral; if a directory, every file in it
    #[arg(long, value_name = "FILE|DIR")]
    endorsements: Vec<PathBuf>,

    /// When the files were collected, RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = rfc3339)]
    collected: Option<Time>,

    /// The age of the report, to be recorded: fresh when it was collected, or of the last boot
    #[arg(long, value_name = "AGE", value_parser = ["fresh", "boot"])]
    report: Option<String>,

    #[command(flatten)]
    form: BundleForm,
}

/// Runs `teeproof bundle create`.
fn create(args: &CreateArgs, context: &Context) -> Result<Product, Fault> {
    let backing = Backing { endorsements: args.endorsements.clone(), ..Backing::default() };
    let files = Files::read(&args.files, None, &backing, &context.source, &context.messages)?;
    // Files that do not belong together are refused here, as verify refuses them.
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
