//! Debian's own Rust compiler with the source of its standard library, unpacked beside the build
//! and not installed, so that it shadows nothing. It needs apt and dpkg-deb, and no root.

use crate::shell::{Outcome, capture, exists, run, tools_dir};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder with the compiler; fetched and unpacked the first time.
pub(super) fn unpacked() -> Outcome<PathBuf> {
    let root = tools_dir().join("debian-rust");
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
    fetch(&packages)?;
    unpack(&packages, &root)?;
    let version =
        capture(Command::new(root.join("usr/bin/rustc")).arg("-V").env("LD_LIBRARY_PATH", libraries(&root)))?;
    println!("nostd: unpacked {}", version.trim());
    fs::write(&complete, version).map_err(|e| format!("{}: {e}", complete.display()))?;
    Ok(root)
}

/// The folders with the compiler's shared libraries.
pub(super) fn libraries(root: &Path) -> std::ffi::OsString {
    let folders =
        fs::read_dir(root.join("usr/lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    let folders = folders.filter(|path| path.to_string_lossy().ends_with("-linux-gnu"));
    std::env::join_paths(folders).unwrap_or_default()
}

fn fetch(folder: &Path) -> Outcome {
    // The lists may be there already, or only root may renew them: the download tells.
    let _ = run(Command::new("apt-get").args(["-qq", "update"]));
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = ROOTS.iter().map(|name| (*name).to_owned()).collect();
    while let Some(name) = open.pop() {
        let depends = capture(Command::new("apt-cache").args(["depends", "--important", &name]))
            .map_err(|reason| format!("apt does not know {name}: {reason}"))?;
        let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        // The compiler's own parts; common libraries are on every machine that has apt.
        open.extend(names.filter(|name| OWN.iter().any(|own| name.starts_with(own))).map(str::to_owned));
        wanted.insert(name);
    }
    run(Command::new("apt-get").args(["-qq", "download"]).args(&wanted).current_dir(folder))
}

fn unpack(packages: &Path, root: &Path) -> Outcome {
    let entries = fs::read_dir(packages).map_err(|e| format!("{}: {e}", packages.display()))?;
    for entry in entries.flatten() {
        run(Command::new("dpkg-deb").arg("-x").arg(entry.path()).arg(root))?;
    }
    fs::remove_dir_all(packages).map_err(|e| format!("{}: {e}", packages.display()))
}

const ROOTS: &[&str] = &["rustc-web", "rust-web-src"];
const OWN: &[&str] = &["libstd-rust-web", "libllvm"];
