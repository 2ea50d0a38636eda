//! `teeproof bundle export`.

use std::path::Path;

use clap::{Args, ValueHint};

use teeproof_evidence::bundle::Bundle;

use super::file::BundleFile;
use crate::output::fault::Fault;
use crate::output::files::path::OutputPath;
use crate::output::files::path::Placement;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Write the parts of a bundle as files, or convert it between CBOR and JSON
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    named: BundleFile,

    #[command(flatten)]
    target: Target,
}

/// The form of the output.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Write each part as a file into this directory, which is created; no file is overwritten
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<OutputPath>,

    /// Write the bundle as JSON
    #[arg(long)]
    json: bool,

    /// Write the bundle as deterministic CBOR
    #[arg(long)]
    cbor: bool,
}

/// Runs the verb.
pub(super) fn run(args: &ExportArgs, context: &Context) -> Result<Product, Fault> {
    let bundle = args.named.read(context)?;
    let Some(dir) = &args.target.dir else {
        let json = args.target.json;
        return Ok(if json {
            Product::json_text(&bundle.to_json())
        } else {
            Product::file(bundle.to_cbor())
        });
    };
    parts(&bundle, &dir.0, context)
}

/// Writes each part as a file. None gets its name before all are written.
fn parts(bundle: &Bundle, dir: &Path, context: &Context) -> Result<Product, Fault> {
    std::fs::create_dir_all(dir).map_err(|error| cannot(&error).in_file(dir.display()))?;
    let (mut names, mut files) = (Page::new(), Vec::new());
    for (name, bytes) in bundle.export() {
        let path = dir.join(&name);
        let mut file = context.open_entry(&path, Placement::NewOnly)?;
        file.put(&bytes)?;
        files.push(file);
        names.line(path.display());
    }
    Ok(Product::of(names).with_files(files))
}

fn cannot(error: &std::io::Error) -> Fault {
    Fault::usage(format!("cannot be written: {error}"), NEW)
}

const NEW: &str = "name a new directory, or an empty one";
