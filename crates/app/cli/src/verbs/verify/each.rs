//! `teeproof verify --each`: many files, each one machine's whole evidence, under one request.

mod job;
mod progress;
mod report;
mod workers;

use crate::input::evidence_files::Files;
use crate::output::fault::Fault;
use crate::output::files::path::is_standard_stream;
use crate::output::product::Product;
use crate::settings::context::Context;

use crate::verification::args::VerifyArgs;
use crate::verification::request::Asked;
use job::Job;
use progress::Progress;
use report::Report;

/// Verifies all files and tells each, in their order, as soon as those before it are told.
pub(super) fn run(args: &VerifyArgs, asked: &Asked<'_>, context: &Context) -> Result<Product, Fault> {
    if args.files.iter().any(|path| is_standard_stream(path)) {
        return Err(Fault::usage(
            "--each takes files, and standard input was named as one",
            "write it to a file, or leave --each out: then all that is named is one machine's",
        ));
    }
    let shared = Files::shared(&args.backing, &context.source, &context.messages)?;
    let job = Job::new(args.kind, asked, &shared, context);
    let progress = Progress::new(args.files.len(), context.source.announces());
    let mut report = Report::begin(asked, context)?;
    progress.watched(|| {
        let work = |cache: &mut _, path: &_| {
            let told = job.told(path, cache);
            progress.count();
            told
        };
        workers::in_order(&args.files, work, |batch| progress.aside(|| report.tell(&batch)))
    })?;
    report.end()
}
