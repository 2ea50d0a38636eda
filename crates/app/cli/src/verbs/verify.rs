//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy.

mod each;

use teeproof::AttestationResult;

use crate::input::evidence_files::Files;
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::output::result_page;
use crate::settings::context::Context;
use crate::verification::args::VerifyArgs;
use crate::verification::request::Asked;

/// Runs the verb.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<Product, Fault> {
    let asked = Asked::read(args, context)?;
    if args.each {
        return each::run(args, &asked, context);
    }
    with_result(args, &asked, context, |result| told(result, &asked, context))
}

/// Verifies what the arguments name, and hands the result on, which borrows the files.
pub(crate) fn with_result<T>(
    args: &VerifyArgs,
    asked: &Asked<'_>,
    context: &Context,
    then: impl FnOnce(&AttestationResult<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let files = Files::read(&args.files, args.kind, &args.backing, context)?;
    let evidence = files.evidence()?;
    let certificates = files.certificates()?;
    let lists = files.revocation_lists()?;
    let anchors = files.anchors();
    let request = asked.request(&certificates, &lists, &anchors, files.inputs().warnings());
    let result = teeproof::verify(&evidence, &request)
        .map_err(|error| Fault::usage(error.to_string(), error.hint()).in_file(files.name()))?;
    then(&result)
}

/// The result as it was asked for.
fn told(result: &AttestationResult<'_>, asked: &Asked<'_>, context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        return Product::json(result, result.exit());
    }
    Ok(Product::ending(page(result, asked, context), result.exit()))
}

/// The result for people.
pub(crate) fn page(result: &AttestationResult<'_>, asked: &Asked<'_>, context: &Context) -> Page {
    result_page::page(result, asked.is_genuine(), context)
}
