//! Rules for one crate's manifest and the head of its `lib.rs`.

use super::map::{NO_STD, Room, Row};
use crate::graph::Package;
use crate::shell::Outcome;
use std::path::Path;

/// What the manifest and `lib.rs` of a crate lack.
pub(super) fn faults(member: &Package, row: &Row) -> Outcome<Vec<String>> {
    let text = read(&member.manifest_path)?;
    let manifest: toml::Table =
        text.parse().map_err(|e| format!("{}: {e}", member.manifest_path.display()))?;
    let mut wrong = fields(&manifest, &member.name);
    let workshop = row.room == Room::Workshop;
    if workshop == member.is_published() {
        wrong.push("`publish = false` belongs to the workshop, and only there".into());
    }
    let library = member.targets.iter().find(|target| target.kind.iter().any(|kind| kind == "lib"));
    let no_std = NO_STD.contains(&row.name);
    match library {
        Some(library) => {
            let head: String = read(&library.src_path)?.split_whitespace().collect();
            if !workshop {
                wrong.extend(documentation(&manifest, &head));
            }
            if no_std {
                wrong.extend(without_std(&head, row.room == Room::Pure));
            }
        }
        None if no_std => wrong.push("has no library".into()),
        None => {}
    }
    Ok(wrong)
}

/// The lint table is inherited.
fn fields(manifest: &toml::Table, name: &str) -> Vec<String> {
    let inherits = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    if inherits.and_then(toml::Value::as_bool) == Some(true) || OWN_LINTS.contains(&name) {
        return Vec::new();
    }
    vec!["does not inherit the lints: `[lints] workspace = true`".into()]
}

/// docs.rs documents a published library with every feature, and names the feature of each item.
fn documentation(manifest: &toml::Table, head: &str) -> Vec<String> {
    let table = ["package", "metadata", "docs", "rs"]
        .iter()
        .try_fold(manifest, |table, key| table.get(*key).and_then(toml::Value::as_table));
    let every_feature = table.and_then(|table| table.get("all-features")).and_then(toml::Value::as_bool);
    let mut wrong = Vec::new();
    if every_feature != Some(true) {
        wrong.push("lacks `all-features = true` under `[package.metadata.docs.rs]`".into());
    }
    if !head.contains("#![cfg_attr(docsrs,feature(doc_cfg))]") {
        wrong.push("lib.rs lacks `#![cfg_attr(docsrs, feature(doc_cfg))]`".into());
    }
    wrong
}

/// The head of a `no_std` crate. The denied lints are for the pure room, where every number is untrusted input.
fn without_std(head: &str, denies: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if !head.contains("#![no_std]") {
        wrong.push("lib.rs lacks `#![no_std]`".into());
    }
    let list = head.split("#![deny(").nth(1).and_then(|rest| rest.split(")]").next()).unwrap_or_default();
    for lint in DENIED.iter().filter(|lint| denies && !list.split(',').any(|word| word == **lint)) {
        wrong.push(format!("lib.rs does not deny {lint}"));
    }
    wrong
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// Crates with unsafe code, each in one module; their manifests say why, and deny it elsewhere: an allocator and exported
/// functions; the ioctl of the driver nsm.
const OWN_LINTS: [&str; 2] = ["teeproof-nostd-proof", "teeproof-nsm"];

const DENIED: &[&str] =
    &["clippy::indexing_slicing", "clippy::arithmetic_side_effects", "clippy::as_conversions"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_library_without_metadata_for_docs_rs_is_seen() -> Outcome {
        let table = |text: &str| text.parse::<toml::Table>().map_err(|e| e.to_string());
        let bare = table("[package]\nname = \"a\"\n")?;
        let full = table("[package.metadata.docs.rs]\nall-features = true\n")?;
        let head = "#![no_std]#![cfg_attr(docsrs,feature(doc_cfg))]";
        assert_eq!(documentation(&bare, "#![no_std]").len(), 2);
        assert_eq!(documentation(&bare, head).len(), 1);
        assert_eq!(documentation(&full, "#![no_std]").len(), 1);
        assert!(documentation(&full, head).is_empty());
        Ok(())
    }

    #[test]
    fn a_pure_crate_that_denies_less_is_seen() {
        assert_eq!(without_std("", true).len(), 1 + DENIED.len());
        assert_eq!(without_std("#![no_std]", false).len(), 0);
        let head = format!("#![no_std]#![deny({})]", DENIED.join(","));
        assert!(without_std(&head, true).is_empty());
    }
}
