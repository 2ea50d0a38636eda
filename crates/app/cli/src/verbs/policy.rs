//! `teeproof policy`: appraisal policies checked, proposed and tested.

pub(crate) mod check;
mod measured_images;
mod recorded_evidence;
pub(crate) mod reference;
pub(crate) mod suggest;
mod test;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Check appraisal policies, propose them from evidence, and test them
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    Check(check::CheckArgs),
    Suggest(suggest::SuggestArgs),
    Test(test::TestArgs),
    /// Print the reference values of this version
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
