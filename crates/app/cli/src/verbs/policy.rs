//! `teeproof policy`: appraisal policies checked, proposed and tested.

pub(crate) mod check;
mod recorded_evidence;
pub(crate) mod reference;
pub(crate) mod suggest;
mod test;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Work with appraisal policies
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check policy files: print what they demand and waive, and warn of what says too little
    Check(check::CheckArgs),
    /// Propose a policy from evidence that you trust
    Suggest(suggest::SuggestArgs),
    /// Try a policy on evidence that you have
    Test(test::TestArgs),
    /// Print the reference values that ship with teeproof
    Reference,
}

/// Runs the verb.
pub(crate) fn run(args: &PolicyArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        PolicyCommand::Check(args) => check::run(args, context),
        PolicyCommand::Suggest(args) => suggest::run(args, context),
        PolicyCommand::Test(args) => test::run(args, context),
        PolicyCommand::Reference => reference::run(context),
    }
}
