//! Orphans: `.rs` files that no `mod` reaches, and so are neither compiled nor tested.

use super::rust::is_specimen;
use crate::graph::Graph;
use crate::shell::{Outcome, root};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The Rust files that no crate of the workspace reaches.
pub(super) fn find(files: &[PathBuf]) -> Outcome<Vec<String>> {
    let mut reached = BTreeSet::new();
    for member in Graph::read()?.members() {
        for target in &member.targets {
            walk(&target.src_path, true, &mut reached);
        }
    }
    let root = root();
    for target in OTHER_WORKSPACES {
        walk(&root.join(target), true, &mut reached);
    }
    let orphan = |file: &&PathBuf| {
        let name = file.to_string_lossy();
        name.ends_with(".rs") && !is_specimen(&name) && !reached.contains(&root.join(file))
    };
    Ok(files.iter().filter(orphan).map(|file| format!("{}: no `mod` reaches it", file.display())).collect())
}

/// The targets of the other workspaces, which `cargo metadata` does not list.
const OTHER_WORKSPACES: &[&str] = &[
    "peers/src/lib.rs",
    "peers/tests/differences/main.rs",
    "peers/benches/side_by_side.rs",
    "peers/nsm/src/main.rs",
];

fn walk(file: &Path, is_root: bool, reached: &mut BTreeSet<PathBuf>) {
    let Ok(text) = std::fs::read_to_string(file) else {
        return;
    };
    if !reached.insert(file.to_path_buf()) {
        return;
    }
    let folder = file.parent().unwrap_or(file);
    let own = is_root || file.file_name().is_some_and(|name| name == "mod.rs");
    let children = if own { folder.to_path_buf() } else { file.with_extension("") };
    let mut at = None;
    for line in text.lines().map(str::trim) {
        if let Some(path) = quoted(line, "#[path = \"").or_else(|| quoted(line, "include!(\"")) {
            at = Some(folder.join(path));
            if line.starts_with("include!") {
                walk(&folder.join(path), false, reached);
                at = None;
            }
        } else if let Some(name) = module(line) {
            match at.take() {
                Some(path) => walk(&path, true, reached),
                None => {
                    walk(&children.join(format!("{name}.rs")), false, reached);
                    walk(&children.join(name).join("mod.rs"), false, reached);
                }
            }
        }
    }
}

fn quoted<'a>(line: &'a str, head: &str) -> Option<&'a str> {
    line.strip_prefix(head)?.split('"').next()
}

/// The name in `mod name;`, whatever its visibility.
fn module(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.split_once("mod ")?;
    let before = before.trim();
    let plain = before.is_empty() || before == "pub" || (before.starts_with("pub(") && before.ends_with(')'));
    plain.then_some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_recognised() {
        assert_eq!(module("mod a;"), Some("a"));
        assert_eq!(module("pub(crate) mod a;"), Some("a"));
        assert_eq!(module("mod a {"), None);
        assert_eq!(module("let mod_ = 1;"), None);
    }

    #[test]
    fn a_file_that_nobody_names_is_seen() {
        let stray = PathBuf::from("xtask/src/nobody_names_me.rs");
        let known = PathBuf::from("xtask/src/tidy/orphans.rs");
        let found = find(&[stray, known]);
        assert_eq!(found, Ok(vec!["xtask/src/nobody_names_me.rs: no `mod` reaches it".to_owned()]));
    }
}
