//! Debian packages, unpacked next to the build and not installed, so that they neither shadow nor replace anything
//! on the machine. Needs apt and dpkg-deb, a network the first time, and no root.

use crate::shell::{Outcome, capture, exists, run, tools_dir};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of this name with these packages in it; fetched and unpacked the first time.
///
/// The choice is made after the lists of packages were renewed.
pub fn unpacked(name: &str, choose: fn() -> Outcome<BTreeSet<String>>) -> Outcome<PathBuf> {
    let root = tools_dir().join(name);
    let complete = root.join("complete");
    if complete.is_file() {
        return Ok(root);
    }
    for tool in ["apt-get", "apt-cache", "dpkg-deb"] {
        if !exists(tool) {
            return Err(format!("`{tool}` is missing"));
        }
    }
    // What an earlier run left half done.
    let _ = fs::remove_dir_all(&root);
    let packages = root.join("packages");
    fs::create_dir_all(&packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    renew_lists();
    let wanted = choose()?;
    download(&wanted, &packages)?;
    unpack(&packages, &root)?;
    let names: Vec<String> = wanted.into_iter().collect();
    fs::write(&complete, names.join("\n")).map_err(|e| format!("{}: {e}", complete.display()))?;
    Ok(root)
}

/// Renews apt's lists of packages, if that is possible.
pub fn renew_lists() {
    // The lists may be there already, or only root may renew them: the next use of them fails then.
    let _ = run(Command::new("apt-get").args(["-qq", "update"]));
}

/// What a package depends on itself.
pub fn depends(name: &str) -> Outcome<Vec<String>> {
    let text = capture(Command::new("apt-cache").args(["depends", "--important", name]))
        .map_err(|reason| format!("apt does not know {name}: {reason}"))?;
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    Ok(names.map(str::to_owned).collect())
}

/// What this machine lacks of a package and all that it depends on.
pub fn lacking(name: &str) -> Outcome<BTreeSet<String>> {
    let words = ["--simulate", "--no-install-recommends", "install", name];
    let text = capture(Command::new("apt-get").args(words))
        .map_err(|reason| format!("apt cannot say what {name} needs: {reason}"))?;
    let mut names = added(&text);
    names.insert(name.to_owned());
    Ok(names)
}

/// The packages that a simulated installation would put on the machine.
fn added(simulation: &str) -> BTreeSet<String> {
    let lines = simulation.lines().filter_map(|line| line.strip_prefix("Inst "));
    lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The folders with shared libraries among what was unpacked, for LD_LIBRARY_PATH.
pub fn libraries(root: &Path) -> std::ffi::OsString {
    let folders = ["lib", "usr/lib"].map(|lib| root.join(lib));
    let entries = folders.iter().flat_map(|lib| fs::read_dir(lib).into_iter().flatten().flatten());
    let paths = entries.map(|entry| entry.path());
    std::env::join_paths(paths.filter(|path| path.to_string_lossy().ends_with("-linux-gnu")))
        .unwrap_or_default()
}

fn download(wanted: &BTreeSet<String>, folder: &Path) -> Outcome {
    // Root would hand the download to a user who may not write into our folder, and say so.
    let words = ["-qq", "-o", "APT::Sandbox::User=root", "download"];
    run(Command::new("apt-get").args(words).args(wanted).current_dir(folder))
}

fn unpack(packages: &Path, root: &Path) -> Outcome {
    let entries = fs::read_dir(packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    for entry in entries.flatten() {
        capture(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(root))?;
    }
    fs::remove_dir_all(packages).map_err(|e| format!("{}: {e}", packages.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_is_read() {
        let text = "NOTE: only simulated\nRemv old [1:10.0]\nInst liba (1.0 Debian:12 [amd64])\n\
                    Inst tool [1.0] (1.1 Debian:12 [amd64])\nConf liba (1.0 Debian:12 [amd64])\n";
        assert_eq!(added(text), ["liba", "tool"].map(str::to_owned).into());
    }
}
