//! The command on a real kernel's own TPM driver: Debian's kernel under plain emulation, a software
//! TPM behind a CRB device, and nothing of the machine that it runs on. Needs neither root (once the
//! programs of `setup` are there) nor KVM, and takes some ten seconds.

mod archive;
mod initramfs;
mod machine;
mod parts;
mod record;
mod state;
mod steps;
mod swtpm;

use machine::Machine;
use parts::Parts;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use xtask_support::shell::{self, Outcome, cargo, target_dir};
use xtask_support::{setup, skip};

fn main() -> ExitCode {
    shell::main(run)
}

/// Boots the machine, runs its steps, and compares the results with the expected ones.
fn run(_: &[&str]) -> Outcome {
    setup::need(&[setup::TESTS])?;
    let parts = match Parts::find() {
        Ok(parts) => parts,
        Err(reason) => {
            skip::aloud("vm (a kernel's own TPM driver was not tested)", &reason);
            return Ok(());
        }
    };
    let teeproof = build()?;
    let folder = target_dir().join("vm").join("run");
    renew(&folder)?;
    state::prepare(&folder)?;
    let initramfs = folder.join("initramfs");
    fs::write(&initramfs, initramfs::bytes(&parts.busybox, &teeproof, &folder.join("minted"))?)
        .map_err(|e| format!("{}: {e}", initramfs.display()))?;
    let machine = Machine { parts: &parts, folder: &folder };
    let record = machine.boot()?;
    let faults = record::faults(&record, steps::STEPS);
    if faults.is_empty() {
        for step in steps::STEPS {
            println!("  {}: exit code {}, as expected", step.name, step.exit);
        }
        return Ok(());
    }
    println!("{}\n{record}", machine.console());
    Err(format!("vm:\n  {}", faults.join("\n  ")))
}

/// The command without a shared library, for a machine that has none.
fn build() -> Outcome<PathBuf> {
    let folder = target_dir().join("vm").join("build");
    let mut build = cargo();
    build.args(["build", "--locked", "-p", "teeproof-cli", "--target", parts::TARGET]);
    // It runs for a second: its speed is worth less than the compiler's time.
    for key in ["opt-level=0", "package.\"*\".opt-level=0", "debug=false", "strip=\"symbols\""] {
        build.args(["--config", &format!("profile.dev.{key}")]);
    }
    // With a target named, these flags are for the program and not for what helps to build it.
    build.env("RUSTFLAGS", "-C target-feature=+crt-static").env_remove("CARGO_ENCODED_RUSTFLAGS");
    build.env("CARGO_TARGET_DIR", &folder);
    shell::run(&mut build)?;
    Ok(folder.join(parts::TARGET).join("debug").join("teeproof"))
}

fn renew(folder: &Path) -> Outcome {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
