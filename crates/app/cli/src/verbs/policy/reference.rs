//! `teeproof policy reference`: the reference values that ship with teeproof.

use serde::Serialize;
use teeproof::core::Hex;
use teeproof::hcl::reference::{KNOWN, ReferenceValue};

use crate::output::fault::Fault;
use crate::output::page::{NAME, Page, WIDTH, wrap};
use crate::output::product::Product;
use crate::settings::context::Context;

/// Runs the verb.
pub(super) fn run(context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        let values = KNOWN.iter().map(Row::of).collect();
        return Product::json(&Report { schema: "teeproof/reference-values/1", values }, 0);
    }
    let mut page = Page::new();
    for value in KNOWN {
        tell(&mut page, value);
    }
    Ok(Product::of(page))
}

#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    values: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    field: &'static str,
    value: String,
    origin: &'static str,
    product: &'static str,
    guest_svns: &'static [u32],
    seen: &'static str,
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

/// The value as a policy takes it, and what is known of it.
fn tell(page: &mut Page, value: &ReferenceValue) {
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
