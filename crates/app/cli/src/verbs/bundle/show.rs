//! `teeproof bundle show`.

use clap::Args;
use serde::Serialize;
use teeproof_evidence::bundle::{Bundle, ReportAge};

use super::file::BundleFile;
use crate::input::source;
use crate::output::fault::Fault;
use crate::output::page::{LOUD, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// List the parts of a bundle without verifying them
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    named: BundleFile,
}

/// Runs the verb.
pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Product, Fault> {
    let bundle = args.named.read(context)?;
    let file = source::path_name(&args.named.bundle);
    let report = BundleJson::of(&file, &bundle);
    if context.is_json() {
        return Product::json(&report, 0);
    }
    Ok(Product::of(page(&report)))
}

/// The content of a bundle, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "BundleContent"))]
pub(crate) struct BundleJson<'a> {
    /// The form: `teeproof/bundle/2`.
    schema: &'static str,
    /// The file's name as it was given.
    file: &'a str,
    /// `not checked`: the bundle is not verified.
    status: &'static str,
    /// When it was collected, RFC 3339, as the bundle says.
    collected: String,
    /// `fresh` or `boot`: whether the report was fresh when it was collected or is of the last boot, as the bundle
    /// says; null where it does not say.
    report: Option<&'static str>,
    /// The program that collected it.
    tool: &'a str,
    /// The parts in order.
    parts: Vec<PartJson>,
    /// The identifiers that were replaced.
    redactions: Vec<RedactionJson>,
}

/// One part of a bundle.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "BundlePart"))]
struct PartJson {
    /// Its name in the bundle.
    name: String,
    /// What it is.
    kind: &'static str,
    /// Its size in bytes.
    bytes: usize,
    /// The SHA-256 of its bytes, in hex.
    sha256: String,
}

/// One replaced identifier.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Redaction"))]
struct RedactionJson {
    /// The kind of identifier.
    what: &'static str,
    /// The part's name.
    part: String,
    /// The first byte that was replaced, counted from 0.
    offset: usize,
    /// How many bytes were replaced.
    length: usize,
}

impl<'a> BundleJson<'a> {
    fn of(file: &'a str, bundle: &'a Bundle) -> Self {
        let collected = bundle.collected();
        let sha256 = teeproof_aws_lc::TABLE.sha256;
        Self {
            schema: "teeproof/bundle/2",
            file,
            status: "not checked",
            collected: collected.at.to_string(),
            report: collected.report.map(ReportAge::as_str),
            tool: &collected.tool,
            parts: bundle
                .named()
                .map(|(name, part)| PartJson {
                    name: name.to_string(),
                    kind: part.kind().as_str(),
                    bytes: part.bytes().len(),
                    sha256: teeproof_core::Hex(&sha256.digest(&[part.bytes()])).to_string(),
                })
                .collect(),
            redactions: bundle
                .redactions()
                .iter()
                .map(|one| RedactionJson {
                    what: one.what.as_str(),
                    part: one.part.to_string(),
                    offset: one.offset,
                    length: one.length,
                })
                .collect(),
        }
    }
}

fn page(report: &BundleJson<'_>) -> Page {
    let mut page = Page::new();
    let BundleJson { file, status, collected, tool, .. } = report;
    let age = report.report.map_or_else(String::new, |age| format!(", report: {age}"));
    page.line(format_args!("{file}: bundle, {status}"));
    page.line(format_args!("collected {collected} by {tool}{age}"));
    let width = report.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    for part in &report.parts {
        let short: String = part.sha256.chars().take(16).collect();
        page.add("  ").paint(NAME, format_args!("{:<width$}", part.name));
        page.line(format_args!("  {:>8} bytes  sha256 {short}…", part.bytes));
    }
    for one in &report.redactions {
        let RedactionJson { what, part, offset, length } = one;
        let end = offset.saturating_add(*length);
        page.paint(LOUD, "REPLACED").line(format_args!(" {what} in {part}, bytes {offset:#x}..{end:#x}"));
    }
    page
}
