//! The published package: checked against the checksum in the lock file of `peers`, and unpacked anew each time,
//! so that it is unmodified.

use crate::shell::{Outcome, capture, root};
use crate::{registry, vectors};
use std::fs;
use std::path::Path;
use std::process::Command;

pub(super) const NAME: &str = "az-snp-vtpm";
pub(super) const VERSION: &str = "0.8.2";

/// Unpacks it into a workspace of its own, whose lock file is the package's.
pub(super) fn unpack(folder: &Path) -> Outcome {
    let archive = registry::archive(NAME, VERSION)?;
    let bytes = fs::read(&archive).map_err(|e| format!("{}: {e}", archive.display()))?;
    let found = vectors::hash(&bytes);
    let expected = checksum(&read(&root().join("peers/Cargo.lock"))?)?;
    if found != expected {
        return Err(format!("{}: SHA-256 is {found}, the lock file says {expected}", archive.display()));
    }
    let package = folder.join(format!("{NAME}-{VERSION}"));
    let _ = fs::remove_dir_all(&package);
    capture(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder))?;
    let lock = read(&package.join("Cargo.lock"))?;
    write(&folder.join("Cargo.lock"), &lock)?;
    // Without it cargo would take the package for a part of our own workspace, in which it lies.
    write(
        &folder.join("Cargo.toml"),
        &format!("[workspace]\nresolver = \"2\"\nmembers = [\"{NAME}-{VERSION}\"]\n"),
    )
}

/// The checksum of this version in a lock file.
fn checksum(lock: &str) -> Outcome<String> {
    let lock: toml::Table = toml::from_str(lock).map_err(|e| format!("peers/Cargo.lock: {e}"))?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let field = |package: &toml::Value, name: &str| Some(package.get(name)?.as_str()?.to_owned());
    let mut this = packages.filter(|package| {
        field(package, "name").is_some_and(|name| name == NAME)
            && field(package, "version").is_some_and(|version| version == VERSION)
    });
    let checksum = this.next().and_then(|package| field(package, "checksum"));
    checksum.ok_or_else(|| format!("peers/Cargo.lock has no checksum of {NAME} {VERSION}"))
}

fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) -> Outcome {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_stand_on_the_same_version() {
        let lock = read(&root().join("peers/Cargo.lock")).unwrap_or_default();
        assert!(checksum(&lock).is_ok_and(|sum| sum.len() == 64));
        assert!(checksum(&lock.replace("0.8.2", "0.8.3")).is_err());
    }
}
