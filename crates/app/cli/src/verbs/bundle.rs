//! `teeproof bundle`: evidence and what endorses it, in one file.

mod arguments;
mod create;
mod export;
mod redact;
pub(crate) mod show;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Put evidence and what endorses it into one file, and look into such files
#[derive(Debug, Args)]
pub(crate) struct BundleArgs {
    #[command(subcommand)]
    command: BundleCommand,
}

#[derive(Debug, Subcommand)]
enum BundleCommand {
    /// Make a bundle of files that belong together
    Create(create::CreateArgs),
    /// Print what a bundle holds, checking nothing
    Show(show::ShowArgs),
    /// Write a bundle's parts as files of their own, or the bundle in its other form
    Export(export::ExportArgs),
    /// Replace what identifies a machine by salted hashes
    Redact(redact::RedactArgs),
}

impl BundleArgs {
    /// A bundle, its parts, or what it holds.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            BundleCommand::Show(_) => ProductForm::Answer,
            BundleCommand::Create(_) | BundleCommand::Export(_) | BundleCommand::Redact(_) => {
                ProductForm::File
            }
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &BundleArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        BundleCommand::Create(args) => create::run(args, context),
        BundleCommand::Show(args) => show::run(args, context),
        BundleCommand::Export(args) => export::run(args, context),
        BundleCommand::Redact(args) => redact::run(args, context),
    }
}
