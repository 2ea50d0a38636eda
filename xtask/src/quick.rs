//! Quick gates for every change: formatting, our own checks, clippy, and all tests that start no external program.

use crate::shell::Outcome;
use crate::{layers, steps, test, tidy};
use std::time::Instant;

/// Runs them in order, and says how long each one took.
pub(crate) fn run(words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err("usage: cargo xtask quick".to_owned());
    }
    let mut lines = Vec::new();
    for (name, body) in STEPS {
        let begin = Instant::now();
        body().map_err(|reason| format!("{name}: {reason}"))?;
        lines.push(format!("{name:<8} {:>7.1} s", begin.elapsed().as_secs_f64()));
    }
    println!("==== quick ====\n{}", lines.join("\n"));
    println!(
        "Not run: tests that start a TPM, the compiler or other programs, and most inputs of the longest suites:"
    );
    println!(
        "mutations, mutations_azure, mutations_tdx, replay (`cargo xtask test`); the other gates (`cargo xtask ci`)."
    );
    Ok(())
}

type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("fmt", || steps::fmt(&[])),
    ("tidy", || tidy::run(&[])),
    ("layers", || layers::run(&[])),
    ("clippy", steps::clippy_workspace),
    ("tests", test::without_programs),
];
