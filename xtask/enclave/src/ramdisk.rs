//! The enclave's two ramdisks: one that brings the system up (PCR1 measures it), and one with the application (PCR2).

use crate::parts::Parts;
use std::fs;
use std::path::Path;
use xtask_support::guest::archive::Archive;
use xtask_support::guest::record::Step;
use xtask_support::shell::Outcome;

/// Shell, modules and the first program.
pub(crate) fn boot(parts: &Parts) -> Outcome<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["bin", "dev", "modules", "proc", "scratch", "sys"] {
        archive.folder(folder);
    }
    // The kernel opens it before anything is mounted.
    archive.device("dev/console", (5, 1));
    archive.file("bin/busybox", 0o755, &read(&parts.busybox)?);
    for (number, module) in parts.modules.iter().enumerate() {
        archive.file(&format!("modules/{number}-{}.ko", module.name), 0o644, &module.bytes);
    }
    archive.file("init", 0o755, INIT);
    Ok(archive.finish())
}

/// Programs, each under its file's name, and the steps.
pub(crate) fn application(programs: &[&Path], steps: &[Step]) -> Outcome<Vec<u8>> {
    let mut archive = Archive::default();
    for folder in ["bin", "steps"] {
        archive.folder(folder);
    }
    for program in programs {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        archive.file(&format!("bin/{name}"), 0o755, &read(program)?);
    }
    for (number, step) in steps.iter().enumerate() {
        archive.file(&format!("steps/{number:02}"), 0o644, step.line.as_bytes());
    }
    Ok(archive.finish())
}

/// A ramdisk that nothing depends on.
pub(crate) fn more() -> Vec<u8> {
    let mut archive = Archive::default();
    archive.folder("more");
    archive.finish()
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// The first program. The kernel hands it what it does not know of its command line as environment: `ONLY` names the one
/// step to run.
const INIT: &[u8] = b"#!/bin/busybox sh
export PATH=/bin HOME=/ TERM=dumb
busybox mount -t devtmpfs devtmpfs /dev
busybox mount -t proc proc /proc
busybox mount -t sysfs sysfs /sys
busybox --install -s /bin
for module in /modules/*; do
    insmod \"$module\" || echo \"$module was not loaded\"
done
cd /scratch
for step in /steps/${ONLY:-*}; do
    echo \"STEP ${step##*/}\"
    sh \"$step\" < /dev/null 2>&1
    printf '\\nEXIT=%s\\n' $?
done
echo \"END $(cut -d ' ' -f 1 /proc/uptime)\"
reboot -f
";
