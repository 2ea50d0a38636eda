//! What the machine is made of: QEMU, a kernel and a shell. The kernel and the shell are Debian's
//! packages, unpacked and not installed; so is QEMU if it is not on the path.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use xtask_support::debian::{depends, lacking, libraries, unpacked};
use xtask_support::shell::{Outcome, exists};

/// The platform of the guest, as the compiler calls it.
pub(crate) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Everything that is not ours.
pub(crate) struct Parts {
    pub(crate) qemu: PathBuf,
    /// QEMU's shared libraries, if they were unpacked with it.
    pub(crate) libraries: Option<OsString>,
    pub(crate) kernel: PathBuf,
    pub(crate) busybox: PathBuf,
    /// The folder with the kernel's modules.
    modules: PathBuf,
}

impl Parts {
    /// Finds or fetches them; the reason why not is one to leave the task out for.
    pub(crate) fn find() -> Outcome<Self> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Err(format!("it builds the guest's program for {TARGET}, natively"));
        }
        let guest = unpacked("debian-guest", || {
            let mut packages = depends(KERNEL)?;
            packages.retain(|name| name.starts_with("linux-image-"));
            packages.push("busybox-static".into());
            Ok(packages.into_iter().collect())
        })?;
        let kernel = kernel(&guest.join("boot"))?;
        let (qemu, libraries) = qemu()?;
        let modules = guest.join("lib/modules");
        Ok(Self { qemu, libraries, kernel, busybox: guest.join("bin/busybox"), modules })
    }

    /// The kernel's module of this name, unpacked.
    pub(crate) fn module(&self, name: &str) -> Outcome<Vec<u8>> {
        let wanted = [format!("{name}.ko"), format!("{name}.ko.xz")];
        let path =
            found(&self.modules, &wanted).ok_or_else(|| format!("{KERNEL} brings no module {name}"))?;
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

fn qemu() -> Outcome<(PathBuf, Option<OsString>)> {
    if exists(QEMU) {
        return Ok((QEMU.into(), None));
    }
    // Installing it would push another version of QEMU's tools off some machines.
    let root = unpacked("debian-qemu", || lacking("qemu-system-x86"))?;
    Ok((root.join("usr/bin").join(QEMU), Some(libraries(&root))))
}

fn kernel(boot: &Path) -> Outcome<PathBuf> {
    let entries = fs::read_dir(boot).map_err(|e| format!("{}: {e}", boot.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    let kernel =
        paths.find(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("vmlinuz")));
    kernel.ok_or_else(|| format!("{KERNEL} brings no kernel"))
}

const QEMU: &str = "qemu-system-x86_64";
/// Small, and with the TPM drivers built in. It names the current kernel by depending on it.
const KERNEL: &str = "linux-image-cloud-amd64";
