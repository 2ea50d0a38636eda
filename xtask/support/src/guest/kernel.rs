//! The kernel and its modules in an unpacked package of Debian's.

use crate::shell::Outcome;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The kernel in the folder that the package was unpacked to.
pub fn image(root: &Path) -> Outcome<PathBuf> {
    let boot = root.join("boot");
    let entries = fs::read_dir(&boot).map_err(|e| format!("{}: {e}", boot.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let kernel =
        paths.find(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("vmlinuz")));
    kernel.ok_or_else(|| format!("{}: expected a kernel, found none", boot.display()))
}

/// The module of this name, decompressed.
pub fn module(root: &Path, name: &str) -> Outcome<Vec<u8>> {
    let modules = root.join("lib/modules");
    let wanted = [format!("{name}.ko"), format!("{name}.ko.xz")];
    let path = found(&modules, &wanted)
        .ok_or_else(|| format!("{}: expected a module {name}, found none", modules.display()))?;
    let failed = |e: std::io::Error| format!("{}: {e}", path.display());
    if path.extension().is_some_and(|extension| extension == "ko") {
        return fs::read(&path).map_err(failed);
    }
    let unpacked = Command::new("xz").arg("-dc").arg(&path).output().map_err(failed)?;
    if unpacked.status.success() {
        Ok(unpacked.stdout)
    } else {
        Err(format!("{}: xz failed", path.display()))
    }
}

/// The first file of one of these names, in the folder or below it.
fn found(folder: &Path, names: &[String]) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            return found(&path, names);
        }
        names.iter().any(|name| entry.file_name() == name.as_str()).then_some(path)
    })
}
