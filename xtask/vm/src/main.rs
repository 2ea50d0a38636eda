//! The command on a real kernel's own TPM driver, and the published client of the Nitro security module in front of our
//! twin's `/dev/nsm`: Debian's kernel under plain emulation, a software TPM behind a CRB device, and nothing of the machine
//! that it runs on. Needs neither root (once the programs of `setup` are there) nor KVM, and takes some twelve seconds.

mod build;
mod initramfs;
mod machine;
mod parts;
mod published;
mod state;
mod steps;
mod swtpm;

use machine::Machine;
use parts::Parts;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use xtask_support::guest::record;
use xtask_support::shell::{self, Outcome, target_dir};
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
    let programs = build::programs()?;
    let folder = target_dir().join("vm").join("run");
    renew(&folder)?;
    state::prepare(&folder)?;
    published::over_a_socket(&programs, &folder)?;
    let initramfs = folder.join("initramfs");
    fs::write(&initramfs, initramfs::bytes(&parts, &programs, &folder.join("minted"))?)
        .map_err(|e| format!("{}: {e}", initramfs.display()))?;
    let machine = Machine { parts: &parts, folder: &folder };
    let record = machine.boot()?;
    let mut faults = record::faults(&record, steps::STEPS);
    faults.extend(record::fault_of_end(&record));
    if faults.is_empty() {
        for step in steps::STEPS {
            println!("  {}: exit code {}, as expected", step.name, step.exit);
        }
        return Ok(());
    }
    println!("{}\n{record}", machine.console());
    Err(format!("vm:\n  {}", faults.join("\n  ")))
}

fn renew(folder: &Path) -> Outcome {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}
