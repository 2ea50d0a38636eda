//! The fuzz targets, driven by libFuzzer through cargo-fuzz for a stated time, under the address
//! sanitizer and with debug assertions, from the seeds of the replay test. What they find in a run
//! is the beginning of the next.

mod tally;

use crate::graph::Graph;
use crate::shell::{Outcome, cargo, root, run as run_command, target_dir};
use crate::{nightly, tools};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tally::Tally;

/// Runs the chosen targets one after the other, then says what each did.
pub(crate) fn run(words: &[&str]) -> Outcome {
    let targets = targets()?;
    let request = Request::parse(words, &targets)?;
    if request.list {
        println!("{}", targets.join("\n"));
        return Ok(());
    }
    nightly::need(None)?;
    let program = tools::FUZZ.program()?;
    let seeds = write_seeds()?;
    let seconds = request.seconds_each();
    println!("{} targets, {seconds} s each", request.targets.len());
    let mut done = Vec::new();
    for name in &request.targets {
        println!("==== {name}");
        let target = Target { name, seeds: seeds.join(name) };
        let tally = target.drive(&program, seconds)?;
        println!("{}", tally.line(name));
        done.push((*name, tally));
    }
    finish(&done)
}

/// Options of the command line.
struct Request<'a> {
    targets: Vec<&'a str>,
    minutes: f64,
    list: bool,
}

impl<'a> Request<'a> {
    fn parse(words: &[&'a str], known: &'a [String]) -> Outcome<Self> {
        let mut request = Self { targets: Vec::new(), minutes: MINUTES, list: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--list" => request.list = true,
                "--minutes" => {
                    let number = words.next().and_then(|word| word.parse().ok());
                    let number = number.filter(|minutes: &f64| minutes.is_finite() && *minutes > 0.0);
                    request.minutes = number.ok_or("--minutes takes a number above 0")?;
                }
                name if known.iter().any(|target| target == name) => request.targets.push(name),
                name if name.starts_with('-') => return Err(USAGE.to_owned()),
                name => {
                    return Err(format!("no fuzz target is called `{name}`; `--list` names them\n{USAGE}"));
                }
            }
        }
        if request.targets.is_empty() {
            request.targets = known.iter().map(String::as_str).collect();
        }
        Ok(request)
    }

    /// The whole time over the targets, one second at least.
    fn seconds_each(&self) -> u64 {
        let whole = std::time::Duration::from_secs_f64(self.minutes * 60.0).as_secs();
        let count = u64::try_from(self.targets.len()).unwrap_or(u64::MAX);
        (whole / count.max(1)).max(1)
    }
}

/// Every shim of the fuzz crate.
fn targets() -> Outcome<Vec<String>> {
    let graph = Graph::read()?;
    let members = graph.members();
    let package = members.iter().find(|member| member.name == "teeproof-fuzz").ok_or("no fuzz crate")?;
    let shims = package.targets.iter().filter(|target| target.kind.iter().any(|kind| kind == "bin"));
    let mut names: Vec<String> = shims.map(|shim| shim.name.clone()).collect();
    names.sort();
    Ok(names)
}

/// The replay test writes its seeds as files.
fn write_seeds() -> Outcome<PathBuf> {
    let words = ["test", "--quiet", "--locked", "-p", "teeproof-fuzz", "--test", "replay", "--", "--ignored"];
    run_command(cargo().args(words))?;
    Ok(target_dir().join("tmp").join("seeds"))
}

struct Target<'a> {
    name: &'a str,
    seeds: PathBuf,
}

