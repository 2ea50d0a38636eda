//! Our programs: the command, which runs in the enclave and on this machine, and those that the steps need besides.

use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::guest::program;
use xtask_support::shell::{self, Outcome, root};

/// Where each of them is.
pub(crate) struct Programs {
    pub(crate) teeproof: PathBuf,
    /// The driver with a chosen room for its answers.
    pub(crate) room: PathBuf,
    /// Writes an image with its sections in another order.
    pub(crate) order: PathBuf,
    /// The folder with the command and the twin, for the path.
    pub(crate) folder: PathBuf,
}

impl Programs {
    /// Builds them, none with a shared library.
    pub(crate) fn build(folder: &Path) -> Outcome<Self> {
        let program::Programs { teeproof, .. } = program::workspace()?;
        let order = program::example("xtask-enclave", "eif_order")?;
        let programs = teeproof.parent().unwrap_or(&teeproof).to_owned();
        Ok(Self { teeproof, room: room(folder)?, order, folder: programs })
    }
}

/// Compiles the program that is in C, because our own crates have one room for answers.
fn room(folder: &Path) -> Outcome<PathBuf> {
    let program = folder.join("nsm-room");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut cc = Command::new(compiler);
    cc.args(["-static", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program);
    shell::run(cc.arg(root().join("xtask/shim/nsm-room.c")))?;
    Ok(program)
}
