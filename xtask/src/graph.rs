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
    /// Without which it is not built.
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

/// One dependency as the manifest states it.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` is a normal one; `dev` and `build` are the others.
    pub(crate) kind: Option<String>,
    /// The versions that will do; `*` where the manifest states none.
    pub(crate) req: String,
    /// Whether only a feature of the package brings it in.
    pub(crate) optional: bool,
    /// Features of the dependency that the package requests.
    pub(crate) features: Vec<String>,
}

impl Package {
    /// Whether a registry may ever carry it.
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// Whether a dependency is there under these features alone, none of which is on by default.
    fn is_only_under(&self, name: &str, features: &[&str]) -> bool {
        let declared =
            self.dependencies.iter().filter(|d| d.name == name && d.kind.as_deref() != Some("dev"));
        let names_it = |item: &String| {
            let item = item.strip_prefix("dep:").unwrap_or(item);
            item.split(['/', '?']).next() == Some(name)
        };
        let mut bringing = self.features.iter().filter(|(_, items)| items.iter().any(names_it));
        declared.into_iter().all(|dependency| dependency.optional)
            && bringing.all(|(feature, _)| features.contains(&feature.as_str()))
            && !self.by_default().iter().any(|feature| features.contains(feature))
    }

    /// `default` and every feature that it switches on.
    fn by_default(&self) -> BTreeSet<&str> {
        let mut on = BTreeSet::new();
        let mut open = vec!["default"];
        while let Some(feature) = open.pop() {
            if on.insert(feature) {
                open.extend(self.features.get(feature).into_iter().flatten().map(String::as_str));
            }
        }
        on
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

    /// Every package that ends up in or builds a package, each with the path that leads to it. Dependencies of
    /// tests are not followed, nor what a member has only under one of the features `without`, unless another
    /// dependency in that closure switches the feature on.
    pub(crate) fn closure(&self, from: &Package, without: &[&str]) -> BTreeMap<&str, String> {
        let packages: BTreeMap<&str, &Package> = self.packages.iter().map(|p| (p.id.as_str(), p)).collect();
        let nodes: BTreeMap<&str, &Node> =
            self.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let mut found = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![(from, from.name.clone(), without)];
        while let Some((package, path, without)) = open.pop() {
            for edge in nodes.get(package.id.as_str()).into_iter().flat_map(|node| &node.deps) {
                let Some(next) = packages.get(edge.pkg.as_str()).copied() else { continue };
                let shipped = edge.dep_kinds.iter().any(|kind| kind.kind.as_deref() != Some("dev"));
                let off = self.workspace_members.contains(&package.id)
                    && !without.is_empty()
                    && package.is_only_under(&next.name, without);
                if !shipped || off {
                    continue;
                }
                let requested = package.dependencies.iter().filter(|d| d.name == next.name);
                let mut requested = requested.flat_map(|d| &d.features);
                let on = requested.any(|feature| without.contains(&feature.as_str()));
                let without = if on { &[] } else { without };
                if seen.insert((&next.id, without.is_empty())) {
                    let path = format!("{path} -> {}", next.name);
                    found.entry(next.name.as_str()).or_insert_with(|| path.clone());
                    open.push((next, path, without));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `front` has `extra` under a feature; `user` switches it on.
    fn graph(front_default: &str, user_features: &str) -> Outcome<Graph> {
        let package = |name: &str, features: &str, dependencies: &str| {
            format!(
                r#"{{"id":"{name}","name":"{name}","version":"1.0.0","manifest_path":"","publish":null,"targets":[],
                "features":{{{features}}},"dependencies":[{dependencies}]}}"#
            )
        };
        let node = |id: &str, uses: &str| {
            let deps = if uses.is_empty() { String::new() } else { edge(uses) };
            format!(r#"{{"id":"{id}","deps":[{deps}]}}"#)
        };
        fn edge(to: &str) -> String {
            format!(r#"{{"pkg":"{to}","dep_kinds":[{{"kind":null}}]}}"#)
        }
        let extra = r#"{"name":"extra","kind":null,"req":"1","optional":true,"features":[]}"#;
        let front = format!(
            r#"{{"name":"front","kind":null,"req":"1","optional":false,"features":[{user_features}]}}"#
        );
        let features = format!(r#""default":[{front_default}],"schema":["dep:extra"]"#);
        let text = format!(
            r#"{{"packages":[{},{},{}],"workspace_members":["front","user"],"resolve":{{"nodes":[{},{},{}]}}}}"#,
            package("extra", "", ""),
            package("front", &features, extra),
            package("user", "", &front),
            node("extra", ""),
            node("front", "extra"),
            node("user", "front"),
        );
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }

    #[test]
    fn a_package_under_a_feature_is_followed_only_where_the_feature_is_on() -> Outcome {
        let found = |default: &str, user: &str, without: &[&str]| -> Outcome<bool> {
            let graph = graph(default, user)?;
            let from = graph.packages.iter().find(|p| p.name == "user").ok_or("no user")?;
            Ok(graph.closure(from, without).contains_key("extra"))
        };
        assert!(found("", "", &[])?);
        assert!(!found("", "", &["schema"])?);
        assert!(found("", "", &["serde"])?);
        assert!(found("\"schema\"", "", &["schema"])?, "on by default");
        assert!(found("", "\"schema\"", &["schema"])?, "requested");
        Ok(())
    }
}
