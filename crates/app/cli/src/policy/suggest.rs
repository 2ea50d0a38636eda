//! `teeproof policy suggest`: a policy from evidence that a person trusts.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{AttestationResult, Caution, Proposal};

use super::trial::{Case, Named, Trial, TrialArgs};
use crate::context::Context;
use crate::exits;
use crate::fault::Fault;
use crate::page::Page;
use crate::product::Product;
use crate::tried::{self, CautionCounts};

/// Propose a policy from evidence that you trust
///
/// Each file is one machine's evidence that needs no other file, such as a bundle. What all of
/// them have in common is pinned; what differs is listed and marked; what belongs to one machine
/// is waived. Only authentic evidence is learnt from; where some is not, the exit code is the gravest of the
/// files', as of verify --each.
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
    let shared = args.trial.shared(context)?;
    let trial = args.trial.of(&shared, None, context);
    let named = Named::read(&args.bundles, &shared, context);
    let cases: Vec<_> = named.iter().map(Named::case).collect();
    let results: Vec<_> =
        named.iter().zip(&cases).map(|(one, case)| authentic(&one.name, case, &trial)).collect();
    let results = all(results, context)?;
    let mut cautions = CautionCounts::default();
    results.iter().for_each(|result| cautions.count(result));
    let proposal = Proposal::from_results(&args.name, &results).map_err(|error| {
        let name = named.get(error.index).map_or("", |one| one.name.as_str());
        Fault::unlearnt(4, error.to_string()).in_file(name)
    })?;
    for field in &proposal.differing {
        context.say(&format!("differs between the files: {field}"));
    }
    let toml = headed(cautions, results.len(), &proposal.toml);
    if context.is_json() {
        let files =
            named.iter().zip(&results).map(|(one, result)| Learnt { file: &one.name, result }).collect();
        return Product::json(
            &Suggestion {
                schema: "teeproof/policy-suggestion/1",
                cautions: cautions.json(),
                toml: &toml,
                differing: &proposal.differing,
                files,
            },
            0,
        );
    }
    if !context.quiet {
        let mut page = Page::new();
        named
            .iter()
            .zip(&results)
            .for_each(|(one, result)| tried::tell(&mut page, &one.name, result, context.verbose));
        context.insist(&page);
    }
    Ok(Product::text(toml))
}

/// The result of evidence that can be learnt from.
fn authentic<'r>(
    name: &str,
    case: &'r Result<Case<'_>, Fault>,
    trial: &'r Trial<'_>,
) -> Result<AttestationResult<'r>, Fault> {
    let result = case.as_ref().map_err(Clone::clone)?.verify(trial)?;
    match result.authentic() {
        Some(_) => Ok(result),
        None => {
            let mut reasons = result.failures().filter_map(|finding| finding.because.as_deref());
            let reason = reasons.next().unwrap_or("see teeproof verify");
            let what = format!("the evidence is not authentic, so nothing can be learnt from it: {reason}");
            Err(Fault::unlearnt(result.exit(), what).in_file(name))
        }
    }
}

/// All of them, or the gravest fault; the others are said.
fn all<T>(results: Vec<Result<T, Fault>>, context: &Context) -> Result<Vec<T>, Fault> {
    let (mut good, mut gravest) = (Vec::new(), None::<Fault>);
    let mut others = Page::new();
    for result in results {
        match (result, gravest.take()) {
            (Ok(one), before) => {
                good.push(one);
                gravest = before;
            }
            (Err(fault), None) => gravest = Some(fault),
            (Err(fault), Some(before)) => {
                let graver = exits::gravest(before.exit, fault.exit) != before.exit;
                let (first, second) = if graver { (fault, before) } else { (before, fault) };
                others.append(&second.to_page());
                gravest = Some(first);
            }
        }
    }
    if !context.is_json() {
        context.insist(&others);
    }
    gravest.map_or(Ok(good), Err)
}

/// The proposal, whose first line says what makes the evidence less than it looks.
fn headed(cautions: CautionCounts, total: usize, toml: &str) -> String {
    let told: Vec<_> = cautions
        .iter()
        .filter(|(caution, _)| *caution != Caution::Archived)
        .map(|(caution, count)| format!("{caution} ({count} of {total})"))
        .collect();
    if told.is_empty() { toml.to_owned() } else { format!("# {}\n{toml}", told.join(", ")) }
}

/// For programs.
#[derive(Serialize)]
struct Suggestion<'a> {
    schema: &'static str,
    cautions: serde_json::Map<String, serde_json::Value>,
    toml: &'a str,
    differing: &'a [String],
    files: Vec<Learnt<'a>>,
}

/// What a file that was learnt from came to.
#[derive(Serialize)]
struct Learnt<'a> {
    file: &'a str,
    result: &'a AttestationResult<'a>,
}
