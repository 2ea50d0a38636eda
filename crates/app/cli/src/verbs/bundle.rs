//! `teeproof bundle`: evidence and what endorses it, in one file.

mod create;
mod export;
mod redact;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teeproof_evidence::bundle::{Bundle, BundleError};
use teeproof_evidence::{Sniffed, sniff};

use crate::input::source;
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

/// A bundle that was named.
#[derive(Debug, Args)]
struct Named {
    /// The bundle, CBOR or JSON; - is stdin
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
}

impl Named {
    fn read(&self, context: &Context) -> Result<Bundle, Fault> {
        let bytes = context.source.read(&self.bundle)?;
        Bundle::read(&bytes).map_err(|error| match sniff(&bytes, None) {
            // One part of evidence is taken for a bundle by those who have nothing else.
            Ok(Sniffed { kind, .. }) if !kind.is_container() => {
                let message = format!("{} is no bundle yet", kind.with_article());
                let hint = "make one of it first: teeproof bundle create FILE… -o machine.bundle";
                Fault::malformed(message, hint).in_file(source::name(&self.bundle))
            }
            _ => fault(&error, &self.bundle),
        })
    }
}

fn fault(error: &BundleError, file: &Path) -> Fault {
    Fault::bundle(error).in_file(source::name(file))
}

/// The form in which a bundle is written.
#[derive(Debug, Args)]
struct Form {
    /// Write the JSON form instead of CBOR
    #[arg(long)]
    json: bool,
}

impl Form {
    fn product(&self, bundle: &Bundle) -> Product {
        if self.json { Product::json_text(&bundle.to_json()) } else { Product::file(bundle.to_cbor()) }
    }
}
