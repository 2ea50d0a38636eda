//! cargo-deny over all dependencies: licences, sources, bans and duplicates. The check itself is
//! offline. Advisories are not part of it: they need a database that is fetched (see deny.toml).

use crate::shell::{self, Outcome, cargo, root};
use crate::{skip, tools};
use std::process::Command;

/// Finds or installs cargo-deny, then runs it. With `--if-installed` it is not installed, which takes
/// minutes of processor time, but skipped.
pub(crate) fn run(words: &[&str]) -> Outcome {
    if words == ["--if-installed"] && !tools::DENY.is_installed() {
        skip::aloud("deny", "cargo-deny is not installed; `cargo xtask deny` installs it");
        return Ok(());
    }
    let program = tools::DENY.program()?;
    // The lock file's packages have to be unpacked before the check can go without a network.
    shell::run(cargo().args(["fetch", "--locked"]))?;
    let mut check = Command::new(program);
    check.args(["--locked", "--offline", "check", "bans", "licenses", "sources"]).current_dir(root());
    shell::run(&mut check)
}
