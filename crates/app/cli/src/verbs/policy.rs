//! Appraisal policies: loading them, and the verbs of `teeproof policy`.

mod check;
mod demands;
mod recorded_evidence;
mod reference;
mod show;
mod suggest;
mod test;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use teeproof::Policy;

use crate::input::source::{self, Source};
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
