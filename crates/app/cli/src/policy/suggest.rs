//! `teeproof policy suggest`: a policy from evidence that a person trusts.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{AttestationResult, Proposal};

use super::trial::{Case, TrialArgs};
use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;

/// Propose a policy from evidence that you trust
///
/// Each file is one machine's evidence that needs no other file, such as a bundle. What all of
/// them have in common is pinned; what differs is listed and marked; what belongs to one machine
/// is waived. Only authentic evidence is learnt from.
#[derive(Debug, Args)]
pub(super) struct SuggestArgs {
    /// Bundles, or other evidence that brings its endorsements along
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,

    /// What results are to call the policy
    #[arg(long, value_name = "NAME", default_value = "proposed")]
    name: String,

    #[command(flatten)]
    trial: TrialArgs,
}

/// Runs the verb.
pub(super) fn run(args: &SuggestArgs, context: &Context) -> Result<Product, Fault> {
    if args.name.starts_with("builtin:") {
        return Err(Fault::usage(
            "--name: builtin: is kept for policies that are built in",
            "choose another",
        ));
    }
    let files = args.trial.read(&args.bundles, context)?;
    let trial = args.trial.of(&files, None, context);
    let cases = files.iter().map(Case::of).collect::<Result<Vec<_>, _>>()?;
    let results = cases.iter().map(|case| case.verify(&trial)).collect::<Result<Vec<_>, _>>()?;
    let proposal = Proposal::from_results(&args.name, &results).map_err(|error| {
        let name = cases.get(error.index).map_or("", |case| case.name);
        let exit = results.get(error.index).map_or(4, AttestationResult::exit);
        Fault::unlearnt(exit, error.to_string()).in_file(name)
    })?;
    for field in &proposal.differing {
        context.say(&format!("differs between the files: {field}"));
    }
    if context.is_json() {
        return Product::json(&Suggestion::of(&proposal), 0);
    }
    Ok(Product::of(proposal.toml))
}

/// For programs.
#[derive(Debug, Serialize)]
struct Suggestion<'a> {
    schema: &'static str,
    toml: &'a str,
    differing: &'a [String],
}

impl<'a> Suggestion<'a> {
    fn of(proposal: &'a Proposal) -> Self {
        Self { schema: "teeproof/policy-suggestion/1", toml: &proposal.toml, differing: &proposal.differing }
    }
}
