//! `teeproof policy check`.

use std::path::PathBuf;

use clap::Args;
use teeproof::Policy;

use super::{PolicyChoice, show, text};
use crate::context::Context;
use crate::exits;
use crate::fault::Fault;
use crate::product::Product;
use crate::source;

/// Check policy files, and print what they demand and what they waive
///
/// A valid policy can still demand less than it seems to: it accepts debug mode, pins a PCR of zeros or one that
/// varies without any change of software, or says nothing of what runs. Each such rule is warned of.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy files, or builtin:genuine; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Exit with 6 where there is a warning
    #[arg(long)]
    strict: bool,
}

/// Runs the verb.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Product, Fault> {
    let mut checked = Vec::new();
    for file in &args.files {
        let choice = PolicyChoice::parse(file)?;
        let policy = match &choice {
            PolicyChoice::Genuine => Ok(Policy::genuine()),
            PolicyChoice::File(path) => Policy::from_toml(&source::name(path), &text(path, &context.source)?),
        };
        checked.push((source::name(file), policy));
    }
    let exits = checked.iter().map(|(_, policy)| match policy {
        Err(_) => 3,
        Ok(_) if args.strict && !show::warnings(policy).is_empty() => 6,
        Ok(_) => 0,
    });
    let exit = exits.fold(0, exits::gravest);
    if context.is_json() {
        return Product::json(&show::json(&checked, exit), exit);
    }
    Ok(Product::ending(show::page(&checked, context.quiet), exit))
}
