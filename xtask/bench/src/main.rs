//! Benchmarks of verification, next to its floor and the published verifiers: the writer of BENCHMARKS.md.

mod criterion;
mod machine;
mod measured;
mod page;
mod programs;
mod record;
mod stats;
mod tables;
mod targets;

use std::path::PathBuf;
use std::process::ExitCode;

use measured::Measurements;
use page::Page;
use record::Record;
use xtask_support::shell::{self, Outcome, root, target_dir};

fn main() -> ExitCode {
    shell::main(run)
}

/// Builds everything, measures in one run, writes the page. `--quick` only checks that everything runs: its page
/// is written next to the records, and BENCHMARKS.md stays.
fn run(words: &[&str]) -> Outcome {
    let quick = match words {
        [] => false,
        ["--quick"] => true,
        _ => return Err("cargo xtask bench [--quick]".to_owned()),
    };
    let folder = target_dir().join("bench");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let programs = programs::build()?;
    let mut records = Vec::new();
    for (program, number) in programs.iter().zip(1..) {
        let text = program.run(quick)?;
        // Kept for the inspection of surprising figures.
        write(&folder.join(format!("record-{number}.tsv")), &text)?;
        records.push(Record::read(&text)?);
    }
    let home = folder.join("criterion");
    criterion::run(&home, quick)?;
    let mut measurements = Measurements::of(records);
    measurements.skipped.extend(programs::missing(&programs));
    let page = Page {
        measurements: &measurements,
        criterion: &|id| criterion::median(&home, id),
        machine: &machine::describe()?,
        date: &machine::today()?,
    };
    let benchmarks = root().join("BENCHMARKS.md");
    let text = page.write(&std::fs::read_to_string(&benchmarks).unwrap_or_default())?;
    let place = if quick { folder.join("BENCHMARKS.md") } else { benchmarks };
    write(&place, &text)?;
    println!("{}", tables::targets(&measurements));
    println!("written: {}", place.display());
    Ok(())
}

fn write(path: &PathBuf, text: &str) -> Outcome {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
