//! `teeproof completions`: what a shell needs to complete the command line.

use clap::{Args, ColorChoice};
use clap_complete::Shell;

use crate::cli;
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
pub(crate) fn run(args: &CompletionsArgs) -> Result<Product, Fault> {
    let mut script = Vec::new();
    let mut command = cli::command(ColorChoice::Never);
    clap_complete::generate(args.shell, &mut command, "teeproof", &mut script);
    String::from_utf8(script).map(Product::text).map_err(|_| Fault::internal("the script is not UTF-8 text"))
}
