//! The enclave's parts that are not ours: kernel with its modules, shell, firmware and the backend of its vsock. The
//! first three are Debian's packages, unpacked and not installed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use xtask_support::debian::{depends, unpacked};
use xtask_support::guest::kernel;
use xtask_support::shell::Outcome;
use xtask_support::tools;

/// Where each of them is.
pub(crate) struct Parts {
    pub(crate) kernel: PathBuf,
    /// In the order in which the guest loads them, decompressed.
    pub(crate) modules: Vec<Module>,
    pub(crate) busybox: PathBuf,
    /// The folders that QEMU finds its firmware in.
    pub(crate) firmware: Vec<PathBuf>,
    pub(crate) vsock: PathBuf,
}

/// A module of the kernel.
pub(crate) struct Module {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

impl Parts {
    /// Finds them, or fetches them the first time.
    pub(crate) fn find() -> Outcome<Self> {
        let root = unpacked("debian-enclave", packages)?;
        let module = |name: &&'static str| Ok(Module { name, bytes: kernel::module(&root, name)? });
        Ok(Self {
            kernel: kernel::image(&root)?,
            modules: MODULES.iter().map(module).collect::<Outcome<_>>()?,
            busybox: root.join("bin/busybox"),
            firmware: FIRMWARE.iter().map(|folder| root.join(folder)).collect(),
            vsock: tools::VHOST_VSOCK.program()?,
        })
    }
}

/// Debian 12 has the kernel as its second one, Debian 13 as its only one.
fn packages() -> Outcome<BTreeSet<String>> {
    let kernel = depends("linux-image-6.12-cloud-amd64").or_else(|_| depends("linux-image-cloud-amd64"))?;
    let mut packages: BTreeSet<String> = kernel.into_iter().filter(|name| is_image(name)).collect();
    packages.extend(["busybox-static", "seabios", "qemu-system-data"].map(str::to_owned));
    Ok(packages)
}

fn is_image(package: &str) -> bool {
    package.starts_with("linux-image-")
}

/// Each after those that it needs.
const MODULES: &[&str] =
    &["virtio_mmio", "vsock", "vmw_vsock_virtio_transport_common", "vmw_vsock_virtio_transport", "nsm"];

/// `bios-microvm.bin` is SeaBIOS's, `linuxboot_dma.bin` is QEMU's.
const FIRMWARE: &[&str] = &["usr/share/seabios", "usr/share/qemu"];
