//! `teeproof collect`: fresh evidence of the machine that this runs in, in one bundle.

mod azure;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Collect fresh evidence of the machine that this runs in
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    #[command(subcommand)]
    command: CollectCommand,
}

#[derive(Debug, Subcommand)]
enum CollectCommand {
    /// Of an Azure confidential VM, through its virtual TPM
    Azure(Box<azure::AzureArgs>),
}

/// Runs the verb.
pub(crate) fn run(args: &CollectArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        CollectCommand::Azure(args) => azure::run(args, context),
    }
}
