//! The workspace from `cargo metadata`: members, dependencies, and their closure.

use crate::shell::{Outcome, capture, cargo};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// What `cargo metadata` says, the parts that the tasks need.
#[derive(Deserialize)]
pub(crate) struct Graph {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

/// One package.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) manifest_path: PathBuf,
    /// `None` may be published anywhere, an empty list nowhere.
    pub(crate) publish: Option<Vec<String>>,
    pub(crate) targets: Vec<Target>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One crate of a package.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

/// One dependency as the manifest states it.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` is a normal one; `dev` and `build` are the others.
    pub(crate) kind: Option<String>,
    /// The versions that will do; `*` where the manifest states none.
    pub(crate) req: String,
}

impl Package {
    /// Whether a registry may ever carry it.
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Graph {
    /// Asks cargo.
    pub(crate) fn read() -> Outcome<Self> {
        Self::of(&mut cargo())
    }

    /// Asks cargo about the workspace that the command stands in.
    pub(crate) fn of(cargo: &mut Command) -> Outcome<Self> {
        let text = capture(cargo.args(["metadata", "--format-version", "1", "--locked"]))?;
        serde_json::from_str(&text).map_err(|e| format!("cargo metadata: {e}"))
    }

    /// The members of the workspace, in the order of their names.
    pub(crate) fn members(&self) -> Vec<&Package> {
        let mut members: Vec<&Package> =
            self.packages.iter().filter(|package| self.workspace_members.contains(&package.id)).collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }

    /// Everything that ends up in or builds a package, each with the road that leads to it;
    /// what only tests need is not followed.
    pub(crate) fn closure(&self, from: &Package) -> BTreeMap<&str, String> {
        let names: BTreeMap<&str, &str> =
            self.packages.iter().map(|p| (p.id.as_str(), p.name.as_str())).collect();
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut found = BTreeMap::new();
        let mut open = vec![(from.id.as_str(), from.name.clone())];
        while let Some((id, road)) = open.pop() {
            for edge in nodes.get(id).into_iter().flat_map(|node| &node.deps) {
                let name = names.get(edge.pkg.as_str()).copied().unwrap_or("?");
                let shipped = edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"));
                if shipped && !found.contains_key(name) {
                    let road = format!("{road} -> {name}");
                    found.insert(name, road.clone());
                    open.push((edge.pkg.as_str(), road));
                }
            }
        }
        found
    }
}
