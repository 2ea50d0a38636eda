//! Arguments of several verbs of `teeproof bundle`: the bundle that is read, and the form in which one is written.

use std::path::{Path, PathBuf};

use clap::Args;
use teeproof_evidence::bundle::{Bundle, BundleError};
use teeproof_evidence::{Sniffed, sniff};

use crate::input::source;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// The bundle that a verb reads.
#[derive(Debug, Args)]
pub(super) struct BundleFile {
    /// The bundle, CBOR or JSON; - is stdin
    #[arg(value_name = "BUNDLE")]
    pub(super) bundle: PathBuf,
}

impl BundleFile {
    pub(super) fn read(&self, context: &Context) -> Result<Bundle, Fault> {
        let bytes = context.source.read(&self.bundle)?;
        Bundle::parse(&bytes).map_err(|error| match sniff(&bytes, None) {
            // A single file of evidence is easily mistaken for a bundle.
            Ok(Sniffed { kind, .. }) if !kind.is_container() => {
                let message = format!("expected a bundle, got {}", kind.with_article());
                let hint = "make a bundle of it first: teeproof bundle create FILE… -o machine.bundle";
                Fault::malformed(message, hint).in_file(source::path_name(&self.bundle))
            }
            _ => bundle_fault(&error, &self.bundle),
        })
    }
}

/// The fault of a bundle that cannot be read or made.
pub(super) fn bundle_fault(error: &BundleError, file: &Path) -> Fault {
    Fault::bundle(error).in_file(source::path_name(file))
}

/// The form in which a bundle is written.
#[derive(Debug, Args)]
pub(super) struct BundleForm {
    /// Write the JSON form instead of CBOR
    #[arg(long)]
    json: bool,
}

impl BundleForm {
    pub(super) fn product(&self, bundle: &Bundle) -> Product {
        if self.json { Product::json_text(&bundle.to_json()) } else { Product::file(bundle.to_cbor()) }
    }
}
