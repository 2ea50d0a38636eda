//! `teeproof policy test`: recorded evidence appraised under a policy.

use std::path::PathBuf;

use clap::Args;
use teeproof::AttestationResult;

use super::recorded_evidence::{RecordedArgs, RecordedFile};
use crate::input::policy_file::{PolicyChoice, load_policy};
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::page::{BAD, Page};
use crate::output::product::Product;
use crate::output::result_lines::{self, CautionCounts, FileJson, FilesJson, WaiverCounts};
use crate::settings::context::Context;

/// Appraise recorded evidence under a policy
///
/// Each file is the whole evidence of one machine, such as a bundle. No nonce is required, because the evidence is
/// old. A file that cannot be read does not end the run. The exit code is 0 if the policy accepts all files, and
/// otherwise the gravest of the files', as of verify --each.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The policy: a TOML file, or builtin:genuine
    #[arg(value_name = "POLICY")]
    policy: PathBuf,

    /// Bundles, or other files of evidence that contain their endorsements
    #[arg(required = true, value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,

    #[command(flatten)]
    recorded: RecordedArgs,
}

/// The outcome of one file.
type FileOutcome<'a> = Result<AttestationResult<'a>, Fault>;

/// Runs the verb.
pub(super) fn run(args: &TestArgs, context: &Context) -> Result<Product, Fault> {
    let policy = load_policy(&PolicyChoice::parse(&args.policy)?, &context.source)?;
    let shared = args.recorded.shared(context)?;
    let request = args.recorded.request(&shared, Some(&policy), context);
    let files = RecordedFile::read_all(&args.bundles, &shared, context);
    let parsed: Vec<_> = files.iter().map(RecordedFile::parsed).collect();
    let outcomes = parsed.iter().map(|one| match one {
        Ok(evidence) => evidence.verify(&request),
        Err(fault) => Err(fault.clone()),
    });
    let outcomes: Vec<(&str, FileOutcome<'_>)> =
        files.iter().map(|one| one.name.as_str()).zip(outcomes).collect();
    let exits =
        outcomes.iter().map(|(_, one)| one.as_ref().map_or_else(|fault| fault.exit, exits::of_result));
    let exit = exits.fold(0, exits::gravest);
    let mut cautions = CautionCounts::default();
    outcomes.iter().filter_map(|(_, one)| one.as_ref().ok()).for_each(|result| cautions.count(result));
    if context.is_json() {
        let entries = outcomes.iter().map(|(file, one)| match one {
            Ok(result) => FileJson::verified(file, result),
            Err(fault) => FileJson::failed(file, fault),
        });
        let report = FilesJson {
            schema: "teeproof/policy-test/2",
            policy: Some(&policy.name),
            files: entries.collect(),
            accepted: accepted(&outcomes),
            total: outcomes.len(),
            cautions: cautions.json(),
            exit_code: exit,
        };
        return Product::json(&report, exit);
    }
    Ok(Product::ending(page(&policy.name, &outcomes, cautions, context), exit))
}

/// The number of files that the policy accepts.
fn accepted(outcomes: &[(&str, FileOutcome<'_>)]) -> usize {
    let results = outcomes.iter().filter_map(|(_, one)| one.as_ref().ok());
    results.filter(|result| result.accepted().is_some()).count()
}

/// The outcomes as a page.
fn page(
    policy: &str,
    outcomes: &[(&str, FileOutcome<'_>)],
    cautions: CautionCounts,
    context: &Context,
) -> Page {
    let mut page = Page::new();
    for (file, one) in outcomes.iter().filter(|_| !context.quiet) {
        match one {
            Ok(result) => result_lines::print(&mut page, file, result, context.verbose),
            Err(fault) => {
                page.paint(BAD, "✘").line(format_args!(" {file}  unreadable  exit {}", fault.exit));
                fault.print_below(&mut page);
            }
        }
    }
    page.add(format_args!("{policy}: accepts {} of {}", accepted(outcomes), outcomes.len()));
    cautions.print(&mut page);
    if context.quiet {
        // The lines of files, which are not printed, would have it.
        let mut waivers = WaiverCounts::default();
        outcomes.iter().filter_map(|(_, one)| one.as_ref().ok()).for_each(|result| waivers.count(result));
        waivers.print(&mut page);
    }
    page.end();
    page
}
