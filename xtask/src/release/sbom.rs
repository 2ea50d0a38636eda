//! The bill of materials of the command, in CycloneDX's JSON: every package that is linked into it
//! or builds it, on any platform, as cargo resolves its features for the command alone. Two runs on
//! one commit give the same bytes, on any machine: no serial number, and the commit's own time.
//!
//! Ours and not a tool's: see docs/releasing.md.

use super::stage::Stage;
use crate::shell::{Outcome, capture, root};
use semver::Version;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Writes the bill to where a release's files are.
pub(super) fn write(stage: &Stage, version: &Version) -> Outcome<((), String)> {
    let everything = tree(stage, "normal,build")?;
    let linked = tree(stage, "normal,no-proc-macro")?;
    let sums = sums(&stage.read("Cargo.lock")?)?;
    let bill = Bill::new(&everything, &linked, &sums, &when(stage)?)?;
    let mut text = serde_json::to_string_pretty(&bill).map_err(|e| format!("JSON: {e}"))?;
    text.push('\n');
    if text.contains(root().to_string_lossy().as_ref()) || text.contains("file://") {
        return Err("the bill names a folder of this machine".to_owned());
    }
    let file = stage.files.join(format!("teeproof-{version}.cdx.json"));
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    let built = bill.components.iter().filter(|each| each.scope == Some("excluded")).count();
    let file = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
    Ok((
        (),
        format!(
            "{} packages under the command, {built} of them only build it: {file}",
            bill.components.len()
        ),
    ))
}

/// The time of the commit: the same wherever the bill is written.
fn when(stage: &Stage) -> Outcome<String> {
    let words = ["show", "--no-patch", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd", "HEAD"];
    Ok(capture(stage.git().env("TZ", "UTC").args(words))?.trim().to_owned())
}

/// What cargo says of the command's dependencies, one line each.
fn tree(stage: &Stage, edges: &str) -> Outcome<Tree> {
    let mut tree = stage.cargo();
    tree.args(["tree", "--locked", "--package", COMMAND, "--target", "all", "--edges", edges]);
    tree.args(["--charset", "ascii", "--prefix", "depth", "--format", "|{p}|{l}"]);
    Tree::parse(&capture(&mut tree)?)
}

/// Packages with their licences, and which imports which; the first one is the command.
struct Tree {
    licences: BTreeMap<Package, String>,
    imports: BTreeMap<Package, BTreeSet<Package>>,
}

/// A name and a version.
type Package = (String, String);

impl Tree {
    /// Each line begins with how deep it stands; what stands deeper is imported by what is above.
    fn parse(text: &str) -> Outcome<Self> {
        let mut tree = Self { licences: BTreeMap::new(), imports: BTreeMap::new() };
        let mut above: Vec<Package> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (depth, package, licence) = fields(line).ok_or_else(|| format!("cargo tree: `{line}`"))?;
            above.truncate(depth);
            if let Some(parent) = above.last() {
                tree.imports.entry(parent.clone()).or_default().insert(package.clone());
            }
            tree.imports.entry(package.clone()).or_default();
            tree.licences.insert(package.clone(), licence);
            above.push(package);
        }
        Ok(tree)
    }
}

/// `2|name v1.2.3 (more)|licence (*)`; the star marks what was listed before.
fn fields(line: &str) -> Option<(usize, Package, String)> {
    let mut parts = line.splitn(3, '|');
    let depth = parts.next()?.parse().ok()?;
    let mut words = parts.next()?.split(' ');
    let package = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
    let licence = parts.next()?.trim_end_matches(" (*)");
    // The old way to say "or".
    Some((depth, package, licence.replace('/', " OR ")))
}

