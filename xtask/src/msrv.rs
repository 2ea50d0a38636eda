//! The pure crates on their MSRV (`rust-version`), or on the oldest installed toolchain that is not older.

use crate::graph::Graph;
use crate::shell::{self, Outcome, capture, exists, root, target_dir};
use crate::{pure, skip};
use semver::Version;
use std::process::Command;

/// `cargo check` of the pure crates, all features.
pub(crate) fn run(_: &[&str]) -> Outcome {
    let promised = promised()?;
    let Some((version, toolchain)) = oldest(&toolchains(), &promised) else {
        let way = format!("rustup toolchain install {}.{}", promised.major, promised.minor);
        skip::aloud("msrv", &format!("no toolchain of a version number from {promised} on: {way}"));
        return Ok(());
    };
    let graph = Graph::read()?;
    let mut check = crate::nightly::of(&toolchain, "cargo");
    check.args(["check", "--quiet", "--locked", "--all-features"]).args(pure::words(&pure::crates(&graph)?));
    shell::run(check.env("CARGO_TARGET_DIR", target_dir().join("msrv")))?;
    println!("msrv: the pure crates compile with {toolchain} (rust-version {promised})");
    if (version.major, version.minor) != (promised.major, promised.minor) {
        let text = format!("the oldest toolchain installed is {version}");
        skip::aloud(&format!("msrv with {}.{}", promised.major, promised.minor), &text);
    }
    Ok(())
}

/// `rust-version` of the workspace.
fn promised() -> Outcome<Version> {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"'));
    line.and_then(version).ok_or_else(|| "Cargo.toml: no rust-version".to_owned())
}

/// The names of the installed toolchains.
fn toolchains() -> Vec<String> {
    if !exists("rustup") {
        return Vec::new();
    }
    let list = capture(Command::new("rustup").args(["toolchain", "list", "--quiet"]));
    list.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The oldest of those named by a version, none older than what is promised.
fn oldest(names: &[String], promised: &Version) -> Option<(Version, String)> {
    let named = names.iter().filter_map(|name| Some((version(name.split('-').next()?)?, name.clone())));
    named.filter(|(version, _)| version >= promised).min()
}

/// `1.88` and `1.88.0` alike.
fn version(text: &str) -> Option<Version> {
    Version::parse(text).or_else(|_| Version::parse(&format!("{text}.0"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_allowed_toolchain_is_chosen() {
        let names = ["stable-x", "1.95.0-x", "1.88-x", "1.70.0-x", "nightly-x"].map(str::to_owned);
        let at = |version: &str| oldest(&names, &Version::parse(version).ok()?).map(|(_, name)| name);
        assert_eq!(at("1.88.0").as_deref(), Some("1.88-x"));
        assert_eq!(at("1.90.0").as_deref(), Some("1.95.0-x"));
        assert_eq!(at("1.99.0"), None);
    }

    #[test]
    fn the_workspace_promises_a_version() {
        assert!(promised().is_ok());
    }
}
