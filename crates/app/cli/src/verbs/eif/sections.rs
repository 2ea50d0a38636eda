//! `teeproof eif sections`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;

use super::json::{SectionJson, summary};
use crate::input::image_file::{Wanted, measure_image};
use crate::input::source::path_name;
use crate::output::fault::Fault;
use crate::output::page::{DIM, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print each section with its SHA-384
///
/// PCRs do not say where one section ends and the next begins: bytes moved from the kernel to the command line leave
/// PCR0, PCR1 and PCR2 as they are. The digests of the sections change.
#[derive(Debug, Args)]
pub(super) struct SectionsArgs {
    /// The image; - is standard input
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath)]
    image: PathBuf,
}

/// The sections of an image.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EifSections"))]
pub(crate) struct SectionsJson<'a> {
    /// The form: `teeproof/eif-sections/1`.
    schema: &'static str,
    /// The file's name as it was given.
    file: &'a str,
    /// The sections in the order of the file.
    sections: Vec<SectionJson>,
}

/// Runs the verb.
pub(super) fn run(args: &SectionsArgs, context: &Context) -> Result<Product, Fault> {
    let wanted = Wanted { digests: true, texts: false };
    let image = measure_image(&args.image, wanted, &context.source)?;
    let (file, sections) = (path_name(&args.image), SectionJson::all(&image));
    if context.is_json() {
        let schema = "teeproof/eif-sections/1";
        return Product::json(&SectionsJson { schema, file: &file, sections }, 0);
    }
    let mut page = Page::new();
    if !context.quiet {
        page.paint(NAME, &file).line(format_args!(": {}", summary(&image)));
    }
    for section in &sections {
        let SectionJson { index, kind, offset, bytes, .. } = section;
        page.add(format_args!("{index:>2}  {kind:<12}  {bytes:>12} bytes at {offset:#x}  "));
        page.paint(DIM, section.measured_in()).end();
        page.line(format_args!("    {}", section.sha384.as_deref().unwrap_or_default()));
    }
    Ok(Product::of(page))
}
