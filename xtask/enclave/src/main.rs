//! The command in an AWS Nitro enclave that QEMU emulates: images that `teeproof eif build` wrote, Debian's kernel with its
//! own NSM driver, and an NSM that is not ours. Plain emulation: no hardware of AWS, no KVM, and no root once the programs
//! of `setup` are there.

mod images;
mod machine;
mod outside;
mod parts;
mod pcrs;
mod programs;
mod qemu;
mod ramdisk;
mod road;
mod steps;

use images::{Builder, Image};
use machine::Machine;
use parts::Parts;
use programs::Programs;
use qemu::Missing;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use xtask_support::guest::{program, record};
use xtask_support::shell::{self, Outcome, target_dir};
use xtask_support::{setup, skip};

fn main() -> ExitCode {
    shell::main(run)
}

/// Boots each image, and compares its PCRs; in the enclave of one of them, runs the steps.
fn run(_: &[&str]) -> Outcome {
    let qemu = match program::is_native().map_err(Missing::Source).and_then(|()| qemu::program()) {
        Ok(qemu) => qemu,
        Err(Missing::Source(reason)) => {
            skip::aloud("enclave (a kernel's own NSM driver was not tested)", &reason);
            return Ok(());
        }
        Err(Missing::Fault(reason)) => return Err(reason),
    };
    println!("enclave: {}", qemu::version(&qemu)?);
    setup::need(&[setup::TESTS])?;
    let parts = Parts::find()?;
    let folder = target_dir().join("enclave");
    renew(&folder)?;
    let programs = Programs::build(&folder)?;
    // The names of sockets have at most about a hundred bytes, so they are relative to it.
    std::env::set_current_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    write_ramdisks(&parts, &programs, &folder)?;
    let machine = Machine { qemu: &qemu, parts: &parts, folder: &folder };
    let builder = Builder {
        teeproof: &programs.teeproof,
        order: &programs.order,
        kernel: &parts.kernel,
        folder: &folder,
    };
    builder.make_signer()?;
    let mut faults = Vec::new();
    for image in images::OTHERS {
        faults.extend(boot_for_pcrs(&machine, &builder, image)?);
    }
    faults.extend(boot_for_steps(&machine, &builder, &programs)?);
    if faults.is_empty() { Ok(()) } else { Err(format!("enclave:\n  {}", faults.join("\n  "))) }
}

fn renew(folder: &Path) -> Outcome {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))
}

fn write_ramdisks(parts: &Parts, programs: &Programs, folder: &Path) -> Outcome {
    let boot = ramdisk::boot(parts)?;
    let application = ramdisk::application(&[&programs.teeproof, &programs.room], steps::INSIDE)?;
    let whole = [&boot[..], &application].concat();
    let ramdisks = [
        (images::BOOT, boot),
        (images::APPLICATION, application),
        (images::WHOLE, whole),
        (images::MORE, ramdisk::more()),
    ];
    for (name, bytes) in ramdisks {
        fs::write(folder.join(name), bytes).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(())
}

/// Boots the image for its PCRs; gives back what differs.
fn boot_for_pcrs(machine: &Machine<'_>, builder: &Builder<'_>, image: &Image) -> Outcome<Vec<String>> {
    let eif = builder.build(image)?;
    let enclave = machine.start(&eif, &format!("ONLY={:02}", steps::PCRS))?;
    let (console, took) = enclave.finish()?;
    println!("enclave: {}: booted and ended in {:.1} s", image.name, took.as_secs_f64());
    compare(builder, image, &eif, &console)
}

/// Prints the PCRs of both sides; gives back what differs.
fn compare(builder: &Builder<'_>, image: &Image, eif: &Path, console: &str) -> Outcome<Vec<String>> {
    let output = record::output(console, steps::PCRS)
        .ok_or_else(|| format!("{}: the enclave printed no PCRs\n{console}", image.name))?;
    let (driver, computed) = (pcrs::described(output)?, builder.measure(eif)?);
    let mut faults = Vec::new();
    for row in pcrs::rows(&driver, &computed)? {
        println!("{row}");
        if !row.is_equal() {
            faults.push(format!("{}: not equal:\n{row}", image.name));
        }
    }
    Ok(faults)
}

/// Boots the main image, runs the steps inside and outside of its enclave, and compares its PCRs.
fn boot_for_steps(machine: &Machine<'_>, builder: &Builder<'_>, programs: &Programs) -> Outcome<Vec<String>> {
    let eif = builder.build(&images::MAIN)?;
    let mut enclave = machine.start(&eif, "")?;
    enclave.wait_for(LISTENING)?;
    println!("enclave: {}: serves documents after {:.1} s", images::MAIN.name, enclave.age().as_secs_f64());
    road::open(Path::new("road"), Path::new(machine::HOST), PORT)?;
    let outside = outside::record(steps::OUTSIDE, machine.folder, &programs.folder)?;
    let console = enclave.console();
    let mut faults = compare(builder, &images::MAIN, &eif, &console)?;
    // The last step serves until the machine is switched off.
    let inside = steps::INSIDE.split_last().map_or(steps::INSIDE, |(_, steps)| steps);
    for (place, record, steps) in [("inside", &console, inside), ("outside", &outside, steps::OUTSIDE)] {
        let wrong = record::faults(record, steps);
        if wrong.is_empty() {
            steps
                .iter()
                .for_each(|step| println!("  {place}: {}: exit code {}, as expected", step.name, step.exit));
        } else {
            println!("{record}");
        }
        faults.extend(wrong.into_iter().map(|fault| format!("{place}: {fault}")));
    }
    Ok(faults)
}

/// The line of `nsm serve` once it can be reached.
const LISTENING: &str = "listening on vsock:";
/// The port of documents that nobody chose another one for.
const PORT: u32 = 5733;
