//! The programs that measure: ours together with the published verifiers, in as many builds as
//! these need, or ours alone where none of them can be built.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::record::Skipped;
use xtask_support::apt;
use xtask_support::setup;
use xtask_support::shell::{Outcome, capture, cargo, root, target_dir};

/// One program that was built, and how it is started.
pub(crate) struct Program {
    path: PathBuf,
    words: &'static [&'static str],
    /// What the system's clock has to say, for a peer that asks it.
    clock: &'static str,
    /// What it leaves out that it would measure elsewhere.
    missing: Vec<Skipped>,
}

/// Builds everything before anything is measured.
pub(crate) fn build() -> Outcome<Vec<Program>> {
    let packages = setup::need(&[setup::STACK, setup::OPENSSL]);
    let azure: &[&str] = if packages.is_ok() { &["--features", "azure"] } else { &[] };
    let first = match side_by_side(azure) {
        Ok(path) => Program { path, words: &[], clock: AZURE_TIME, missing: Vec::new() },
        Err(reason) => return Ok(vec![ours_alone(&reason)?]),
    };
    // The crate sev refuses to be built on two cryptographies at once.
    let openssl = packages.and_then(|()| side_by_side(&["--no-default-features", "--features", "openssl"]));
    let (path, missing) = match openssl {
        Ok(path) => (path, Vec::new()),
        Err(reason) => (first.path.clone(), vec![skip("what stands on OpenSSL", &reason)]),
    };
    Ok(vec![first, Program { path, words: &["--second"], clock: NITRO_TIME, missing }])
}

/// What could not be built.
pub(crate) fn missing(programs: &[Program]) -> Vec<Skipped> {
    programs.iter().flat_map(|program| program.missing.clone()).collect()
}

/// Ours and the peers, with these features of theirs.
fn side_by_side(features: &[&str]) -> Outcome<PathBuf> {
    let mut build = cargo();
    build.current_dir(root().join("peers"));
    build.args(["build", "--release", "--locked", "--bench", "side_by_side"]).args(features);
    built(&mut build, "side_by_side")
}

fn ours_alone(reason: &str) -> Outcome<Program> {
    let missing = vec![skip("every published verifier", reason)];
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "-p", "teeproof-benches", "--bin", "rounds"]);
    Ok(Program { path: built(&mut build, "rounds")?, words: &[], clock: AZURE_TIME, missing })
}

fn skip(what: &str, why: &str) -> Skipped {
    eprintln!("*** SKIPPED: {what}: {why}");
    // A reason may be a whole page of a compiler's; the first line says which.
    let why = why.lines().next().unwrap_or_default();
    Skipped { what: what.to_owned(), why: why.to_owned() }
}

/// Builds, and gives back where the program is.
fn built(build: &mut Command, name: &str) -> Outcome<PathBuf> {
    build.env("CARGO_TARGET_DIR", target_dir());
    eprintln!("$ building {name}");
    let messages = capture(build.arg("--message-format=json-render-diagnostics"))?;
    executable(&messages, name).ok_or_else(|| format!("cargo does not say where `{name}` is"))
}

/// Where cargo's messages say that the program is.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message.get("target")?.get("name")? == name;
        let path = message.get("executable")?.as_str()?;
        is_it.then(|| PathBuf::from(path))
    })
}

impl Program {
    /// Measures, and gives back the record.
    pub(crate) fn run(&self, quick: bool) -> Outcome<String> {
        let mut command = Command::new(&self.path);
        command.args(self.words).current_dir(root());
        if quick {
            command.arg("--quick");
        }
        if let Some(library) = clock() {
            // Only the time of day stands still. What measures asks the kernel, or a clock that is
            // not moved.
            command.envs([("LD_PRELOAD", library.as_str()), ("FAKETIME", self.clock)]);
            command.envs([("DONT_FAKE_MONOTONIC", "1"), ("NO_FAKE_STAT", "1"), ("TZ", "UTC")]);
        }
        eprintln!("$ measuring {}", self.words.join(" "));
        capture(&mut command)
    }
}

/// When the certificates of the Azure VM are valid.
const AZURE_TIME: &str = "2026-01-15 12:00:00";
/// When those of the Nitro document are: for three hours.
const NITRO_TIME: &str = "2025-01-06 16:10:00";

/// The library that moves the clock, if it is there or can be installed.
fn clock() -> Option<String> {
    apt::need(&["libfaketime"]).ok()?;
    let files = capture(Command::new("dpkg-query").args(["--listfiles", "libfaketime"])).ok()?;
    files.lines().find(|path| path.ends_with("/libfaketime.so.1")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_the_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"teeproof"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"side_by_side"},"executable":"a/side_by_side-1"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "side_by_side"), Some(PathBuf::from("a/side_by_side-1")));
        assert_eq!(executable(messages, "teeproof"), None);
    }
}
