//! All gates and tests. Each step is a process with a time limit, so that a hanging step is named instead of
//! using up the whole run. Two rows of steps run side by side: those that build
//! into the workspace's own folder, one after the other, and those that have a folder each.

use crate::shell::{Outcome, root, run_within, target_dir};
use crate::skip;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Runs the steps; stops at the first failure and says how long each one took.
pub(crate) fn run(_: &[&str]) -> Outcome {
    let run = Run::begin(AfterFailure::Stop)?;
    run.row(FIRST, None);
    std::thread::scope(|scope| {
        scope.spawn(|| run.row(CONCURRENT, Some(&target_dir().join("ci"))));
        run.row(STEPS, None);
    });
    run.summary(&[FIRST, STEPS, CONCURRENT])
}

/// Runs one row of steps.
pub(crate) fn in_order(steps: &[Step], after: AfterFailure) -> Outcome {
    let run = Run::begin(after)?;
    run.row(steps, None);
    run.summary(&[steps])
}

/// Whether steps after one that failed are run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    Stop,
    Continue,
}

/// One task with its words, and its time limit.
pub(crate) struct Step {
    pub(crate) words: &'static [&'static str],
    pub(crate) minutes: u64,
}

/// What has been run so far.
struct Run {
    /// Found once: the tests may build this program again, which unlinks the file that is running.
    program: PathBuf,
    after: AfterFailure,
    failed: AtomicBool,
    done: Mutex<Vec<Done>>,
    begin: Instant,
}

struct Done {
    words: &'static [&'static str],
    took: Duration,
    failure: Option<String>,
}

impl Run {
    fn begin(after: AfterFailure) -> Outcome<Self> {
        let program = std::env::current_exe().map_err(|e| format!("cannot find myself: {e}"))?;
        skip::forget()?;
        let (failed, done) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        Ok(Self { program, after, failed, done, begin: Instant::now() })
    }

    /// The steps one after the other. With a folder their output goes to a file there, and is printed
    /// when the step has ended.
    fn row(&self, steps: &[Step], folder: Option<&Path>) {
        for step in steps {
            if self.after == AfterFailure::Stop && self.failed.load(Ordering::SeqCst) {
                return;
            }
            let begin = Instant::now();
            let outcome = self.step(step, folder);
            let took = begin.elapsed();
            let word = if outcome.is_ok() { "ok" } else { "FAILED" };
            println!("==== {}: {word} in {:.1} s ====", step.words.join(" "), took.as_secs_f64());
            self.failed.fetch_or(outcome.is_err(), Ordering::SeqCst);
            let done = Done { words: step.words, took, failure: outcome.err() };
            self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(done);
        }
    }

    fn step(&self, step: &Step, folder: Option<&Path>) -> Outcome {
        let mut command = Command::new(&self.program);
        command.args(step.words).current_dir(root()).stdin(Stdio::null());
        let limit = Duration::from_secs(step.minutes * 60);
        let Some(folder) = folder else {
            println!("\n==== {} ====", step.words.join(" "));
            return run_within(&mut command, limit);
        };
        let log = folder.join(format!("{}.log", step.words[0]));
        let open = || -> std::io::Result<(File, File)> {
            std::fs::create_dir_all(folder)?;
            let file = File::create(&log)?;
            Ok((file.try_clone()?, file))
        };
        let (out, err) = open().map_err(|e| format!("{}: {e}", log.display()))?;
        let outcome = run_within(command.stdout(out).stderr(err), limit);
        let text = std::fs::read(&log).unwrap_or_default();
        println!("\n==== {} (concurrent) ====\n{}", step.words.join(" "), String::from_utf8_lossy(&text));
        outcome
    }

    fn summary(self, rows: &[&[Step]]) -> Outcome {
        println!("\n==== summary ====");
        let done = self.done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut failures = Vec::new();
        for step in rows.iter().copied().flatten() {
            let name = step.words.join(" ");
            match done.iter().find(|done| done.words == step.words) {
                None => println!("{name:<20} not run"),
                Some(Done { took, failure: None, .. }) => {
                    println!("{name:<20} ok      {:>8.1} s", took.as_secs_f64());
                }
                Some(Done { took, failure: Some(reason), .. }) => {
                    println!("{name:<20} FAILED  {:>8.1} s", took.as_secs_f64());
                    failures.push(format!("step `{name}`: {reason}"));
                }
            }
        }
        println!("{:<20} {:<7} {:>8.1} s", "from start to end", "", self.begin.elapsed().as_secs_f64());
        print!("{}", skip::listed());
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    }
}

/// Quick gates, so that a slip is reported early.
const FIRST: &[Step] = &[
    Step { words: &["fmt"], minutes: 5 },
    Step { words: &["tidy"], minutes: 5 },
    Step { words: &["layers"], minutes: 5 },
    Step { words: &["vectors", "--extract"], minutes: 10 },
];

/// What builds into the folder of the workspace, where cargo makes builds wait for one another.
/// `fuzz-replay` is missing on purpose: the fuzz crate is a member of the workspace, so `test` replays
/// the corpus.
const STEPS: &[Step] = &[
    Step { words: &["clippy"], minutes: 30 },
    Step { words: &["features"], minutes: 15 },
    Step { words: &["doc"], minutes: 15 },
    Step { words: &["test", "--all"], minutes: 60 },
    Step { words: &["tss"], minutes: 40 },
    Step { words: &["aws"], minutes: 40 },
    Step { words: &["instructions"], minutes: 20 },
    Step { words: &["deny", "--if-installed"], minutes: 10 },
];

/// What builds into folders of its own, or mostly waits. `cross` is not among them: it takes over ten minutes; the
/// hosted workflow runs it, and `before-release` with the long suites.
const CONCURRENT: &[Step] = &[
    Step { words: &["msrv"], minutes: 15 },
    Step { words: &["external-types"], minutes: 20 },
    Step { words: &["nostd"], minutes: 30 },
    Step { words: &["panics"], minutes: 20 },
    Step { words: &["vm"], minutes: 20 },
    // After `vm`, whose static command it runs as well. The first run builds QEMU.
    Step { words: &["enclave"], minutes: 30 },
    Step { words: &["azure-client"], minutes: 25 },
    Step { words: &["cross"], minutes: 45 },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_a_task() {
        for step in [FIRST, STEPS, CONCURRENT, crate::before_release::STEPS].into_iter().flatten() {
            assert!(crate::TASKS.iter().any(|task| task.name == step.words[0]), "{}", step.words[0]);
        }
    }
}
