//! The `teeproof-twin` command: starts a twin, prints its addresses, and runs until it is killed.

mod cli;
mod root_file;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser as _;
use cli::{Cli, Ec2Args, KmsArgs, NitroTpmArgs, NsmArgs, ParavisorArgs, ResignArgs, Twin};
use root_file::{Refused, RootFile};
use teeproof_twin::ec2::Ec2;
use teeproof_twin::kms::Kms;
use teeproof_twin::nitro_tpm::NitroTpm;
use teeproof_twin::nsm::cuse::Device;
use teeproof_twin::nsm::{self, Nsm};
use teeproof_twin::paravisor::Paravisor;

/// Exit code of a usage error, the same as clap's.
const USAGE: u8 = 2;
/// Interval between checks that swtpm still runs.
const LOOK: Duration = Duration::from_millis(200);
/// Size limit of a document to sign, in bytes: more than any that a verifier takes.
const MAX_DOCUMENT: u64 = 1 << 20;

type Outcome = Result<(), Box<dyn core::error::Error>>;

fn main() -> ExitCode {
    let outcome = match Cli::parse().twin {
        Twin::Paravisor(args) => paravisor(&args),
        Twin::Nsm(args) => security_module(&args),
        Twin::NitroTpm(args) => nitro_tpm(&args),
        Twin::Kms(args) => kms(&args),
        Twin::Ec2(args) => ec2(&args),
        Twin::NsmResign(args) => resign(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("teeproof-twin: {error}");
            match error.downcast_ref() {
                Some(Refused::Usage(_)) => ExitCode::from(USAGE),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn paravisor(args: &ParavisorArgs) -> Outcome {
    let mut running = Paravisor::start(&args.settings())?;
    // Locked until the end, so that other twins in this folder leave it alone.
    let root = RootFile::write(args.root.as_deref(), running.root_der())?;
    remark(&root);
    introduce("an Azure paravisor: what it hands out is made", &root.path, &[], running.environment())?;
    while running.is_alive() {
        thread::sleep(LOOK);
    }
    Err("swtpm has ended".into())
}

fn security_module(args: &NsmArgs) -> Outcome {
    const WHAT: &str = "a Nitro security module: its documents are signed";
    let names = |id: String| [format!("The module is {id}.")];
    if let Some(name) = &args.cuse {
        let device = Device::register(&args.settings()?, name)?;
        let root = chain_root(&args.chain, &device.root_pem())?;
        let address = format!("device:{}", device.path().display());
        introduce(WHAT, &root.path, &names(device.module_id()), vec![("TEEPROOF_NSM", address)])?;
        return Ok(device.serve()?);
    }
    let running = Nsm::start(&args.settings()?)?;
    let root = chain_root(&args.chain, &running.root_pem())?;
    introduce(WHAT, &root.path, &names(running.module_id()), running.environment())?;
    loop {
        thread::park();
    }
}

fn nitro_tpm(args: &NitroTpmArgs) -> Outcome {
    let mut running = NitroTpm::start(&args.settings())?;
    let root = chain_root(&args.chain, &running.root_pem())?;
    let module = [format!("The module is {}.", running.module_id())];
    introduce("a NitroTPM: its documents are signed", &root.path, &module, running.environment())?;
    while running.is_alive() {
        thread::sleep(LOOK);
    }
    Err("swtpm has ended".into())
}

fn kms(args: &KmsArgs) -> Outcome {
    let running = Kms::start(args.settings()?)?;
    let mut out = io::stdout().lock();
    writeln!(out, "# A TWIN of AWS KMS: its keys live in memory, and its credentials open nothing else.")?;
    export(&mut out, running.environment())?;
    drop(out);
    loop {
        thread::park();
    }
}

fn ec2(args: &Ec2Args) -> Outcome {
    let running = Ec2::start(args.settings()?)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "# A TWIN of Amazon EC2 in front of moto: no machine runs, and its credentials open nothing else."
    )?;
    export(&mut out, running.environment())?;
    drop(out);
    loop {
        thread::park();
    }
}

fn resign(args: &ResignArgs) -> Outcome {
    let input = args.input.display();
    let named = |error: io::Error| format!("{input}: {error}");
    let document = read(&args.input).map_err(named)?;
    let signed = nsm::resign(&document, &args.region).map_err(|error| format!("{input}: {error}"))?;
    let root = chain_root(&args.chain, &signed.root_pem())?;
    fs::write(&args.output, &signed.document)
        .map_err(|error| format!("{}: {error}", args.output.display()))?;
    let output = args.output.display();
    println!("{output}: {} bytes, signed by a TWIN under throwaway keys", signed.document.len());
    println!("Its only trust anchor is in {}.", root.path.display());
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_DOCUMENT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes the trust anchor to `root.pem` in this folder, which is made if it is missing.
fn chain_root(folder: &Path, pem: &str) -> Result<RootFile, Refused> {
    fs::create_dir_all(folder).map_err(|error| Refused::Io(format!("{}: {error}", folder.display())))?;
    let path: PathBuf = folder.join("root.pem");
    let root = RootFile::write_to(&path, "--chain", pem.as_bytes())?;
    remark(&root);
    Ok(root)
}

fn remark(root: &RootFile) {
    if let Some(remark) = &root.remark {
        eprintln!("teeproof-twin: {remark}");
    }
}

/// Prints what runs, its trust anchor, and the environment for clients.
fn introduce(
    what: &str,
    root: &Path,
    more: &[String],
    environment: Vec<(&'static str, String)>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "# A TWIN of {what} under throwaway keys.")?;
    writeln!(out, "# Its only trust anchor is in {}.", root.display())?;
    for line in more {
        writeln!(out, "# {line}")?;
    }
    export(&mut out, environment)
}

/// Prints the environment for clients as lines for a shell.
fn export(out: &mut impl io::Write, environment: Vec<(&'static str, String)>) -> io::Result<()> {
    for (name, value) in environment {
        writeln!(out, "export {name}={value}")?;
    }
    out.flush()
}
