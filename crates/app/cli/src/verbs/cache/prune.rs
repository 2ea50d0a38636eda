//! `teeproof cache prune`.

use serde::Serialize;
use teeproof_endorse::Pruned;

use super::opened::{endorsements, is_missing, open, open_existing, size};
use crate::input::time::now;
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::settings::context::Context;

/// What was removed, as JSON.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "CachePrune"))]
pub(crate) struct PruneJson {
    /// The form: `teeproof/cache-prune/1`.
    schema: &'static str,
    /// The directory of the cache.
    directory: String,
    /// The number of endorsements that were removed.
    removed: usize,
    /// Their bytes.
    removed_bytes: u64,
    /// The number of endorsements that are left.
    left: usize,
}

/// Runs the verb.
pub(super) fn run(context: &Context) -> Result<Product, Fault> {
    let (existing, directory) = open_existing(context)?;
    let (mut pruned, mut left) = (Pruned::default(), 0);
    if existing.is_some() {
        let (cache, _) = open(context)?;
        pruned = cache.prune(now());
        left = cache.list().len();
    }
    if context.is_json() {
        let json = PruneJson {
            schema: "teeproof/cache-prune/1",
            directory,
            removed: pruned.entries,
            removed_bytes: pruned.bytes,
            left,
        };
        return Product::json(&json, 0);
    }
    if existing.is_none() {
        return Ok(Product::of(Page::of_line(is_missing(&directory))));
    }
    let line = format!(
        "removed {} of {}, left {left} in {directory}",
        endorsements(pruned.entries),
        size(pruned.bytes)
    );
    Ok(Product::of(Page::of_line(line)))
}
