//! `teeproof completions`: what a shell needs to complete the command line.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::output::fault::Fault;
use crate::output::product::Product;

/// Print the completion script of a shell
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the verb.
pub(crate) fn run(args: &CompletionsArgs, mut command: Command) -> Result<Product, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "teeproof", &mut script);
    String::from_utf8(script).map(Product::text).map_err(|_| Fault::internal("the script is not UTF-8 text"))
}
