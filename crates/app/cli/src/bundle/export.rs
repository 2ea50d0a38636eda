//! `teeproof bundle export`.

use std::path::PathBuf;

use clap::Args;

use super::Named;
use crate::context::Context;
use crate::fault::Fault;
use crate::page::Page;
use crate::product::Product;

/// Write a bundle's parts as files of their own, or the bundle in its other form
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    named: Named,

    #[command(flatten)]
    target: Target,
}

/// Where it goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Write each part as a file into this directory, which is made; no file is overwritten
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

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
    std::fs::create_dir_all(dir).map_err(|error| cannot(&error).in_file(dir.display()))?;
    let mut told = Page::new();
    for (name, bytes) in bundle.export() {
        let path = dir.join(&name);
        let new = std::fs::File::create_new(&path);
        new.and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
            .map_err(|error| cannot(&error).in_file(path.display()))?;
        told.line(path.display());
    }
    Ok(Product::of(told))
}

fn cannot(error: &std::io::Error) -> Fault {
    Fault::usage(format!("cannot be written: {error}"), "name a new directory, or an empty one")
}
