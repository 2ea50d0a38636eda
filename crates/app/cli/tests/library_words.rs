//! The words of the command stay out of the libraries: no option, exit code or verb in their texts.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "sources are files")]

use std::path::{Path, PathBuf};

/// Names of options that are other programs', as those write them.
const OTHERS: &[&str] = &["tpm2_quote --scheme"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether an option begins somewhere: two dashes, then a letter.
fn has_option(line: &str) -> bool {
    line.match_indices("--").any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at..].chars().nth(2);
        before != Some('-') && after.is_some_and(|letter| letter.is_ascii_lowercase())
    })
}

#[test]
fn libraries_name_no_option_and_no_exit_code() {
    let pure = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pure");
    let mut found = Vec::new();
    for name in ["core", "wire", "evidence", "x509", "snp", "tpm", "hcl", "nitro", "eif", "verifier"] {
        sources(&pure.join(name).join("src"), &mut found);
    }
    assert!(found.len() > 100, "{}", found.len());
    let mut wrong = Vec::new();
    for path in found {
        for (line, number) in std::fs::read_to_string(&path).unwrap().lines().zip(1..) {
            let others = OTHERS.iter().any(|text| line.contains(text));
            let said = has_option(line) && !others;
            if said || line.contains("exit code") {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a text names a verb of the command.
fn has_verb(line: &str) -> bool {
    let verbs = [
        "verify", "inspect", "explain", "collect", "bundle", "policy", "vtpm", "nsm", "seal", "doctor", "man",
    ];
    line.split("teeproof ").skip(1).any(|rest| {
        let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
        verbs.contains(&word.as_str())
    })
}

#[test]
fn libraries_name_no_verb() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for room in ["pure", "guest", "cloud"] {
        for entry in std::fs::read_dir(crates.join(room)).unwrap() {
            let folder = entry.unwrap().path().join("src");
            if folder.is_dir() {
                sources(&folder, &mut found);
            }
        }
    }
    assert!(found.len() > 150, "{}", found.len());
    let mut wrong = Vec::new();
    for path in found {
        for (line, number) in std::fs::read_to_string(&path).unwrap().lines().zip(1..) {
            if has_verb(line) && !line.trim_start().starts_with("//") {
                wrong.push(format!("{}:{number}: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_option_or_a_verb_is_seen() {
    assert!(has_option("give it with --anchor.") && has_option("\"--at now\""));
    assert!(has_verb("run teeproof doctor") && !has_verb("teeproof reads it"));
    assert!(!has_option("// ---- a rule") && !has_option("a -- b"));
}
