//! `teeproof bundle show`.

use std::fmt::Write;

use clap::Args;
use serde::Serialize;
use teeproof::bundle::{Bundle, ReportAge};

use super::Named;
use crate::context::Context;
use crate::fault::Fault;
use crate::paint::{LOUD, NAME, paint, printable};
use crate::product::Product;
use crate::source;

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
    Ok(Product::of(human(&report)))
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

fn human(report: &Report<'_>) -> String {
    let mut out = String::new();
    let Report { file, status, collected, tool, .. } = report;
    let age = report.report.map_or_else(String::new, |age| format!(", the report is {age}"));
    let _ = writeln!(out, "{}: bundle, {status}", printable(file));
    let _ = writeln!(out, "collected {collected} by {}{age}", printable(tool));
    let width = report.parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    for part in &report.parts {
        let name = paint(NAME, &format!("{:<width$}", part.name));
        let short: String = part.sha256.chars().take(16).collect();
        let _ = writeln!(out, "  {name}  {:>8} bytes  sha256 {short}…", part.bytes);
    }
    for one in &report.redactions {
        let RedactionReport { what, part, offset, length } = one;
        let end = offset.saturating_add(*length);
        let _ = writeln!(out, "{} {what} in {part}, bytes {offset:#x}..{end:#x}", paint(LOUD, "REPLACED"));
    }
    out
}
