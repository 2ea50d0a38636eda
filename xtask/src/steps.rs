//! Tasks of a single cargo command.

use crate::shell::{Outcome, cargo, run};
use std::process::Command;

/// The formatting is what rustfmt makes.
pub(crate) fn fmt(_: &[&str]) -> Outcome {
    run(cargo().args(["fmt", "--all", "--check"]))
}

/// No warning from clippy, in any target; nor in the pure crates with their features off, which
/// the proof crate asks for in two sets.
pub(crate) fn clippy(_: &[&str]) -> Outcome {
    clippy_workspace()?;
    let proof = ["-p", "teeproof-nostd-proof"];
    run(&mut lint(&proof))?;
    run(&mut lint(&[&proof[..], &["--features", "front-door"]].concat()))
}

/// The workspace alone.
pub(crate) fn clippy_workspace() -> Outcome {
    run(&mut lint(&["--workspace", "--all-targets"]))
}

fn lint(words: &[&str]) -> Command {
    let mut clippy = cargo();
    clippy.args(["clippy", "--locked"]).args(words).args(["--", "-D", "warnings"]);
    clippy
}

/// The documentation builds without a warning, private items included.
pub(crate) fn doc(_: &[&str]) -> Outcome {
    let words = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"];
    run(cargo().args(words).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The fuzz bodies replayed over their corpus.
pub(crate) fn fuzz_replay(_: &[&str]) -> Outcome {
    run(cargo().args(["test", "-p", "teeproof-fuzz", "--locked"]))
}

/// The command in an emulated machine: a program of its own, so that the other tasks do not wait for it
/// to compile.
pub(crate) fn vm(words: &[&str]) -> Outcome {
    program("xtask-vm", words)
}

/// The command in an emulated enclave, likewise.
pub(crate) fn enclave(words: &[&str]) -> Outcome {
    program("xtask-enclave", words)
}

/// The benchmarks' page, likewise.
pub(crate) fn bench(words: &[&str]) -> Outcome {
    program("xtask-bench", words)
}

fn program(package: &str, words: &[&str]) -> Outcome {
    run(cargo().args(["run", "--quiet", "--locked", "--package", package, "--"]).args(words))
}

/// The pages and schemas that tests write: the table of checks, the reference of policies, the JSON Schemas, and what
/// docs/json.md says of them. The test run only compares them.
pub(crate) fn checks(_: &[&str]) -> Outcome {
    for words in [
        &["-p", "teeproof", "--test", "every_check", "--test", "policy_reference", "_is_current"][..],
        &["-p", "teeproof-cli", "--bin", "teeproof", "schemas"],
        &["-p", "teeproof-cli", "--test", "command", "json_page"],
    ] {
        run(cargo().args(["test", "--quiet"]).args(words).env("TEEPROOF_WRITE_TABLES", "1"))?;
    }
    Ok(())
}
