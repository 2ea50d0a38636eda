//! `teeproof policy test`: a policy tried on evidence that is at hand.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::trial::{Case, TrialArgs};
use super::{PolicyChoice, load};
use crate::context::Context;
use crate::fault::Fault;
use crate::paint::printable;
use crate::product::Product;
use crate::tried::Tried;

/// Try a policy on evidence that you have
///
/// Each file is one machine's evidence that needs no other file, such as a bundle. No nonce is
/// asked for: all of it is old. The exit code is 0 if the policy accepts all of it, and 6 if not.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The policy: a TOML file, or builtin:genuine
    #[arg(value_name = "POLICY")]
    policy: PathBuf,

    /// Bundles, or other evidence that brings its endorsements along
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,

    #[command(flatten)]
    trial: TrialArgs,
}

/// Runs the verb.
pub(super) fn run(args: &TestArgs, context: &Context) -> Result<Product, Fault> {
    let policy = load(&PolicyChoice::parse(&args.policy)?, &context.source)?;
    let files = args.trial.read(&args.bundles, context)?;
    let trial = args.trial.of(&files, Some(&policy), context);
    let cases = files.iter().map(Case::of).collect::<Result<Vec<_>, _>>()?;
    let mut tried = Vec::new();
    for case in &cases {
        tried.push(Tried::of(case.name, &case.verify(&trial)?));
    }
    let accepted = tried.iter().filter(|one| one.is_accepted()).count();
    let exit = if accepted == tried.len() { 0 } else { 6 };
    if context.is_json() {
        let report = Report { schema: "teeproof/policy-test/1", policy: &policy.name, exit, files: tried };
        return Product::json(&report, exit);
    }
    let mut out = String::new();
    if !context.quiet {
        tried.iter().for_each(|one| one.tell(&mut out));
    }
    let name = printable(&policy.name);
    let _ = writeln!(out, "{name}: accepts {accepted} of {}", tried.len());
    Ok(Product::ending(out, exit))
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: &'static str,
    policy: &'a str,
    exit: u8,
    files: Vec<Tried<'a>>,
}
