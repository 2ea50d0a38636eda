//! `teeproof man`: the manual, out of the same source as the command line.

use std::path::{Path, PathBuf};

use clap::{Args, ColorChoice};
use clap_mangen::Man;

use crate::cli;
use crate::fault::Fault;
use crate::page::Page;
use crate::product::Product;

/// Print the manual page, or write all of them to a directory
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Write the page of every verb to this directory
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
}

/// Runs the verb.
pub(crate) fn run(args: &ManArgs) -> Result<Product, Fault> {
    match &args.output_dir {
        None => page(),
        Some(directory) => pages(directory),
    }
}

fn page() -> Result<Product, Fault> {
    let mut roff = Vec::new();
    Man::new(cli::command(ColorChoice::Never))
        .render(&mut roff)
        .map_err(|error| Fault::internal(format!("the page cannot be written: {error}")))?;
    String::from_utf8(roff).map(Product::text).map_err(|_| Fault::internal("the page is not UTF-8 text"))
}

fn pages(directory: &Path) -> Result<Product, Fault> {
    clap_mangen::generate_to(cli::command(ColorChoice::Never), directory).map_err(|error| {
        Fault::usage(
            format!("the pages cannot be written: {error}"),
            "name a directory that exists and can be written with --output-dir",
        )
        .in_file(directory.display())
    })?;
    Ok(Product::of(Page::new()))
}
