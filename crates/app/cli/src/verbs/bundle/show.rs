//! `teeproof bundle show`.

use clap::Args;
use serde::Serialize;
use teeproof_evidence::bundle::{Bundle, ReportAge};

use super::arguments::Named;
use crate::input::source;
use crate::output::fault::Fault;
use crate::output::page::{LOUD, NAME, Page};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Print what a bundle holds, checking nothing
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    named: Named,
}

/// Runs the verb.
pub(super) fn run(args: &ShowArgs, context: &Context) -> Result<Product, Fault> {
    let bundle = args.named.read(context)?;
    let file = source::name(&args.named.bundle);
    let report = Report::of(&file, &bundle);
    if context.is_json() {
        return Product::json(&report, 0);
    }
    Ok(Product::of(page(&report)))
}

/// What a bundle holds.
#[derive(Debug, Serialize)]
struct Report<'a> {
    schema: &'static str,
    file: &'a str,
    status: &'static str,
    collected: String,
    report: Option<&'static str>,
    tool: &'a str,
    parts: Vec<PartReport>,
    redactions: Vec<RedactionReport>,
}

#[derive(Debug, Serialize)]
struct PartReport {
    name: String,
    kind: &'static str,
    bytes: usize,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct RedactionReport {
    what: &'static str,
    part: String,
    offset: usize,
    length: usize,
}

impl<'a> Report<'a> {
    fn of(file: &'a str, bundle: &'a Bundle) -> Self {
        let collected = bundle.collected();
        let sha256 = teeproof_aws_lc::TABLE.sha256;
        Self {
            schema: "teeproof/bundle/1",
            file,
            status: "not checked",
            collected: collected.at.to_string(),
            report: collected.report.map(|age| match age {
                ReportAge::Fresh => "fresh",
                ReportAge::Boot => "boot",
            }),
            tool: &collected.tool,
            parts: bundle
                .named()
                .map(|(name, part)| PartReport {
                    name: name.to_string(),
                    kind: part.kind.as_str(),
                    bytes: part.bytes.len(),
                    sha256: teeproof::core::Hex(&sha256.digest(&[&part.bytes])).to_string(),
                })
                .collect(),
            redactions: bundle
                .redactions()
                .iter()
                .map(|one| RedactionReport {
                    what: one.what.as_str(),
                    part: one.part.to_string(),
                    offset: one.offset,
                    length: one.length,
                })
                .collect(),
        }
    }
}

fn page(report: &Report<'_>) -> Page {
    let mut page = Page::new();
    let Report { file, status, collected, tool, .. } = report;
    let age = report.report.map_or_else(String::new, |age| format!(", the report is {age}"));
    page.line(format_args!("{file}: bundle, {status}"));
    page.line(format_args!("collected {collected} by {tool}{age}"));
    let width = report.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    for part in &report.parts {
        let short: String = part.sha256.chars().take(16).collect();
        page.add("  ").paint(NAME, format_args!("{:<width$}", part.name));
        page.line(format_args!("  {:>8} bytes  sha256 {short}…", part.bytes));
    }
    for one in &report.redactions {
        let RedactionReport { what, part, offset, length } = one;
        let end = offset.saturating_add(*length);
        page.paint(LOUD, "REPLACED").line(format_args!(" {what} in {part}, bytes {offset:#x}..{end:#x}"));
    }
    page
}
