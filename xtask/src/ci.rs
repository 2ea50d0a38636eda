//! Every gate and every test, in order. Each step is a process of its own with a time limit, so
//! that one that hangs is named instead of eating the whole run.

use crate::shell::{Outcome, root, run_within};
use crate::skip;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the steps; stops at the first failure and says how long each one took.
pub(crate) fn run(_: &[&str]) -> Outcome {
    // Found once: the tests build this program again, which unlinks the file that is running.
    let program = std::env::current_exe().map_err(|e| format!("cannot find myself: {e}"))?;
    skip::forget()?;
    let mut done: Vec<(&str, Duration)> = Vec::new();
    for (number, step) in STEPS.iter().enumerate() {
        println!("\n==== step {} of {}: {} ====", number + 1, STEPS.len(), step.words.join(" "));
        let begin = Instant::now();
        let mut command = Command::new(&program);
        command.args(step.words).current_dir(root()).stdin(Stdio::null());
        let outcome = run_within(&mut command, Duration::from_secs(step.minutes * 60));
        let took = begin.elapsed();
        println!("==== {}: {} in {:.1} s ====", step.words[0], word(&outcome), took.as_secs_f64());
        done.push((step.words[0], took));
        if let Err(reason) = outcome {
            summary(&done, Some(&reason));
            return Err(format!("step `{}`: {reason}", step.words[0]));
        }
    }
    summary(&done, None);
    Ok(())
}

fn word(outcome: &Outcome) -> &'static str {
    if outcome.is_ok() { "ok" } else { "FAILED" }
}

fn summary(done: &[(&str, Duration)], failed: Option<&str>) {
    println!("\n==== summary ====");
    for (at, (name, took)) in done.iter().enumerate() {
        let last = at + 1 == done.len();
        let word = if last && failed.is_some() { "FAILED" } else { "ok" };
        println!("{name:<12} {word:<7} {:>8.1} s", took.as_secs_f64());
    }
    for step in STEPS.iter().skip(done.len()) {
        println!("{:<12} not reached", step.words[0]);
    }
    let total: Duration = done.iter().map(|(_, took)| *took).sum();
    println!(
        "{:<12} {:<7} {:>8.1} s",
        "total",
        if failed.is_some() { "FAILED" } else { "ok" },
        total.as_secs_f64()
    );
    print!("{}", skip::listed());
}

struct Step {
    words: &'static [&'static str],
    minutes: u64,
}

/// Quick gates first, so that a slip is told early. `fuzz-replay` is missing on purpose: the fuzz
/// crate is a member of the workspace, so `test` replays the corpus.
const STEPS: &[Step] = &[
    Step { words: &["fmt"], minutes: 5 },
    Step { words: &["tidy"], minutes: 5 },
    Step { words: &["layers"], minutes: 5 },
    Step { words: &["vectors", "--extract"], minutes: 10 },
    Step { words: &["clippy"], minutes: 30 },
    Step { words: &["doc"], minutes: 15 },
    Step { words: &["test"], minutes: 60 },
    Step { words: &["tss"], minutes: 40 },
    Step { words: &["vm"], minutes: 20 },
    Step { words: &["azure-client"], minutes: 20 },
    Step { words: &["nostd"], minutes: 30 },
    Step { words: &["panics"], minutes: 15 },
    Step { words: &["instructions"], minutes: 20 },
    Step { words: &["deny"], minutes: 30 },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_task() {
        for step in STEPS {
            assert!(crate::TASKS.iter().any(|task| task.name == step.words[0]), "{}", step.words[0]);
        }
    }
}
