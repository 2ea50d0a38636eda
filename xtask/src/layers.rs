//! The layer check: the dependency graph that cargo resolved against the map, the manifest and `lib.rs` of each
//! crate against the rules of its room, and the modules of the command against theirs.

mod imports;
mod manifest;
mod map;
mod peers;

use crate::graph::{Graph, Package};
use crate::shell::{Outcome, root};
use map::{FOR_TESTS, MAP, OPTIONAL_CLOSURE, PURE_CLOSURE, Room, Row};

/// Checks every member; reports everything that is wrong at once.
pub(crate) fn run(_: &[&str]) -> Outcome {
    let graph = Graph::read()?;
    let members = graph.members();
    let mut wrong = Vec::new();
    for row in MAP {
        if !members.iter().any(|member| member.name == row.name) {
            wrong.push(format!("{}: on the map, not in the workspace", row.name));
        }
    }
    for member in &members {
        match MAP.iter().find(|row| row.name == member.name) {
            Some(row) => wrong.extend(faults(&graph, member, row)?),
            None => wrong.push(format!("{}: not on the map (xtask/src/layers/map.rs)", member.name)),
        }
    }
    wrong.extend(imports::check()?);
    wrong.extend(peers::check(&members)?);
    if wrong.is_empty() {
        println!("layers: {} crates where the map has them", members.len());
        return Ok(());
    }
    Err(format!("layers:\n  {}", wrong.join("\n  ")))
}

fn faults(graph: &Graph, member: &Package, row: &Row) -> Outcome<Vec<String>> {
    let mut wrong = place(member, row);
    wrong.extend(edges(member, row));
    wrong.extend(manifest::faults(member, row)?);
    if row.room == Room::Pure {
        wrong.extend(closure(graph, member));
        wrong.extend(build_script(member));
    }
    Ok(wrong.into_iter().map(|fault| format!("{}: {fault}", member.name)).collect())
}

/// A crate is in the folder of its room, and a room's folder has only crates of that room.
fn place(member: &Package, row: &Row) -> Vec<String> {
    let root = root();
    let path = member.manifest_path.strip_prefix(&root).unwrap_or(&member.manifest_path);
    let fits = row.room.folders().iter().any(|folder| path.starts_with(folder));
    if fits {
        Vec::new()
    } else {
        vec![format!("is {:?} on the map and lies at {}", row.room, path.display())]
    }
}

/// The edges between our own crates.
fn edges(member: &Package, row: &Row) -> Vec<String> {
    let mut wrong = Vec::new();
    for dependency in member.dependencies.iter().filter(|d| MAP.iter().any(|row| row.name == d.name)) {
        let name = dependency.name.as_str();
        let tests_only = dependency.kind.as_deref() == Some("dev");
        let in_tests = row.tests.contains(&name) || FOR_TESTS.contains(&name);
        let allowed = row.uses.contains(&name) || (tests_only && in_tests);
        if !allowed {
            wrong.push(format!("may not import {name}{}", if tests_only { " even in tests" } else { "" }));
        }
    }
    wrong
}

/// Everything that a pure crate depends on is on the list: the short one without optional features, and the one
/// of a feature where only that feature brings it in.
fn closure(graph: &Graph, member: &Package) -> Vec<String> {
    let ours = |name: &str| MAP.iter().any(|row| row.name == name);
    let optional = |name: &str| OPTIONAL_CLOSURE.iter().any(|(_, packages)| packages.contains(&name));
    let stranger = |name: &str| !ours(name) && !PURE_CLOSURE.contains(&name);
    let features: Vec<&str> = OPTIONAL_CLOSURE.iter().map(|(feature, _)| *feature).collect();
    let always = graph.closure(member, &features);
    let ever = graph.closure(member, &[]);
    let wrong_always = always.iter().filter(|(name, _)| stranger(name));
    let wrong_ever =
        ever.iter().filter(|(name, _)| !always.contains_key(*name) && stranger(name) && !optional(name));
    wrong_always
        .chain(wrong_ever)
        .map(|(_, path)| format!("depends on a package outside of the list: {path}"))
        .collect()
}

fn build_script(member: &Package) -> Vec<String> {
    let has = member.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "custom-build"));
    if has { vec!["a pure crate has no build script".into()] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Dependency;

    fn member(name: &str, path: &str, uses: &[(&str, Option<&str>)]) -> Package {
        let dependencies = uses.iter().map(|(name, kind)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            req: "*".to_owned(),
            optional: false,
            features: Vec::new(),
        });
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "0.0.0".to_owned(),
            manifest_path: root().join(path).join("Cargo.toml"),
            publish: None,
            targets: Vec::new(),
            features: Default::default(),
            dependencies: dependencies.collect(),
        }
    }

    fn row(name: &str) -> &'static Row {
        MAP.iter().find(|row| row.name == name).unwrap_or(&MAP[0])
    }

    #[test]
    fn an_upward_import_is_seen() {
        let upward = member("teeproof-wire", "crates/pure/wire", &[("teeproof-core", None)]);
        assert_eq!(edges(&upward, row("teeproof-wire")).len(), 1);
        let sideways = member("teeproof-snp", "crates/pure/snp", &[("teeproof-nitro", None)]);
        assert_eq!(edges(&sideways, row("teeproof-snp")).len(), 1);
        let downward =
            member("teeproof-snp", "crates/pure/snp", &[("teeproof-x509", None), ("zerocopy", None)]);
        assert!(edges(&downward, row("teeproof-snp")).is_empty());
    }

    #[test]
    fn evidence_makers_are_for_tests() {
        let shipped = member("teeproof-snp", "crates/pure/snp", &[("teeproof-mint", None)]);
        assert_eq!(edges(&shipped, row("teeproof-snp")).len(), 1);
        let tested = member("teeproof-snp", "crates/pure/snp", &[("teeproof-mint", Some("dev"))]);
        assert!(edges(&tested, row("teeproof-snp")).is_empty());
    }

    #[test]
    fn what_one_crate_imports_in_tests_is_for_its_tests() {
        let of =
            |name: &str, kind| edges(&member(name, "crates", &[("teeproof-vtpm", kind)]), row(name)).len();
        assert_eq!(of("teeproof-twin", Some("dev")), 0);
        assert_eq!(of("teeproof-twin", None), 1);
        assert_eq!(of("teeproof-snp", Some("dev")), 1);
    }

    #[test]
    fn a_crate_in_the_wrong_room_is_seen() {
        assert_eq!(place(&member("teeproof-snp", "crates/app/snp", &[]), row("teeproof-snp")).len(), 1);
        assert!(place(&member("teeproof-snp", "crates/pure/snp", &[]), row("teeproof-snp")).is_empty());
    }

    #[test]
    fn a_stranger_under_a_pure_crate_is_seen() {
        let graph = Graph::read().map(|graph| {
            let members = graph.members();
            let table = members.iter().find(|member| member.name == "teeproof-aws-lc");
            table.map(|table| closure(&graph, table))
        });
        // That table stands on a C library: it could never move to the pure room.
        let strangers = graph.ok().flatten().unwrap_or_default();
        assert!(strangers.iter().any(|road| road.contains("aws-lc-sys")), "{strangers:?}");
    }
}
