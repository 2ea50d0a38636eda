//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy.

mod args;
mod asked;
mod each;
mod human;

pub(crate) use args::{VerifyArgs, kind};
pub(crate) use asked::{Asked, table};

use teeproof::AttestationResult;

use crate::context::Context;
use crate::fault::Fault;
use crate::files::Files;
use crate::page::Page;
use crate::product::Product;

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
    human::page(result, asked.is_genuine(), context)
}
