//! `teeproof eif`: enclave image files of AWS Nitro Enclaves.

pub(crate) mod build;
pub(crate) mod json;
pub(crate) mod matching;
pub(crate) mod measure;
pub(crate) mod sections;
pub(crate) mod show;
mod signer;
mod signing;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Build, measure, show and compare enclave images of AWS Nitro Enclaves
///
/// An image (EIF) is read strictly and in one pass, whatever its size. What is refused, and what other readers do with
/// it, is in docs/eif.md.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct EifArgs {
    #[command(subcommand)]
    command: EifCommand,
}

const EXAMPLES: &str = "\
Examples:
  The PCRs that an enclave of an image has, and those of its parent instance:
    teeproof eif measure app.eif --role arn:aws:iam::123456789012:role/Webserver \\
      --instance i-0123456789abcdef0
  Whether a document is one of this image:
    teeproof eif match app.eif document.cose
  An image, the same bytes for the same files:
    teeproof eif build --kernel bzImage --cmdline 'console=ttyS0 panic=-1' --ramdisk init.cpio.gz \\
      --ramdisk app.cpio.gz -o app.eif";

#[derive(Debug, Subcommand)]
enum EifCommand {
    Build(Box<build::BuildArgs>),
    Show(show::ShowArgs),
    Measure(measure::MeasureArgs),
    Match(matching::MatchArgs),
    Sections(sections::SectionsArgs),
}

impl EifArgs {
    /// An image for build, an answer for the others.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            EifCommand::Build(_) => ProductForm::File,
            _ => ProductForm::Answer,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &EifArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        EifCommand::Build(args) => build::run(args, context),
        EifCommand::Show(args) => show::run(args, context),
        EifCommand::Measure(args) => measure::run(args, context),
        EifCommand::Match(args) => matching::run(args, context),
        EifCommand::Sections(args) => sections::run(args, context),
    }
}
