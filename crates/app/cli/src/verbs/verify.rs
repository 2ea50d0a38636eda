//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy.

mod each;

use teeproof::AttestationResult;

use crate::output::exits;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;
use crate::verification::args::VerifyArgs;
use crate::verification::request::{Asked, page, with_result};

/// Runs the verb.
pub(crate) fn run(args: &VerifyArgs, context: &Context) -> Result<Product, Fault> {
    let asked = Asked::read(args, context)?;
    if args.each {
        return each::run(args, &asked, context);
    }
    with_result(args, &asked, context, |result| told(result, &asked, context))
}

/// The result as it was asked for.
fn told(result: &AttestationResult<'_>, asked: &Asked<'_>, context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        return Product::json(&exits::ResultJson::of(result), exits::of_result(result));
    }
    Ok(Product::ending(page(result, asked, context), exits::of_result(result)))
}
