//! `teeproof inspect`: every field of a structure by its specification's name. Nothing is checked,
//! and the output says so.

mod human;
mod tree;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use teeproof::{ReplayHashes, wire};
use teeproof_evidence::{Kind, Sniffed, sniff};

use crate::input::source;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;
use tree::{Node, Tree};

/// Print every field of a structure, checking nothing
///
/// Of an event log also the PCR values that its events make, bank by bank; of a CCEL the RTMRs.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Anything that verify takes: reports, quotes, logs, documents, certificates, bundles; - is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What the file is, whatever it looks like
    #[arg(long = "as", value_name = "KIND", value_parser = crate::verification::args::kind())]
    kind: Option<Kind>,
}

/// Runs the verb.
pub(crate) fn run(args: &InspectArgs, context: &Context) -> Result<Product, Fault> {
    let file = source::name(&args.file);
    let bytes = context.source.read(&args.file)?;
    let fault = |error| Fault::input(&error).in_file(&file);
    let sniffed = sniff(&bytes, args.kind).map_err(fault)?;
    let mut tree = Tree::default();
    let inspected = teeproof::inspect(&sniffed, &mut tree).map_err(fault)?;
    let hashes = ReplayHashes { crypto: &teeproof_aws_lc::TABLE, sha1: teeproof_aws_lc::SHA1 };
    teeproof::inspect_replay(&sniffed, &hashes, &mut tree);
    let inspection = Inspection::new(&file, &sniffed, inspected.flaw, tree.into_nodes());
    if context.is_json() {
        Product::json(&inspection, 0)
    } else {
        Ok(Product::of(human::page(&inspection, context.quiet)))
    }
}

/// What was told of a file.
#[derive(Debug, Serialize)]
struct Inspection<'a> {
    schema: &'static str,
    file: &'a str,
    kind: &'static str,
    encoding: &'static str,
    note: Option<&'static str>,
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    flaw: Option<Flaw>,
    structures: Vec<Node>,
}

impl<'a> Inspection<'a> {
    fn new(file: &'a str, sniffed: &Sniffed, flaw: Option<wire::Error>, structures: Vec<Node>) -> Self {
        Self {
            schema: "teeproof/inspection/1",
            file,
            kind: sniffed.kind.as_str(),
            encoding: sniffed.encoding.as_str(),
            note: sniffed.note,
            status: "not checked",
            warnings: sniffed.warnings.iter().map(ToString::to_string).collect(),
            flaw: flaw.map(Flaw::new),
            structures,
        }
    }
}

/// A rule that the structure breaks, though its fields can be told.
#[derive(Debug, Serialize)]
struct Flaw {
    what: &'static str,
    offset: usize,
    expected: &'static str,
    message: String,
}

impl Flaw {
    fn new(error: wire::Error) -> Self {
        Self { what: error.what, offset: error.offset, expected: error.expected, message: error.to_string() }
    }
}
