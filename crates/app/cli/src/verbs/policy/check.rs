//! `teeproof policy check`.

use std::path::PathBuf;

use clap::Args;
use teeproof::Policy;

use super::show;
use super::show::Mistake;
use crate::input::policy_file::{PolicyChoice, text};
use crate::input::source;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

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
        let policy = match (checked_policy(&choice, context), args.files.as_slice()) {
            // A file alone that cannot be read ends the run as it does elsewhere.
            (Err(Mistake::Unreadable(fault)), [_]) => return Err(fault),
            (policy, _) => policy,
        };
        checked.push((source::name(file), policy));
    }
    let exits = checked.iter().map(|(_, policy)| match policy {
        Err(mistake) => mistake.exit(),
        Ok(_) if args.strict && !show::warnings(policy).is_empty() => 6,
        Ok(_) => 0,
    });
    let exit = exits.fold(0, exits::gravest);
    if context.is_json() {
        return Product::json(&show::json(&checked, exit), exit);
    }
    Ok(Product::ending(show::page(&checked, context.quiet), exit))
}

/// What one file holds. One that cannot be read ends nothing: the others are checked all the same.
fn checked_policy(choice: &PolicyChoice, context: &Context) -> Result<Policy, Mistake> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let text = text(path, &context.source).map_err(Mistake::Unreadable)?;
            Policy::from_toml(&source::name(path), &text).map_err(Mistake::NotAPolicy)
        }
    }
}
