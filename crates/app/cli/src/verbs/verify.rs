//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy; with `--each`, many files,
//! each the whole evidence of one machine.

mod file_outcome;
mod progress;
mod summary;
mod workers;

use serde::Serialize;
use teeproof::AttestationResult;

use crate::input::evidence_files::Files;
use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::verification::{RequestOptions, VerifyArgs, result_page, with_result};
use file_outcome::FileJob;
use progress::Progress;
use summary::Summary;

/// Runs the verb.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<Product, Fault> {
    let options = RequestOptions::from_args(args, context)?;
    if args.each {
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
fn verify_each(args: &VerifyArgs, options: &RequestOptions<'_>, context: &Context) -> Result<Product, Fault> {
    if args.files.iter().any(|path| is_standard_stream(path)) {
        return Err(Fault::usage(
            "--each takes files, and standard input was named as one",
            "write it to a file, or leave --each out: then all that is named is one machine's",
        ));
    }
    let shared = Files::shared(&args.backing, &context.source, &context.messages)?;
    let job = FileJob::new(args.kind, options, &shared, context);
    let progress = Progress::new(args.files.len(), context.source.announces());
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
