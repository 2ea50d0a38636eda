//! `teeproof verify`: evidence under endorsements, anchors, a nonce, a time and a policy.

mod each;

use serde::Serialize;
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
        let exit_code = exits::of_result(result);
        return Product::json(&Verification { result, exit_code }, exit_code);
    }
    Ok(Product::ending(page(result, asked, context), exits::of_result(result)))
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
