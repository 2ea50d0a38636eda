//! `teeproof cache`: the endorsements on disk.

pub(crate) mod archive;
mod fleet;
pub(crate) mod list;
mod opened;
pub(crate) mod prefetch;
pub(crate) mod prune;
mod serve;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// List, fill, move and mirror the cache of fetched endorsements
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

const EXAMPLES: &str = "\
Examples:
  What the chips of a list need, and what there is then:
    teeproof cache prefetch fleet.txt
    teeproof cache list
  To a machine without a network:
    teeproof cache export -o endorsements.export
    teeproof cache import endorsements.export
  A mirror for the other programs of this machine:
    teeproof cache serve --listen 127.0.0.1:8081";

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// List the endorsements in the cache
    List,
    Prefetch(prefetch::PrefetchArgs),
    /// Remove what has expired, and what exceeds the limits of the cache
    Prune,
    Export(archive::ExportArgs),
    Import(archive::ImportArgs),
    Serve(serve::ServeArgs),
}

impl CacheArgs {
    /// A file for export, an answer for the others.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            CacheCommand::Export(_) => ProductForm::File,
            _ => ProductForm::Answer,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &CacheArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        CacheCommand::List => list::run(context),
        CacheCommand::Prefetch(args) => prefetch::run(args, context),
        CacheCommand::Prune => prune::run(context),
        CacheCommand::Export(args) => archive::export(args, context),
        CacheCommand::Import(args) => archive::import(args, context),
        CacheCommand::Serve(args) => serve::run(args, context),
    }
}
