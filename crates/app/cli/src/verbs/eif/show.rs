//! `teeproof eif show`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde::Serialize;
use serde_json::Value;
use teeproof_eif::{ImageMetadata, KeptText, MAX_KEPT_BYTES, MeasuredImage};

use super::json::{MeasurementsJson, SectionJson, summary};
use super::signer::{SignatureJson, UNSIGNED};
use crate::input::image_file::{Wanted, measure_image};
use crate::input::source::path_name;
use crate::output::fault::Fault;
use crate::output::page::{DIM, LOUD, NAME, Page, WIDTH, labelled};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print header, sections, command line, metadata, PCRs and signature of an image
///
/// The signature is verified, with exit code 4 if it is invalid. Header and metadata are not measured by any PCR: anybody
/// can change them.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The image; - is standard input
    #[arg(value_name = "IMAGE", value_hint = ValueHint::FilePath)]
    image: PathBuf,
}

/// An image.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EifImage"))]
pub(crate) struct ShowJson<'a> {
    /// The form: `teeproof/eif-image/1`.
    schema: &'static str,
    /// The exit code of the command.
    exit_code: u8,
    /// The file's name as it was given.
    file: &'a str,
    /// The version of the format: 2, 3 or 4.
    version: u16,
    /// `x86_64` or `arm64`.
    architecture: &'static str,
    /// The default memory in bytes, which AWS does not use.
    default_memory: u64,
    /// The default number of processors, which AWS does not use.
    default_cpus: u64,
    /// The size of the image in bytes.
    bytes: u64,
    /// The checksum of the image, which matches: a number such as `0x0123abcd`.
    crc32: String,
    /// The sections in the order of the file.
    sections: Vec<SectionJson>,
    /// The command line, with bytes that are not UTF-8 replaced.
    command_line: String,
    /// Whether only the first 256 KiB of the command line are shown.
    command_line_is_cut: bool,
    /// The metadata, which no PCR measures; null of an image without them, and where they are not JSON.
    metadata: Option<Value>,
    /// Why the metadata are not as AWS specifies them; null where they are. An enclave of the image starts all the same.
    metadata_error: Option<String>,
    /// The PCRs, as nitro-cli prints them.
    #[serde(rename = "Measurements")]
    measurements: MeasurementsJson,
    /// The signature of the image; null of an image that is not signed.
    signature: Option<SignatureJson>,
}

impl<'a> ShowJson<'a> {
    fn of(file: &'a str, image: &MeasuredImage) -> Self {
        let header = image.header();
        let signature = SignatureJson::of(image);
        let (metadata, metadata_error) = metadata(image.metadata());
        let command_line = image.command_line();
        Self {
            schema: "teeproof/eif-image/1",
            exit_code: signature.as_ref().map_or(0, SignatureJson::exit),
            file,
            version: header.version(),
            architecture: header.architecture().as_str(),
            default_memory: header.default_memory(),
            default_cpus: header.default_cpus(),
            bytes: header.image_bytes(),
            crc32: format!("{:#010x}", header.crc()),
            sections: SectionJson::all(image),
            command_line: command_line
                .map(|text| String::from_utf8_lossy(text.bytes()).into_owned())
                .unwrap_or_default(),
            command_line_is_cut: command_line.is_some_and(KeptText::is_cut),
            metadata,
            metadata_error,
            measurements: MeasurementsJson::of(image),
            signature,
        }
    }
}

/// The metadata as JSON, and why they are not as AWS specifies them.
fn metadata(kept: Option<&KeptText>) -> (Option<Value>, Option<String>) {
    match kept {
        None => (None, None),
        Some(text) if text.is_cut() => {
            (None, Some(format!("more than {} KiB, which are not shown", MAX_KEPT_BYTES >> 10)))
        }
        Some(text) => {
            let error = ImageMetadata::parse(text.bytes()).err();
            (serde_json::from_slice(text.bytes()).ok(), error.map(|error| error.to_string()))
        }
    }
}

/// Runs the verb.
pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Product, Fault> {
    let wanted = Wanted { digests: false, texts: true };
    let image = measure_image(&args.image, wanted, &context.source)?;
    let file = path_name(&args.image);
    let json = ShowJson::of(&file, &image);
    if context.is_json() {
        return Product::json(&json, json.exit_code);
    }
    let mut page = Page::new();
    page.paint(NAME, &file).line(format_args!(": {}", summary(&image)));
    page.line(format_args!(
        "defaults   {} MiB, {} processors (not used by AWS)",
        json.default_memory >> 20,
        json.default_cpus
    ));
    page.line(format_args!("checksum   {}, matches", json.crc32));
    for section in &json.sections {
        let SectionJson { index, kind, offset, bytes, .. } = section;
        page.add(format_args!("section {index:>2} {kind:<12}  {bytes:>12} bytes at {offset:#x}  "));
        page.paint(DIM, section.measured_in()).end();
    }
    page.line(format_args!("cmdline    {}", json.command_line));
    print_metadata(&json, &mut page);
    for (pcr, value) in image.measurements().pcrs() {
        page.line(format_args!("PCR{pcr}       {}", teeproof_core::Hex(value)));
    }
    match &json.signature {
        Some(signature) => signature.print(&mut page),
        None => _ = page.line(UNSIGNED),
    }
    Ok(Product::ending(page, json.exit_code))
}

fn print_metadata(json: &ShowJson<'_>, page: &mut Page) {
    if let Some(error) = &json.metadata_error {
        labelled(page, (LOUD, "metadata:"), error, WIDTH, 0);
    }
    let Some(metadata) = &json.metadata else { return };
    let members: [(&str, &[&str]); 7] = [
        ("name", &["ImageName"]),
        ("version", &["ImageVersion"]),
        ("built", &["BuildMetadata", "BuildTime"]),
        ("tool", &["BuildMetadata", "BuildTool"]),
        ("tool version", &["BuildMetadata", "BuildToolVersion"]),
        ("system", &["BuildMetadata", "OperatingSystem"]),
        ("kernel", &["BuildMetadata", "KernelVersion"]),
    ];
    page.paint(NAME, "metadata").line(" (not measured: anybody can change them)");
    for (name, path) in members {
        let value = path.iter().try_fold(metadata, |value, member| value.get(member));
        if let Some(text) = value.and_then(Value::as_str) {
            page.line(format_args!("  {name:<12}  {text}"));
        }
    }
}
