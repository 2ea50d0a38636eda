//! Replacement of libtss2's device library, because the client's device is hard-coded (`/dev/tpm0`): ours opens
//! the twin's socket.

use crate::shell::{self, Outcome, capture, root};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles it; gives back the folder for LD_LIBRARY_PATH.
pub(super) fn build(folder: &Path) -> Outcome<PathBuf> {
    let libraries = folder.join("shim");
    fs::create_dir_all(&libraries).map_err(|e| format!("{}: {e}", libraries.display()))?;
    let flags = capture(Command::new("pkg-config").args(["--cflags", "--libs", "tss2-tcti-swtpm"]))?;
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut cc = Command::new(compiler);
    cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(libraries.join(LIBRARY));
    cc.arg(root().join("xtask/shim/tcti-device.c")).args(flags.split_whitespace());
    shell::run(&mut cc)?;
    Ok(libraries)
}

/// What libtss2 loads for `device:…`.
const LIBRARY: &str = "libtss2-tcti-device.so.0";
