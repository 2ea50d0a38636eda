//! No verified type can be built, defaulted or deserialized from outside of its crate: each
//! program in `unforgeable/src` tries, and must be refused by the compiler for the reason that
//! its first line names. A control program shows that the attempts fail for that reason alone.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_types)]
#![allow(clippy::disallowed_methods, reason = "the test runs the compiler and reads files")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

type Errors = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_forgery_compiles() {
    let errors = compile();
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/unforgeable/src");
    let mut count = 0;
    for file in std::fs::read_dir(programs).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let expected = text.strip_prefix("//! expect: ").unwrap().split(' ').next().unwrap();
        let expected: BTreeSet<_> =
            Some(expected.to_owned()).filter(|code| code != "none").into_iter().collect();
        assert_eq!(errors.get(name).cloned().unwrap_or_default(), expected, "{name}");
        count += 1;
    }
    // Not by a macro: those are kept back for tests that pass.
    let line = format!("{count} programs, every forgery refused by the compiler\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    assert_eq!(count, 76);
}

/// Compiles every program and returns the error codes of each. What the other gates have compiled is used again.
fn compile() -> Errors {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../Cargo.toml");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["check", "--locked", "--keep-going", "--message-format=json", "--bins"])
        .args(["--package", "teeproof-unforgeable", "--features", "must-not-compile"])
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(target);
    // Build scripts would take the variables of this test's package for theirs, and run again.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    let output = cargo.output().unwrap();
    let mut errors = Errors::new();
    let mut control = false;
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        let name = message["target"]["name"].as_str().unwrap_or_default();
        control |= message["reason"] == "compiler-artifact" && name == "control";
        if message["message"]["level"] == "error"
            && let Some(code) = message["message"]["code"]["code"].as_str()
        {
            errors.entry(name.to_owned()).or_default().insert(code.to_owned());
        }
    }
    assert!(control, "the control program did not compile:\n{}", String::from_utf8_lossy(&output.stderr));
    errors
}
