//! Debian packages required by tasks: installed where possible, otherwise named with the command that installs
//! them.

use std::process::Command;

use crate::shell::{self, Outcome, capture, exists};

/// Makes sure that these packages are installed.
pub fn need(packages: &[&str]) -> Outcome {
    let missing: Vec<&str> = packages.iter().copied().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("install by hand: apt-get install {}", missing.join(" "));
    let Some(apt_get) = prefix() else {
        return Err(format!("neither root nor sudo without a password; {by_hand}"));
    };
    // The package lists of a fresh image are empty, those of an old one point to what is gone.
    let outcome = install(&apt_get, &missing).or_else(|_| {
        shell::run(apt(&apt_get).arg("update"))?;
        install(&apt_get, &missing)
    });
    outcome.map_err(|reason| format!("{reason}; {by_hand}"))
}

fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    capture(&mut query).is_ok_and(|status| status == "installed")
}

fn install(apt_get: &[&str], packages: &[&str]) -> Outcome {
    // A task adds to a machine; it takes nothing away.
    let words = ["install", "--yes", "--no-install-recommends", "--no-remove"];
    shell::run(apt(apt_get).args(words).args(packages))
}

/// How apt-get is started with the rights it needs.
fn prefix() -> Option<Vec<&'static str>> {
    if !exists("apt-get") {
        return None;
    }
    if capture(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        return Some(vec!["apt-get"]);
    }
    let sudo = exists("sudo") && capture(Command::new("sudo").args(["-n", "true"])).is_ok();
    sudo.then(|| vec!["sudo", "-n", "apt-get"])
}

fn apt(words: &[&str]) -> Command {
    let (program, rest) = words.split_first().unwrap_or((&"apt-get", &[]));
    let mut command = Command::new(program);
    command.args(rest).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
