//! The guest's whole file system: a shell, the programs, the steps, kernel modules, and the users that they need.

use crate::build::Programs;
use crate::parts::Parts;
use crate::steps::STEPS;
use std::fs;
use std::path::Path;
use xtask_support::guest::archive::Archive;
use xtask_support::shell::Outcome;

/// The archive with these programs, and the files of this folder under `/minted`.
pub(crate) fn bytes(parts: &Parts, programs: &Programs, minted: &Path) -> Outcome<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "etc", "minted", "modules", "proc", "scratch", "steps", "sys", "tmp"] {
        archive.folder(folder);
    }
    // The kernel opens it before anything is mounted.
    archive.device("dev/console", (5, 1));
    for (path, program) in [
        ("bin/busybox", &parts.busybox),
        ("bin/teeproof", &programs.teeproof),
        ("bin/teeproof-twin", &programs.twin),
        ("bin/nsm-client", &programs.client),
    ] {
        archive.file(path, 0o755, &read(program)?);
    }
    for name in MODULES {
        archive.file(&format!("modules/{name}.ko"), 0o644, &parts.module(name)?);
    }
    archive.file("etc/passwd", 0o644, PASSWD);
    archive.file("etc/group", 0o644, GROUP);
    archive.file("init", 0o755, INIT);
    for (number, step) in STEPS.iter().enumerate() {
        archive.file(&format!("steps/{number:02}"), 0o644, step.line.as_bytes());
    }
    let entries = fs::read_dir(minted).map_err(|e| format!("{}: {e}", minted.display()))?;
    for entry in entries.flatten() {
        let name = format!("minted/{}", entry.file_name().to_string_lossy());
        archive.file(&name, 0o644, &read(&entry.path())?);
    }
    Ok(archive.finish())
}

/// For a device that a program serves, in the order in which they are loaded.
const MODULES: &[&str] = &["fuse", "cuse"];

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// The first program. What the steps say goes to a line of its own, apart from the kernel's.
const INIT: &[u8] = b"#!/bin/busybox sh
export PATH=/bin HOME=/ TERM=dumb
busybox mount -t devtmpfs devtmpfs /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox mount -t securityfs securityfs /sys/kernel/security
busybox --install -s /bin
cd /scratch
# As the rules of Debian's tpm-udev have it.
chown 0:59 /dev/tpmrm0 && chmod 660 /dev/tpmrm0
exec > /dev/ttyS1 2>&1
for step in /steps/*; do
    echo \"STEP ${step##*/}\"
    sh \"$step\" < /dev/null
    printf '\\nEXIT=%s\\n' $?
done
echo \"END $(cut -d ' ' -f 1 /proc/uptime)\"
sync
reboot -f
";

const PASSWD: &[u8] = b"root:x:0:0::/:/bin/sh
stranger:x:1000:1000::/:/bin/sh
member:x:1001:1001::/:/bin/sh
";
const GROUP: &[u8] = b"root:x:0:
tss:x:59:member
stranger:x:1000:
member:x:1001:
";
