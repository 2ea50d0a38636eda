//! `teeproof inspect`: every field of a structure by its specification's name. Nothing is checked,
//! and the output says so.

mod human;
pub(crate) mod inspection;

use std::path::PathBuf;

use clap::Args;
use teeproof::ReplayHashes;
use teeproof_evidence::{InputKind, sniff};
use teeproof_wire::Describe;

use crate::input::evidence_files::kind;
use crate::input::image_file::{Wanted, is_image, measure_image};
use crate::input::source;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;
use inspection::{Inspection, Reader, Tree};

/// Print every field of a structure without verifying it
///
/// Of an event log also the PCR values that its events make, bank by bank; of a CCEL the RTMRs.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Anything that verify takes: reports, quotes, logs, documents, certificates, bundles; enclave images; - is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What the file is, whatever it looks like
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    kind: Option<InputKind>,
}

/// Runs the verb.
pub(crate) fn run(args: &InspectArgs, context: &Context) -> Result<Product, Fault> {
    let file = source::path_name(&args.file);
    if args.kind.is_none() && is_image(&args.file) {
        return image(args, &file, context);
    }
    let bytes = context.source.read(&args.file)?;
    let fault = |error| Fault::input(&error).in_file(&file);
    let sniffed = sniff(&bytes, args.kind).map_err(fault)?;
    let mut tree = tree(context);
    let inspected = teeproof::inspect(&sniffed, &mut tree).map_err(fault)?;
    let hashes = ReplayHashes { crypto: &teeproof_aws_lc::TABLE, sha1: teeproof_aws_lc::SHA1 };
    teeproof::inspect_replay(&sniffed, &hashes, &mut tree);
    product(&Inspection::new(&file, &sniffed, inspected.flaw, tree.into_nodes()), context)
}

/// An enclave image, which is read as a stream: it has hundreds of megabytes.
fn image(args: &InspectArgs, file: &str, context: &Context) -> Result<Product, Fault> {
    let wanted = Wanted { digests: true, texts: false };
    let image = measure_image(&args.file, wanted, &context.source)?;
    let mut tree = tree(context);
    image.describe(&mut tree);
    product(&Inspection::of_image(file, tree.into_nodes()), context)
}

fn tree(context: &Context) -> Tree {
    Tree::for_reader(if context.is_json() { Reader::Program } else { Reader::Person })
}

fn product(inspection: &Inspection<'_>, context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        Product::json(inspection, 0)
    } else {
        Ok(Product::of(human::page(inspection, context.quiet)))
    }
}
