//! The vTPM crates over the TPM software stack alone, without our own transport: the same suites in a build
//! without a fallback.

use crate::setup;
use crate::shell::{self, Outcome, capture, cargo};

/// Clippy and tests of each package in that build.
pub(crate) fn run(words: &[&str]) -> Outcome {
    setup::need(&[setup::STACK, setup::TESTS])?;
    for package in PACKAGES {
        alone(package)?;
        let mut clippy = cargo();
        clippy.args(["clippy", "--locked", "--all-targets", "-p", package]).args(BUILD);
        shell::run(clippy.args(["--", "-D", "warnings"]))?;
        shell::run(cargo().args(["test", "--locked", "-p", package]).args(BUILD).args(words))?;
    }
    Ok(())
}

/// The tests' own imports could switch our transport on again: cargo makes one build of all that
/// is requested of a package. Then the suites would pass over the wrong one.
fn alone(package: &str) -> Outcome {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges", "normal,dev", "--prefix", "none", "--format", "{p} {f}"]);
    let text = capture(tree.args(["-p", package]).args(BUILD))?;
    match strangers(&text) {
        None => Ok(()),
        Some(line) => Err(format!("{package} {}: the build has another transport: {line}", BUILD.join(" "))),
    }
}

/// The line of the TPM package that has our own transport in it, if there is one.
fn strangers(tree: &str) -> Option<&str> {
    let lines = tree.lines().filter(|line| line.starts_with("teeproof-vtpm "));
    let mut with = lines.filter(|line| line.rsplit(' ').any(|word| word.split(',').any(|f| f == "direct")));
    with.next()
}

const PACKAGES: &[&str] = &["teeproof-vtpm", "teeproof-cli"];
const BUILD: &[&str] = &["--no-default-features", "--features", "tss"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_transport_is_seen() {
        let line = "teeproof-vtpm v0.1.0 (crates/guest/vtpm) direct,tss";
        assert_eq!(strangers(&format!("tss-esapi v7.7.0 default\n{line}\n")), Some(line));
        assert_eq!(
            strangers("teeproof-vtpm v0.1.0 (crates/guest/vtpm) seal,tss\ntpm2-protocol v1 direct\n"),
            None
        );
    }
}
