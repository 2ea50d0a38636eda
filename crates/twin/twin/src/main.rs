//! The `teeproof-twin` command: starts a twin, says how to reach it, and stays until it is ended.

mod cli;

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser as _;
use cli::{Cli, ParavisorArgs, Twin};
use teeproof_twin::paravisor::{Paravisor, Running};

/// How often is looked whether swtpm still runs.
const LOOK: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let Twin::Paravisor(args) = Cli::parse().twin;
    match paravisor(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teeproof-twin: {error}");
            ExitCode::FAILURE
        }
    }
}

fn paravisor(args: &ParavisorArgs) -> Result<(), Box<dyn core::error::Error>> {
    let mut running = Paravisor::start(&args.settings())?;
    fs::write(&args.root, running.root_der())
        .map_err(|error| format!("writing {}: {error}", args.root.display()))?;
    introduce(&running, args)?;
    while running.is_alive() {
        thread::sleep(LOOK);
    }
    Err("swtpm has ended".into())
}

/// Says what this is and how to use it, in a form that a shell can read.
fn introduce(running: &Running, args: &ParavisorArgs) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "# A TWIN of an Azure paravisor: what it hands out is made under throwaway keys.")?;
    writeln!(out, "# Its only trust anchor is in {}.", args.root.display())?;
    for (name, value) in running.environment() {
        writeln!(out, "export {name}={value}")?;
    }
    out.flush()
}
