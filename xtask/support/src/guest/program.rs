//! Programs without a shared library, for a machine that has none. They run on this machine as well.

use crate::shell::{self, Outcome, cargo, target_dir};
use std::path::PathBuf;
use std::process::Command;

/// The platform of the guest, as the compiler calls it.
pub const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The programs of the workspace.
pub struct Programs {
    /// The command.
    pub teeproof: PathBuf,
    /// The twins.
    pub twin: PathBuf,
}

/// Builds the programs of the workspace.
pub fn workspace() -> Outcome<Programs> {
    let mut build = cargo();
    build.args(["build", "--locked", "-p", "teeproof-cli", "-p", "teeproof-twin", "--bins"]);
    fast(&mut build);
    shell::run(statically(&mut build))?;
    Ok(Programs { teeproof: built("teeproof"), twin: built("teeproof-twin") })
}

/// Builds an example of a package of the workspace.
pub fn example(package: &str, name: &str) -> Outcome<PathBuf> {
    let mut build = cargo();
    fast(build.args(["build", "--locked", "-p", package, "--example", name]));
    shell::run(statically(&mut build))?;
    Ok(built("examples").join(name))
}

/// Adds what makes a build one for the guest.
pub fn statically(build: &mut Command) -> &mut Command {
    // With a target named, these flags are for the program and not for what helps to build it.
    build.args(["--target", TARGET]).env("RUSTFLAGS", "-C target-feature=+crt-static");
    build.env_remove("CARGO_ENCODED_RUSTFLAGS").env("CARGO_TARGET_DIR", folder())
}

/// Where such a build puts a program.
pub fn built(name: &str) -> PathBuf {
    folder().join(TARGET).join("debug").join(name)
}

/// The reason why this machine cannot build for the guest natively, if it cannot.
pub fn is_native() -> Outcome {
    match cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        true => Ok(()),
        false => Err(format!("it builds the guest's programs for {TARGET}, natively")),
    }
}

/// The programs run for a second: their speed is worth less than the compiler's time.
fn fast(build: &mut Command) {
    for key in ["opt-level=0", "package.\"*\".opt-level=0", "debug=false", "strip=\"symbols\""] {
        build.args(["--config", &format!("profile.dev.{key}")]);
    }
}

/// One folder for every guest: what one task has built, the other finds.
fn folder() -> PathBuf {
    target_dir().join("guest")
}
