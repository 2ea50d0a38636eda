//! The published crates in the order of publication: each after its dependencies.

use super::stage::Stage;
use crate::graph::{Dependency, Graph, Package};
use crate::shell::Outcome;
use semver::Version;

/// One crate that is published.
pub(super) struct Published {
    pub(super) name: String,
    pub(super) version: String,
    /// Whether it has an interface that others compile against.
    pub(super) is_library: bool,
}

impl Published {
    /// The name and the version, as files and folders carry it.
    pub(super) fn label(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// The crates in order, once every manifest says the version and imports only what can be had.
pub(super) fn in_order(stage: &Stage, version: &Version) -> Outcome<(Vec<Published>, String)> {
    let graph = Graph::of(&mut stage.cargo())?;
    let members = graph.members();
    let wrong = faults(&members, &version.to_string());
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    let mut open: Vec<&&Package> = members.iter().filter(|member| member.is_published()).collect();
    let mut done: Vec<Published> = Vec::new();
    while !open.is_empty() {
        let waits = |name: &str| open.iter().any(|package| package.name == name);
        let free =
            open.iter().position(|package| !package.dependencies.iter().any(|d| kept(d) && waits(&d.name)));
        let free = free.ok_or_else(|| format!("a circle among: {}", names(&open)))?;
        let package = open.remove(free);
        let is_library = package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "lib"));
        done.push(Published { name: package.name.clone(), version: package.version.clone(), is_library });
    }
    let list = done.iter().enumerate().map(|(at, each)| format!("{:>3}. {}", at + 1, each.label()));
    let text = format!("{} crates, in this order:\n{}", done.len(), list.collect::<Vec<_>>().join("\n"));
    Ok((done, text))
}

fn faults(members: &[&Package], version: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for member in members {
        if member.version != version {
            wrong.push(format!("{} has version {}", member.name, member.version));
        }
        for dependency in member.dependencies.iter().filter(|_| member.is_published()) {
            let Some(imported) = members.iter().find(|other| other.name == dependency.name) else {
                continue;
            };
            let fault = match () {
                () if !kept(dependency) => continue,
                () if !imported.is_published() => "which is never published",
                () if dependency.req != format!("^{version}") => "by another version",
                () => continue,
            };
            wrong.push(format!("{} imports {}, {fault} (`{}`)", member.name, imported.name, dependency.req));
        }
    }
    wrong
}

/// Whether the packed manifest still names it: an import of tests alone, without a version, is
/// left out by cargo.
fn kept(dependency: &Dependency) -> bool {
    dependency.kind.as_deref() != Some("dev") || dependency.req != "*"
}

fn names(packages: &[&&Package]) -> String {
    packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, imports: &[(&str, Option<&str>, &str)]) -> Package {
        let each = imports.iter().map(|(name, kind, req)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            req: (*req).to_owned(),
            optional: false,
            features: Vec::new(),
        });
        Package {
            id: name.to_owned(),
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            manifest_path: "Cargo.toml".into(),
            publish: if name == "private" { Some(Vec::new()) } else { None },
            targets: Vec::new(),
            features: Default::default(),
            dependencies: each.collect(),
        }
    }

    #[test]
    fn an_import_that_nobody_else_can_have_is_seen() {
        let base = package("base", &[("private", Some("dev"), "*")]);
        let private = package("private", &[("base", None, "*")]);
        assert!(faults(&[&base, &private], "1.0.0").is_empty());
        assert_eq!(faults(&[&base, &private], "1.0.1").len(), 2);
        for wrong in [
            ("private", Some("dev"), "^1.0.0"),
            ("private", None, "*"),
            ("base", None, "*"),
            ("base", None, "^0.9.0"),
        ] {
            let above = package("above", &[wrong]);
            assert_eq!(faults(&[&base, &private, &above], "1.0.0").len(), 1, "{wrong:?}");
        }
    }
}
