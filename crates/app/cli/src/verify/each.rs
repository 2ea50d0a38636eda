//! `teeproof verify --each`: many files, each one machine's whole evidence, under one request.

mod crew;
mod one;
mod progress;
mod report;

use crate::context::Context;
use crate::fault::Fault;
use crate::files::Files;
use crate::product::Product;
use crate::source::is_stdin;

use super::VerifyArgs;
use super::asked::Asked;
use one::Job;
use progress::Progress;
use report::Report;

/// Verifies all files and tells each, in their order, as soon as those before it are told.
pub(super) fn run(args: &VerifyArgs, asked: &Asked<'_>, context: &Context) -> Result<Product, Fault> {
    if args.files.iter().any(|path| is_stdin(path)) {
        return Err(Fault::usage(
            "--each takes files, and standard input was named as one",
            "write it to a file, or leave --each out: then all that is named is one machine's",
        ));
    }
    let shared = Files::shared(&args.backing, context)?;
    let job = Job::new(args.kind, asked, &shared, context);
    let progress = Progress::new(args.files.len(), context.source.announces());
    let mut report = Report::begin(asked, context)?;
    progress.watched(|| {
        let work = |cache: &mut _, path: &_| {
            let told = job.told(path, cache);
            progress.count();
            told
        };
        crew::in_order(&args.files, work, |batch| progress.aside(|| report.tell(&batch)))
    })?;
    report.end()
}
