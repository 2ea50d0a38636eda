//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy; with `--each`, many files,
//! each the whole evidence of one machine.

mod file_outcome;
mod summary;
mod workers;

use clap::Args;
use serde::Serialize;
use teeproof::AttestationResult;

use crate::input::evidence_files::Files;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::product::Product;
use crate::output::progress::Progress;
use crate::settings::context::Context;
use crate::verification::{RequestOptions, VerificationArgs, result_page, with_result};
use file_outcome::FileJob;
use summary::Summary;

/// Verify evidence and appraise it under a policy
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    evidence: VerificationArgs,

    /// Verify each file by itself: each is the whole evidence of one machine, such as a bundle
    ///
    /// All files are verified under the same policy, time and nonce, on all cores. Each file gets a line, with
    /// its failed checks below; the last line has the totals. A file that cannot be read is reported and does
    /// not end the run. The exit code is 0 if all are accepted. Otherwise it is the gravest of the files'.
    /// Without a policy no file is accepted, and the exit code is 10 if nothing else is wrong.
    ///
    /// Exit codes by gravity: 1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0.
    #[arg(long)]
    each: bool,
}

const EXAMPLES: &str = "\
Examples:
  A report from a guest, with the VCEK, for the nonce that was sent to it:
    teeproof verify report.bin vcek.der --nonce hex:7b1e… --policy prod.toml
  A report alone, whose VCEK and revocation list are fetched from AMD, or from a mirror (--kds-url):
    teeproof verify report.bin --nonce hex:7b1e… --policy prod.toml --fetch
  An Azure VM with its vTPM's quote:
    teeproof verify hcl.bin quote.msg quote.sig pcrs.txt vcek.pem --nonce hex:7b1e… \\
      --policy prod.toml
  An archived Nitro document, at its own time:
    teeproof verify document.cose --no-nonce --at document --policy builtin:genuine
  A fleet, one bundle for each machine:
    teeproof verify --each fleet/*.bundle --no-nonce --policy prod.toml
  Claims without a policy, as JSON:
    teeproof verify document.b64 --no-nonce --format json";

/// Runs the verb.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<Product, Fault> {
    let VerifyArgs { evidence: args, each } = args;
    let options = RequestOptions::from_args(args, context)?;
    if *each {
        return verify_each(args, &options, context);
    }
    with_result(args, &options, context, |result| result_product(result, &options, context))
}

/// The result as a page or as JSON.
fn result_product(
    result: &AttestationResult<'_>,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Result<Product, Fault> {
    if context.is_json() {
        let exit_code = exits::of_result(result);
        return Product::json(&Verification { result, exit_code }, exit_code);
    }
    Ok(Product::ending(result_page(result, options, context), exits::of_result(result)))
}

/// One verification, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub(crate) struct Verification<'a> {
    #[serde(flatten)]
    result: &'a AttestationResult<'a>,
    /// The exit code of the command.
    exit_code: u8,
}

/// Verifies all files and prints each, in their order, as soon as those before it are printed.
fn verify_each(
    args: &VerificationArgs,
    options: &RequestOptions<'_>,
    context: &Context,
) -> Result<Product, Fault> {
    if args.files.iter().any(|path| is_standard_stream(path)) {
        return Err(Fault::usage(
            "--each takes files, and standard input was named as one",
            "write it to a file, or leave --each out: then all that is named is one machine's",
        ));
    }
    let shared = Files::shared(&args.backing, &context.source, &context.messages)?;
    let job = FileJob::new(args.kind, options, &shared, context);
    let progress = Progress::new(args.files.len(), "files", context.source.announces());
    let mut summary = Summary::begin(options, context)?;
    progress.watched(|| {
        let work = |cache: &mut _, path: &_| {
            let outcome = job.outcome(path, cache);
            progress.count();
            outcome
        };
        workers::in_order(&args.files, work, |batch| progress.aside(|| summary.add(&batch)))
    })?;
    summary.end()
}
