//! `teeproof doctor`: what this machine has for attestation, and how to mend what it lacks.

mod nsm;
pub(crate) mod probe;
mod tpm;

use std::path::Path;

use clap::Args;
use teeproof_core::Outcome;
use teeproof_endorse::azure_metadata_answers;
use teeproof_vtpm::{NoLog, read_event_log};

use crate::input::nsm::ModuleArgs;
use crate::input::tpm::{EventLogArgs, MetadataArgs, TpmArgs, http};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;
use probe::Probe;

/// Diagnose whether this machine can be attested, and say how to fix what is missing
///
/// Changes nothing. In a Nitro enclave (/dev/nsm is there, or --nsm is given), its security module is diagnosed, and
/// elsewhere the NitroTPM of an EC2 instance or the virtual TPM of an Azure VM. The exit code is 0 if evidence can be
/// collected on this machine, and 9 if not.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    tpm: TpmArgs,

    #[command(flatten)]
    event_log: EventLogArgs,

    #[command(flatten)]
    metadata: MetadataArgs,

    #[command(flatten)]
    module: ModuleArgs,

    /// The parent's proxy to KMS: vsock:CID:PORT, tcp:HOST:PORT or unix:PATH [default: in an enclave, vsock:3:8000]
    #[arg(long, value_name = "ADDRESS")]
    kms_proxy: Option<String>,
}

/// Runs the verb.
pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<Product, Fault> {
    if nsm::is_enclave(&args.module) {
        let probes = nsm::probe_enclave(&args.module, args.kms_proxy.as_deref(), context)?;
        return product(&probes, "teeproof collect nitro", context);
    }
    let tpm::TpmProbes { mut probes, is_nitro_tpm } = tpm::probe_tpm(&args.tpm)?;
    if is_nitro_tpm {
        return product(&probes, "teeproof collect nitro-tpm", context);
    }
    let opened = probes.first().is_some_and(|first| first.outcome == Outcome::Pass);
    let log = read_event_log(&args.event_log.event_log);
    probes.push(permissions(opened, &log));
    probes.push(event_log(&args.event_log.event_log, log));
    probes.push(metadata(&args.metadata.imds, context));
    product(&probes, "teeproof collect azure", context)
}

/// The probes, and the verb that collects evidence of this machine.
fn product(probes: &[Probe], collect: &str, context: &Context) -> Result<Product, Fault> {
    let exit = if probes.iter().any(|probe| probe.outcome == Outcome::Fail) { 9 } else { 0 };
    if context.is_json() {
        return Product::json(&probe::DoctorJson::of(probes, exit), exit);
    }
    Ok(Product::ending(probe::page(probes, collect, exit), exit))
}

/// Whether this user may use everything that collecting needs.
fn permissions(opened: bool, log: &Result<Vec<u8>, NoLog>) -> Probe {
    const NAME: &str = "permissions";
    match log {
        _ if !opened => Probe::skipped(NAME, "not checked, the TPM could not be opened"),
        Err(none @ NoLog::Denied(_)) => {
            Probe::poor(NAME, "this user may use the TPM, but not read the event log", none.hint())
        }
        _ => Probe::good(NAME, "this user may use the TPM and read the event log"),
    }
}

/// Whether there is an event log.
fn event_log(path: &Path, log: Result<Vec<u8>, NoLog>) -> Probe {
    const NAME: &str = "event log";
    match log {
        Ok(log) => Probe::good(NAME, format!("{}, {} bytes", path.display(), log.len())),
        Err(none) => Probe::poor(NAME, format!("not available: {none}"), none.hint()),
    }
}

/// Whether Azure's instance metadata answers.
fn metadata(url: &str, context: &Context) -> Probe {
    const NAME: &str = "instance metadata";
    if context.network.offline {
        return Probe::skipped(NAME, "not checked, --offline was given");
    }
    match azure_metadata_answers(&http(context.network.timeout), url) {
        Ok(()) => Probe::good(NAME, format!("{url} answers")),
        Err(error) => {
            let fix = format!("{}; without it, give the VCEK chain to the verifier as a file", error.hint());
            Probe::poor(NAME, error.to_string(), fix)
        }
    }
}