/// The SHA-256 of each package that comes from the registry.
fn sums(lock: &str) -> Outcome<BTreeMap<Package, String>> {
    let lock: Lock = toml::from_str(lock).map_err(|e| format!("Cargo.lock: {e}"))?;
    let with_sum = |entry: Entry| Some(((entry.name, entry.version), entry.checksum?));
    Ok(lock.package.into_iter().filter_map(with_sum).collect())
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// The document, in the words of CycloneDX 1.6.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bill {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u8,
    metadata: Metadata,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Metadata {
    timestamp: String,
    component: Component,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Component {
    r#type: &'static str,
    bom_ref: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    licenses: [License; 1],
    purl: String,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct License {
    expression: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    r#ref: String,
    depends_on: Vec<String>,
}

impl Bill {
    fn new(all: &Tree, linked: &Tree, sums: &BTreeMap<Package, String>, timestamp: &str) -> Outcome<Self> {
        let (mut components, mut own) = (Vec::new(), None);
        for (package, licence) in &all.licences {
            let is_command = package.0 == COMMAND;
            let mut component = Component::new(package, licence, sums.get(package));
            if is_command {
                component.r#type = "application";
                own = Some(component);
            } else {
                component.scope =
                    Some(if linked.licences.contains_key(package) { "required" } else { "excluded" });
                components.push(component);
            }
        }
        let imports = all.imports.iter().map(|(package, imports)| Dependency {
            r#ref: purl(package),
            depends_on: imports.iter().map(purl).collect(),
        });
        let component = own.ok_or("cargo tree does not name the command")?;
        Ok(Self {
            bom_format: "CycloneDX",
            spec_version: "1.6",
            version: 1,
            metadata: Metadata { timestamp: timestamp.to_owned(), component },
            components,
            dependencies: imports.collect(),
        })
    }
}

impl Component {
    fn new(package: &Package, licence: &str, sum: Option<&String>) -> Self {
        let hash = |sum: &String| Hash { alg: "SHA-256", content: sum.clone() };
        Self {
            r#type: "library",
            bom_ref: purl(package),
            name: package.0.clone(),
            version: package.1.clone(),
            scope: None,
            hashes: sum.map(hash).into_iter().collect(),
            licenses: [License { expression: licence.to_owned() }],
            purl: purl(package),
        }
    }
}

/// The package's address in the notation that all registries share.
fn purl((name, version): &Package) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

const COMMAND: &str = "teeproof-cli";

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0|teeproof-cli v1.0.0 (file:///x)|MIT\n1|a v1.0.0|MIT/Apache-2.0\n2|b v2.0.0+x (proc-macro)|MIT\n\
        1|c v3.0.0|ISC\n2|a v1.0.0|MIT/Apache-2.0 (*)\n";

    fn package(name: &str, version: &str) -> Package {
        (name.to_owned(), version.to_owned())
    }

    #[test]
    fn depths_are_imports() {
        let tree = Tree::parse(TREE).unwrap_or(Tree { licences: BTreeMap::new(), imports: BTreeMap::new() });
        let imports =
            |of: Package| tree.imports.get(&of).cloned().unwrap_or_default().into_iter().collect::<Vec<_>>();
        assert_eq!(imports(package("teeproof-cli", "1.0.0")), [package("a", "1.0.0"), package("c", "3.0.0")]);
        assert_eq!(imports(package("c", "3.0.0")), [package("a", "1.0.0")]);
        assert_eq!(imports(package("a", "1.0.0")), [package("b", "2.0.0+x")]);
        assert_eq!(tree.licences.get(&package("a", "1.0.0")).map(String::as_str), Some("MIT OR Apache-2.0"));
        assert!(Tree::parse("x|y|z").is_err());
    }

    #[test]
    fn the_bill_says_where_each_package_ends_up() {
        let linked = TREE.replace("2|b v2.0.0+x (proc-macro)|MIT\n", "");
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nchecksum = \"00ff\"\n";
        let bill = Tree::parse(TREE)
            .and_then(|all| Bill::new(&all, &Tree::parse(&linked)?, &sums(lock)?, "2026-01-01T00:00:00Z"));
        let text = bill.map(|bill| serde_json::to_string(&bill).unwrap_or_default()).unwrap_or_default();
        assert!(text.contains("\"bom-ref\":\"pkg:cargo/b@2.0.0%2Bx\",\"name\":\"b\",\"version\":\"2.0.0+x\",\"scope\":\"excluded\""));
        assert!(
            text.contains("\"scope\":\"required\",\"hashes\":[{\"alg\":\"SHA-256\",\"content\":\"00ff\"}]")
        );
        assert!(text.contains("{\"ref\":\"pkg:cargo/c@3.0.0\",\"dependsOn\":[\"pkg:cargo/a@1.0.0\"]}"));
        assert!(!text.contains("file:"), "{text}");
    }
}
