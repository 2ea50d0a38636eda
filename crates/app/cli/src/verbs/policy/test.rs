//! `teeproof policy test`: a policy tried on evidence that is at hand.

use std::path::PathBuf;

use clap::Args;
use teeproof::AttestationResult;

use super::recorded_evidence::{Named, TrialArgs};
use crate::input::policy_file::{PolicyChoice, load};
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::page::{BAD, Page};
use crate::output::product::Product;
use crate::output::result_lines::{self, CautionCounts, FileJson, FilesJson, WaiverCounts};
use crate::settings::context::Context;

/// Try a policy on evidence that you have
///
/// Each file is one machine's evidence that needs no other file, such as a bundle. No nonce is
/// asked for: all of it is old. A file that cannot be read ends nothing. The exit code is 0 if the policy
/// accepts all of it, and otherwise the gravest of the files', as of verify --each.
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

/// How one file came out.
type Tried<'a> = Result<AttestationResult<'a>, Fault>;

/// Runs the verb.
pub(super) fn run(args: &TestArgs, context: &Context) -> Result<Product, Fault> {
    let policy = load(&PolicyChoice::parse(&args.policy)?, &context.source)?;
    let shared = args.trial.shared(context)?;
    let trial = args.trial.of(&shared, Some(&policy), context);
    let named = Named::read(&args.bundles, &shared, context);
    let cases: Vec<_> = named.iter().map(Named::case).collect();
    let tried = cases.iter().map(|case| match case {
        Ok(case) => case.verify(&trial),
        Err(fault) => Err(fault.clone()),
    });
    let tried: Vec<(&str, Tried<'_>)> = named.iter().map(|one| one.name.as_str()).zip(tried).collect();
    let exits = tried.iter().map(|(_, one)| one.as_ref().map_or_else(|fault| fault.exit, exits::of_result));
    let exit = exits.fold(0, exits::gravest);
    let mut cautions = CautionCounts::default();
    tried.iter().filter_map(|(_, one)| one.as_ref().ok()).for_each(|result| cautions.count(result));
    if context.is_json() {
        let files = tried.iter().map(|(file, one)| match one {
            Ok(result) => FileJson::verified(file, result),
            Err(fault) => FileJson::failed(file, fault),
        });
        let report = FilesJson {
            schema: "teeproof/policy-test/2",
            policy: Some(&policy.name),
            files: files.collect(),
            accepted: accepted(&tried),
            total: tried.len(),
            cautions: cautions.json(),
            exit_code: exit,
        };
        return Product::json(&report, exit);
    }
    Ok(Product::ending(page(&policy.name, &tried, cautions, context), exit))
}

/// How many the policy accepts.
fn accepted(tried: &[(&str, Tried<'_>)]) -> usize {
    let results = tried.iter().filter_map(|(_, one)| one.as_ref().ok());
    results.filter(|result| result.accepted().is_some()).count()
}

/// For people.
fn page(policy: &str, tried: &[(&str, Tried<'_>)], cautions: CautionCounts, context: &Context) -> Page {
    let mut page = Page::new();
    for (file, one) in tried.iter().filter(|_| !context.quiet) {
        match one {
            Ok(result) => result_lines::print(&mut page, file, result, context.verbose),
            Err(fault) => {
                page.paint(BAD, "✘").line(format_args!(" {file}  unreadable  exit {}", fault.exit));
                fault.below(&mut page);
            }
        }
    }
    page.add(format_args!("{policy}: accepts {} of {}", accepted(tried), tried.len()));
    cautions.print(&mut page);
    if context.quiet {
        // No line of a file says it.
        let mut waivers = WaiverCounts::default();
        tried.iter().filter_map(|(_, one)| one.as_ref().ok()).for_each(|result| waivers.count(result));
        waivers.print(&mut page);
    }
    page.end();
    page
}
