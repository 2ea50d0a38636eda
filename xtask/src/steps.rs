//! The tasks that are one cargo command with the right words.

use crate::setup;
use crate::shell::{Outcome, cargo, run};

/// All tests of the workspace: unit, integration, doc tests, and the fuzz bodies over their corpus.
pub(crate) fn test(rest: &[&str]) -> Outcome {
    setup::need(&[setup::TESTS])?;
    run(cargo().args(["test", "--workspace", "--locked"]).args(rest))
}

/// The formatting is what rustfmt makes.
pub(crate) fn fmt(_: &[&str]) -> Outcome {
    run(cargo().args(["fmt", "--all", "--check"]))
}

/// No warning from clippy, in any target; nor in the pure crates with their features off, which
/// the proof crate asks for in two sets.
pub(crate) fn clippy(_: &[&str]) -> Outcome {
    let sets: [&[&str]; 3] = [
        &["--workspace", "--all-targets"],
        &["-p", "teeproof-nostd-proof"],
        &["-p", "teeproof-nostd-proof", "--features", "front-door"],
    ];
    for words in sets {
        run(cargo().args(["clippy", "--locked"]).args(words).args(["--", "-D", "warnings"]))?;
    }
    Ok(())
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

/// The benchmarks' page, likewise.
pub(crate) fn bench(words: &[&str]) -> Outcome {
    program("xtask-bench", words)
}

fn program(package: &str, words: &[&str]) -> Outcome {
    run(cargo().args(["run", "--quiet", "--locked", "--package", package, "--"]).args(words))
}

/// The table of checks, written anew; the test run only compares it.
pub(crate) fn checks(_: &[&str]) -> Outcome {
    let words = [
        "test",
        "--quiet",
        "-p",
        "teeproof",
        "--test",
        "every_check",
        "--test",
        "policy_reference",
        "_is_current",
    ];
    run(cargo().args(words).env("TEEPROOF_WRITE_TABLES", "1"))
}
