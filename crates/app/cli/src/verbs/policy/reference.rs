//! `teeproof policy reference`: the reference values of this version.

use serde::Serialize;
use teeproof_core::Hex;
use teeproof_hcl::reference::{KNOWN, ReferenceValue};

use crate::output::fault::Fault;
use crate::output::page::{NAME, Page, WIDTH, wrap};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Runs the verb.
pub(super) fn run(context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        let values = KNOWN.iter().map(Row::of).collect();
        return Product::json(&ReferenceJson { schema: "teeproof/reference-values/2", values }, 0);
    }
    let mut page = Page::new();
    for value in KNOWN {
        print(&mut page, value);
    }
    Ok(Product::of(page))
}

/// The reference values, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "ReferenceValues"))]
pub(crate) struct ReferenceJson {
    /// The form: `teeproof/reference-values/2`.
    schema: &'static str,
    /// The values.
    values: Vec<Row>,
}

/// One reference value.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "ReferenceValue"))]
struct Row {
    /// The field of a policy that takes it.
    field: &'static str,
    /// The value in hex.
    value: String,
    /// The origin that it identifies.
    origin: &'static str,
    /// The product in words.
    product: &'static str,
    /// The guest SVNs of the evidence with this value.
    guest_svns: &'static [u32],
    /// The date of the evidence with this value.
    seen: &'static str,
    /// The source of that evidence.
    source: &'static str,
}

impl Row {
    fn of(value: &ReferenceValue) -> Self {
        Self {
            field: value.field.as_str(),
            value: Hex(&value.value).to_string(),
            origin: value.origin.as_str(),
            product: value.product,
            guest_svns: value.guest_svns,
            seen: value.seen,
            source: value.source,
        }
    }
}

/// The value in the form of a policy, and its source.
fn print(page: &mut Page, value: &ReferenceValue) {
    page.paint(NAME, value.product).line(format_args!(" ({})", value.origin.as_str()));
    page.line(format_args!("  {} = {{ exactly =", value.field.as_str()));
    page.line(format_args!("    \"{}\" }}", Hex(&value.value)));
    let svns: Vec<_> = value.guest_svns.iter().map(|svn| format!("{svn:#x}")).collect();
    let svns = if svns.is_empty() { String::new() } else { format!("guest SVN {}; ", svns.join(", ")) };
    let known = format!("{svns}seen {}; {}", value.seen, value.source);
    for line in wrap(&known, WIDTH.saturating_sub(2)) {
        page.add("  ").line(line);
    }
}
