//! Published packages in cargo's registry cache. Cargo fetches missing ones and checks them against the registry's
//! checksum.

use crate::shell::{Outcome, capture, cargo, cargo_home};
use std::path::PathBuf;

/// The file that the registry sent.
pub(crate) fn archive(name: &str, version: &str) -> Outcome<PathBuf> {
    kept(name, version, "cache", ".crate")
}

/// The folder that it was unpacked to.
pub(crate) fn unpacked(name: &str, version: &str) -> Outcome<PathBuf> {
    kept(name, version, "src", "")
}

fn kept(name: &str, version: &str, part: &str, ending: &str) -> Outcome<PathBuf> {
    let entry = format!("{name}-{version}{ending}");
    if let Some(path) = find(part, &entry) {
        return Ok(path);
    }
    // Fetches and unpacks exactly this package and none of its dependencies.
    let spec = format!("{name}@{version}");
    capture(cargo().args(["info", "--quiet", &spec]).current_dir(std::env::temp_dir()))?;
    find(part, &entry).ok_or_else(|| format!("{spec} is not in the registry cache"))
}

fn find(part: &str, entry: &str) -> Option<PathBuf> {
    let registries = std::fs::read_dir(cargo_home()?.join("registry").join(part)).ok()?;
    registries.flatten().map(|registry| registry.path().join(entry)).find(|path| path.exists())
}
