//! QEMU with the machine `nitro-enclave`: the one on the path if it has that machine, otherwise ours, built once from
//! Debian's source below the build folder. Debian 12's own QEMU is too old for it.

mod build;
mod source;

use std::path::PathBuf;
use std::process::Command;
use xtask_support::setup;
use xtask_support::shell::{Outcome, capture, tools_dir};

/// Why there is no QEMU.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Its source cannot be had, and that is nobody's fault: the task is skipped.
    Source(String),
    /// Anything else: the task fails.
    Fault(String),
}

impl From<String> for Missing {
    fn from(reason: String) -> Self {
        Self::Fault(reason)
    }
}

/// The program; fetches and builds it the first time.
pub(crate) fn program() -> Result<PathBuf, Missing> {
    if has_the_machine(&PROGRAM.into()) {
        return Ok(PROGRAM.into());
    }
    let folder = tools_dir().join("qemu");
    if let Some(program) = build::finished(&folder) {
        return Ok(program);
    }
    // The source first: without it nothing has to be installed.
    let archive = source::fetch(&folder.join("source"))?;
    setup::need(&[setup::QEMU])?;
    let program = build::build(&folder, &archive)?;
    match has_the_machine(&program) {
        true => Ok(program),
        false => Err(Missing::Fault(format!("{}: no machine is called {MACHINE}", program.display()))),
    }
}

/// Its version, for the record.
pub(crate) fn version(program: &PathBuf) -> Outcome<String> {
    let text = capture(Command::new(program).arg("--version"))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn has_the_machine(program: &PathBuf) -> bool {
    let list = capture(Command::new(program).args(["-machine", "help"])).unwrap_or_default();
    list.lines().any(|line| line.split_whitespace().next() == Some(MACHINE))
}

pub(crate) const MACHINE: &str = "nitro-enclave";
const PROGRAM: &str = "qemu-system-x86_64";
