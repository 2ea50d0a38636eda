//! `teeproof collect`: fresh evidence of the machine that this runs in. Of an Azure VM, one bundle: the collection of the
//! library and the VCEK chain from Azure's instance metadata. Of a Nitro enclave or an EC2 instance with NitroTPM,
//! its document.

mod args;
mod nitro;
#[cfg(feature = "direct")]
mod nitro_tpm;
mod tpm2_tools;

use std::time::SystemTime;

use clap::{Args, Subcommand};
use teeproof_endorse::vcek_chain;
use teeproof_vtpm::{CollectError, Missing, Registers, ReportType, Step, collect};

use crate::input::tpm::{self, http};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::output::streams::Messages;
use crate::settings::context::Context;
use args::{AzureArgs, AzureInputs};

/// Collect fresh evidence of this machine
#[derive(Debug, Args)]
pub(crate) struct CollectArgs {
    #[command(subcommand)]
    command: CollectCommand,
}

#[derive(Debug, Subcommand)]
enum CollectCommand {
    Azure(Box<AzureArgs>),
    Nitro(nitro::NitroArgs),
    #[cfg(feature = "direct")]
    NitroTpm(nitro_tpm::CollectNitroTpmArgs),
}

/// Runs the verb.
pub(crate) fn run(args: &CollectArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        CollectCommand::Azure(args) => collect_azure(args, context),
        CollectCommand::Nitro(args) => nitro::run(args, context),
        #[cfg(feature = "direct")]
        CollectCommand::NitroTpm(args) => nitro_tpm::run(args, context),
    }
}

/// Runs `teeproof collect azure`.
fn collect_azure(args: &AzureArgs, context: &Context) -> Result<Product, Fault> {
    let inputs = AzureInputs::from_args(args, context)?;
    let request = inputs.request(args, context.network.timeout)?;
    if args.explain {
        let user_data = request.report_user_data().map_err(|error| collect_fault(&error))?;
        return Ok(Product::text(tpm2_tools::script(args, inputs.nonce(), user_data.as_ref())));
    }
    let mut tpm = args.tpm.open()?;
    let mut progress = |step: Step<'_>| say_step(step, &context.messages);
    let mut collected =
        collect(tpm.as_mut(), &request, &mut progress).map_err(|error| collect_fault(&error))?;
    if collected.report_type() == ReportType::SNP {
        collected
            .add_certificates(vcek_certificates(args, context))
            .map_err(|error| collect_fault(&error))?;
    } else {
        context.messages.say("endorsements: none, this version collects no TD quote");
    }
    let bundle = collected.into_bundle(SystemTime::now()).map_err(|error| Fault::bundle(&error))?;
    Ok(if args.json { Product::json_text(&bundle.to_json()) } else { Product::file(bundle.to_cbor()) })
}

/// Prints a step of the collection on standard error.
fn say_step(step: Step<'_>, messages: &Messages) {
    match step {
        Step::Waiting(pause) => tpm::say_waiting(pause, messages),
        Step::BootReport => tpm::say_boot_report(messages),
        Step::FreshReport { tries, waited } => tpm::say_fresh_report(tries, waited, messages),
        Step::Quote(pcrs) => messages.say(&format!("quote: over {}", Registers(pcrs))),
        Step::AkCertificate => messages.say("attestation key: certificate included"),
        Step::EventLog { bytes } => messages.say(&format!("event log: {bytes} bytes")),
        Step::Missing(missing) => messages.say(&match missing {
            Missing::AkCertificateForm(error) => {
                format!("attestation key: no valid certificate in its NV index: {error}")
            }
            Missing::EventLogNotRequested => "event log: left out".to_owned(),
            Missing::EventLog(none) => format!("event log: not available, {none}; {}", none.hint()),
            other => format!("attestation key: {other}"),
        }),
        _ => {}
    }
}

/// The fault of a collection, with its exit code.
fn collect_fault(error: &CollectError) -> Fault {
    match error {
        CollectError::Tpm(error) => tpm::report_fault(error),
        CollectError::NoAttestationKey => Fault::device(error.to_string(), tpm::AK.hint),
        CollectError::Part(error) => Fault::input(error),
        other => Fault::internal(other.to_string()),
    }
}

/// The VCEK chain; empty if the service cannot be reached, which is reported and is not a failure: a verifier can
/// get the chain elsewhere.
fn vcek_certificates(args: &AzureArgs, context: &Context) -> Vec<Vec<u8>> {
    if context.network.offline {
        context.messages.say("endorsements: left out, --offline was given");
        return Vec::new();
    }
    match vcek_chain(&http(context.network.timeout), &args.metadata.imds) {
        Ok(chain) => {
            context.messages.say(&format!("endorsements: {} certificates of the chip", chain.len()));
            chain
        }
        Err(error) => {
            context.messages.say(&format!("endorsements: none fetched, {error}; {}", error.hint()));
            Vec::new()
        }
    }
}
