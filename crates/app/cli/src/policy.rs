//! Appraisal policies: loading them, and `teeproof policy check`.

mod demands;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teeproof::Policy;

use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;
use crate::source::{self, Source};

/// Work with appraisal policies
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check policy files, and print what they demand and what they waive
    Check(CheckArgs),
}

/// The arguments of `policy check`.
#[derive(Debug, Args)]
struct CheckArgs {
    /// Policy files, or builtin:genuine; - is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the verb.
pub(crate) fn run(args: &PolicyArgs, context: &Context) -> Result<Product, Fault> {
    let PolicyCommand::Check(args) = &args.command;
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
    let text = show::human(&checked, context.quiet);
    Ok(Product { text, exit })
}

/// A policy, as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PolicyChoice {
    /// `builtin:genuine`.
    Genuine,
    /// A file.
    File(PathBuf),
}

impl PolicyChoice {
    /// Tells built-in policies from files.
    pub(crate) fn parse(named: &Path) -> Result<Self, Fault> {
        match named.to_str().and_then(|text| text.strip_prefix("builtin:")) {
            None => Ok(Self::File(named.to_path_buf())),
            Some("genuine") => Ok(Self::Genuine),
            Some(other) => Err(Fault::usage(
                format!("there is no built-in policy {other}"),
                "builtin:genuine is the one there is",
            )),
        }
    }
}

/// The policy itself.
pub(crate) fn load(choice: &PolicyChoice, source: &Source) -> Result<Policy, Fault> {
    match choice {
        PolicyChoice::Genuine => Ok(Policy::genuine()),
        PolicyChoice::File(path) => {
            let name = source::name(path);
            Policy::from_toml(&name, &text(path, source)?)
                .map_err(|error| Fault::policy(error).in_file(&name))
        }
    }
}

fn text(path: &Path, source: &Source) -> Result<String, Fault> {
    String::from_utf8(source.read(path)?).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        Fault::malformed(
            format!("not UTF-8 text at offset {offset:#x}, expected a policy in TOML"),
            "a policy is a text file; evidence is named as FILE of teeproof verify",
        )
        .in_file(source::name(path))
    })
}
