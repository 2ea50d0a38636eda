//! Types and traits of other packages in the public API of the pure crates, compared with a list: an embedder has
//! to follow each of those packages from one version to the next. Read from rustdoc's JSON, which needs nightly.

use crate::graph::Graph;
use crate::shell::{self, Outcome, target_dir};
use crate::{nightly, pure, skip};
use serde_json::Value;
use std::collections::BTreeSet;

/// Documents each crate with all features and compares; `--list` prints every place.
pub(crate) fn run(words: &[&str]) -> Outcome {
    if let Err(reason) = nightly::need(None) {
        skip::aloud("external-types", &reason);
        return Ok(());
    }
    let graph = Graph::read()?;
    let crates = pure::crates(&graph)?;
    let ours: BTreeSet<String> = crates.iter().map(|each| each.name.replace('-', "_")).collect();
    let mut found = BTreeSet::new();
    for each in &crates {
        let name = each.name.replace('-', "_");
        for use_of in uses(&json(&each.name, &name)?)? {
            if !STANDARD.contains(&use_of.package.as_str()) && !ours.contains(&use_of.package) {
                if words == ["--list"] {
                    println!("{name}: {}: {}", use_of.package, use_of.path);
                }
                found.insert((name.clone(), use_of.package));
            }
        }
    }
    compare(&found)
}

/// What was found and is not allowed, and what is allowed and was not found.
fn compare(found: &BTreeSet<(String, String)>) -> Outcome {
    let listed = |(name, package): &&(String, String)| {
        ALLOWED.iter().any(|row| row.0 == name.as_str() && row.1 == package.as_str())
    };
    let new = found.iter().filter(|pair| !listed(pair));
    let mut wrong: Vec<String> =
        new.map(|(name, package)| format!("{name}: {package} in its public API")).collect();
    for (name, package, _) in ALLOWED {
        if !found.contains(&((*name).to_owned(), (*package).to_owned())) {
            wrong.push(format!(
                "{name}: {package} is not in its public API any more: remove it from the list"
            ));
        }
    }
    if wrong.is_empty() {
        println!("external-types: {} packages in public APIs, each with its reason", ALLOWED.len());
        return Ok(());
    }
    let way = "cargo xtask external-types --list; the list is in xtask/src/external.rs";
    Err(format!("external-types:\n  {}\n({way})", wrong.join("\n  ")))
}

fn json(package: &str, name: &str) -> Outcome<Value> {
    let folder = target_dir().join("external");
    let mut doc = nightly::command("cargo");
    doc.args(["rustdoc", "--quiet", "--locked", "--lib", "--all-features", "-p", package]);
    doc.args(["--", "-Zunstable-options", "--output-format", "json", "--cap-lints", "allow"]);
    shell::run(doc.env("CARGO_TARGET_DIR", &folder))?;
    let file = folder.join("doc").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))
}

/// A type or trait of another package.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Use {
    package: String,
    path: String,
}

/// Every type and trait that the items mention. Private items, and what the compiler implements by
/// itself (`Send` and the like), are not among them.
fn uses(json: &Value) -> Outcome<BTreeSet<Use>> {
    let part =
        |name: &str| json.get(name).and_then(Value::as_object).ok_or(format!("rustdoc's JSON: no {name}"));
    let (index, paths, packages) = (part("index")?, part("paths")?, part("external_crates")?);
    let mut ids = BTreeSet::new();
    for item in index.values().filter(|item| item["crate_id"] == 0) {
        let implementation = &item["inner"]["impl"];
        if implementation["is_synthetic"] == true || !implementation["blanket_impl"].is_null() {
            continue;
        }
        mentioned(&item["inner"], &mut ids);
    }
    let mut found = BTreeSet::new();
    for path in ids.iter().filter_map(|id| paths.get(&id.to_string())) {
        let package =
            packages.get(&path["crate_id"].to_string()).and_then(|package| package["name"].as_str());
        let words = path["path"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(package) = package {
            let path = words.collect::<Vec<_>>().join("::");
            found.insert(Use { package: package.to_owned(), path });
        }
    }
    Ok(found)
}

/// The numbers of all types and traits in a value: whatever has both a path and an id.
fn mentioned(value: &Value, ids: &mut BTreeSet<u64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| mentioned(value, ids)),
        Value::Object(members) => {
            if let (Some(_), Some(id)) = (members.get("path"), members.get("id").and_then(Value::as_u64)) {
                ids.insert(id);
            }
            members.values().for_each(|value| mentioned(value, ids));
        }
        _ => {}
    }
}

const STANDARD: &[&str] = &["core", "alloc", "std"];

/// Crate, package, and why it may stand in the crate's public API.
const ALLOWED: &[(&str, &str, &str)] = &[
    ("teeproof", "serde_core", "the feature `serde`: results are written by whatever format the caller has"),
    ("teeproof", "schemars", "the feature `schema`: the JSON Schema of results"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_another_package_is_seen() -> Outcome {
        let json = serde_json::json!({
            "index": {
                "1": { "crate_id": 0, "inner": { "struct_field": { "resolved_path": { "path": "X", "id": 7 } } } },
                "2": { "crate_id": 0, "inner": { "impl": {
                    "is_synthetic": true, "blanket_impl": null, "trait": { "path": "Auto", "id": 8 } } } },
            },
            "paths": {
                "7": { "crate_id": 3, "path": ["other", "X"] },
                "8": { "crate_id": 3, "path": ["other", "Auto"] },
            },
            "external_crates": { "3": { "name": "other" } },
        });
        let expected = Use { package: "other".into(), path: "other::X".into() };
        assert_eq!(uses(&json)?, [expected].into());
        assert!(uses(&serde_json::json!({})).is_err());
        assert!(compare(&[("teeproof".into(), "other".into())].into()).is_err());
        Ok(())
    }
}
