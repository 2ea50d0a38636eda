//! cargo-deny over all dependencies: licences, sources, bans and duplicates. The check itself is
//! offline. Advisories are not part of it: they need a database that is fetched (see deny.toml).

use crate::shell::{self, Outcome, cargo, exists, root, tools_dir};
use std::path::PathBuf;
use std::process::Command;

/// Finds or installs cargo-deny, then runs it.
pub(crate) fn run(_: &[&str]) -> Outcome {
    let program = find_or_install()?;
    // The lock file's packages have to be unpacked before the check can go without a network.
    shell::run(cargo().args(["fetch", "--locked"]))?;
    let mut check = Command::new(program);
    check.args(["--locked", "--offline", "check", "bans", "licenses", "sources"]).current_dir(root());
    shell::run(&mut check)
}

fn find_or_install() -> Outcome<PathBuf> {
    if exists("cargo-deny") {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let installed = tools_dir().join("bin").join("cargo-deny");
    if !installed.is_file() {
        let spec = format!("cargo-deny@{VERSION}");
        let mut install = cargo();
        install.args(["install", "--locked", &spec, "--root"]).arg(tools_dir());
        // A tool that runs for two seconds need not be optimised for minutes.
        install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        install.env("CARGO_PROFILE_RELEASE_LTO", "off");
        install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        install.env("CARGO_TARGET_DIR", tools_dir().join("build"));
        shell::run(&mut install)?;
    }
    Ok(installed)
}

const VERSION: &str = "0.20.2";
