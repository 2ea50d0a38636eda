//! The `teeproof-twin` command: starts a twin, prints its addresses, and runs until it is killed.

mod cli;
mod root_file;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser as _;
use cli::{Cli, ParavisorArgs, Twin};
use root_file::{Refused, RootFile};
use teeproof_twin::paravisor::{Paravisor, Running};

/// Exit code of a usage error, the same as clap's.
const USAGE: u8 = 2;
/// Interval between checks that swtpm still runs.
const LOOK: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let Twin::Paravisor(args) = Cli::parse().twin;
    match paravisor(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teeproof-twin: {error}");
            match error.downcast_ref() {
                Some(Refused::Usage(_)) => ExitCode::from(USAGE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn paravisor(args: &ParavisorArgs) -> Result<(), Box<dyn core::error::Error>> {
    let mut running = Paravisor::start(&args.settings())?;
    // Locked until the end, so that other twins in this folder leave it alone.
    let root = RootFile::write(args.root.as_deref(), running.root_der())?;
    if let Some(remark) = &root.remark {
        eprintln!("teeproof-twin: {remark}");
    }
    introduce(&running, &root.path)?;
    while running.is_alive() {
        thread::sleep(LOOK);
    }
    Err("swtpm has ended".into())
}

/// Prints the environment for clients, as lines for a shell.
fn introduce(running: &Running, root: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "# A TWIN of an Azure paravisor: what it hands out is made under throwaway keys.")?;
    writeln!(out, "# Its only trust anchor is in {}.", root.display())?;
    for (name, value) in running.environment() {
        writeln!(out, "export {name}={value}")?;
    }
    out.flush()
}
