//! `teeproof policy check`.

use std::path::PathBuf;

use clap::Args;
use teeproof::Policy;

use super::{PolicyChoice, show, text};
use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;
use crate::source;

/// Check policy files, and print what they demand and what they waive
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Policy files, or builtin:genuine; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
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
    let exit = if checked.iter().all(|(_, policy)| policy.is_ok()) { 0 } else { 3 };
    if context.is_json() {
        return Product::json(&show::json(&checked, exit), exit);
    }
    Ok(Product::ending(show::page(&checked, context.quiet), exit))
}
