//! `teeproof collect azure`: report, quote, registers, boot log, certificates.

mod args;
mod gather;
mod tpm2_tools;

use teeproof_evidence::bundle::{Collection, ReportAge};

pub(super) use args::AzureArgs;

use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;
use args::Asked;

/// Runs the verb.
pub(super) fn run(args: &AzureArgs, context: &Context) -> Result<Product, Fault> {
    let asked = Asked::read(args, context)?;
    if args.explain {
        return Ok(Product::text(tpm2_tools::text(args, &asked)));
    }
    let inputs = gather::all(args, &asked, context)?;
    let collection = Collection {
        report: Some(if asked.fresh { ReportAge::Fresh } else { ReportAge::Boot }),
        nonce_in_user_data: asked.nonce_in_user_data(),
        ..Collection::at(now())
    };
    let bundle = inputs.into_bundle(collection).map_err(|error| Fault::bundle(&error))?;
    Ok(if args.json { Product::json_text(&bundle.to_json()) } else { Product::file(bundle.to_cbor()) })
}
