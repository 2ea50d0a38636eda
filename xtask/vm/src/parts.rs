//! What the machine is made of: QEMU, a kernel and a shell. The kernel and the shell are Debian's
//! packages, unpacked and not installed; so is QEMU if it is not on the path.

use std::ffi::OsString;
use std::path::PathBuf;
use xtask_support::debian::{depends, lacking, libraries, unpacked};
use xtask_support::guest::{kernel, program};
use xtask_support::shell::{Outcome, exists};

/// Everything that is not ours.
pub(crate) struct Parts {
    pub(crate) qemu: PathBuf,
    /// QEMU's shared libraries, if they were unpacked with it.
    pub(crate) libraries: Option<OsString>,
    pub(crate) kernel: PathBuf,
    pub(crate) busybox: PathBuf,
    /// The folder with the kernel and its modules.
    guest: PathBuf,
}

impl Parts {
    /// Finds or fetches them; the reason why not is one to leave the task out for.
    pub(crate) fn find() -> Outcome<Self> {
        program::is_native()?;
        let guest = unpacked("debian-guest", || {
            let mut packages = depends(KERNEL)?;
            packages.retain(|name| name.starts_with("linux-image-"));
            packages.push("busybox-static".into());
            Ok(packages.into_iter().collect())
        })?;
        let kernel = kernel::image(&guest)?;
        let (qemu, libraries) = qemu()?;
        Ok(Self { qemu, libraries, kernel, busybox: guest.join("bin/busybox"), guest })
    }

    /// The kernel's module of this name, unpacked.
    pub(crate) fn module(&self, name: &str) -> Outcome<Vec<u8>> {
        kernel::module(&self.guest, name)
    }
}

fn qemu() -> Outcome<(PathBuf, Option<OsString>)> {
    if exists(QEMU) {
        return Ok((QEMU.into(), None));
    }
    // Installing it would push another version of QEMU's tools off some machines.
    let root = unpacked("debian-qemu", || lacking("qemu-system-x86"))?;
    Ok((root.join("usr/bin").join(QEMU), Some(libraries(&root))))
}

const QEMU: &str = "qemu-system-x86_64";
/// Small, and with the TPM drivers built in. It names the current kernel by depending on it.
const KERNEL: &str = "linux-image-cloud-amd64";