impl Target<'_> {
    /// Builds the target and lets libFuzzer run it; its talk goes to a file, what matters of it to
    /// the terminal as well.
    fn drive(&self, program: &Path, seconds: u64) -> Outcome<Tally> {
        let before = self.artifacts();
        let corpus = self.folder("corpus")?;
        let log = self.folder("log")?.join("last.txt");
        let mut command = self.command(program, &corpus, seconds);
        eprintln!("$ cargo fuzz run --features libfuzzer {} (log: {})", self.name, log.display());
        let mut file = std::fs::File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|e| format!("cannot start cargo-fuzz: {e}"))?;
        let mut tally = Tally::default();
        let talk = child.stderr.take().ok_or("cargo-fuzz has no standard error")?;
        for line in BufReader::new(talk).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            writeln!(file, "{line}").map_err(|e| format!("{}: {e}", log.display()))?;
            if !tally.take(&line) {
                eprintln!("{line}");
            }
        }
        let status = child.wait().map_err(|e| format!("cannot wait for cargo-fuzz: {e}"))?;
        tally.found = self.artifacts().difference(&before).cloned().collect();
        if !status.success() && tally.found.is_empty() {
            return Err(format!("{}: cargo-fuzz failed without a finding: {status}", self.name));
        }
        Ok(tally)
    }

    fn command(&self, program: &Path, corpus: &Path, seconds: u64) -> Command {
        let mut command = nightly::command(program);
        // Called by its path, the program gets the word that cargo would put first.
        command.args(["fuzz", "run", "--fuzz-dir", "fuzz", "--features", "libfuzzer", "--target-dir"]);
        command.arg(target_dir().join("fuzz").join("build")).arg(self.name).arg(corpus).arg(&self.seeds);
        command.args(["--", "-print_final_stats=1", &format!("-timeout={HANG_SECONDS}")]);
        command.arg(format!("-max_total_time={seconds}"));
        command
    }

    fn folder(&self, kind: &str) -> Outcome<PathBuf> {
        let folder = target_dir().join("fuzz").join(kind).join(self.name);
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(folder)
    }

    /// The inputs that stopped a run, where cargo-fuzz keeps them.
    fn artifacts(&self) -> BTreeSet<PathBuf> {
        let folder = Path::new("fuzz").join("artifacts").join(self.name);
        let entries = std::fs::read_dir(root().join(&folder)).into_iter().flatten().flatten();
        entries.map(|entry| folder.join(entry.file_name())).collect()
    }
}

/// The table, and how to see each finding again.
fn finish(done: &[(&str, Tally)]) -> Outcome {
    println!("\n{}", Tally::head());
    for (name, tally) in done {
        println!("{}", tally.line(name));
    }
    let total: u64 = done.iter().map(|(_, tally)| tally.executions).sum();
    println!("{total} executions");
    let findings: Vec<String> =
        done.iter().flat_map(|(name, tally)| tally.found.iter().map(|at| again(name, at))).collect();
    if findings.is_empty() { Ok(()) } else { Err(format!("fuzz found:\n{}", findings.join("\n"))) }
}

fn again(name: &str, artifact: &Path) -> String {
    let artifact = artifact.display();
    format!("  {artifact}\n    cargo +nightly fuzz run --features libfuzzer {name} {artifact}")
}

/// The whole time when none is said.
const MINUTES: f64 = 10.0;
/// The longest that one input may take before it counts as a finding.
const HANG_SECONDS: u64 = 20;
const USAGE: &str = "cargo xtask fuzz [TARGET…] [--minutes N] [--list]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_divided_over_the_targets() {
        let known = ["a", "b", "c"].map(str::to_owned);
        let seconds = |words: &[&str]| Request::parse(words, &known).map(|request| request.seconds_each());
        assert_eq!(seconds(&["--minutes", "60"]), Ok(1200));
        assert_eq!(seconds(&["a", "c", "--minutes", "0.5"]), Ok(15));
        assert_eq!(seconds(&["--minutes", "0.01"]), Ok(1));
        for wrong in
            [&["d"][..], &["--minutes"], &["--minutes", "0"], &["--minutes", "NaN"], &["--hours", "1"]]
        {
            assert!(seconds(wrong).is_err(), "{wrong:?}");
        }
    }
}
