//! Other toolchains of rustup: nightly, for sanitizers, Miri and rustdoc's JSON, and those named by a version.
//! Nothing that ships is built with nightly.

use crate::shell::{Outcome, root};
use std::process::{Command, Stdio};

/// A program in the root of the workspace, whose cargo and compiler are the nightly ones.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    of("nightly", program)
}

/// The same with any toolchain of rustup's.
pub(crate) fn of(toolchain: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    // We were started by the stable cargo, which names itself to its children.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command.env("RUSTUP_TOOLCHAIN", toolchain).current_dir(root());
    command
}

/// Whether it is there, with what is needed of it; otherwise the command that installs it.
pub(crate) fn need(component: Option<&str>) -> Outcome {
    let starts = |words: &[&str]| {
        let mut command = command("cargo");
        let quiet = command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Rustup would install a requested component, which a query must not do.
        quiet.env("RUSTUP_AUTO_INSTALL", "0").status().is_ok_and(|status| status.success())
    };
    if !starts(&["--version"]) {
        return Err("a nightly toolchain is needed: rustup toolchain install nightly".to_owned());
    }
    match component {
        Some(name) if !starts(&[name, "--version"]) => {
            Err(format!("nightly lacks {name}: rustup component add {name} --toolchain nightly"))
        }
        _ => Ok(()),
    }
}

/// The platform that we run on, as the compiler calls it.
pub(crate) fn host() -> Outcome<String> {
    let version = crate::shell::capture(command("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say its host".to_owned())
}
