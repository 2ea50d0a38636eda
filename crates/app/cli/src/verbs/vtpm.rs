//! `teeproof vtpm`: one thing asked of the virtual TPM, and its answer as it came.

pub(crate) mod key;
pub(crate) mod nv;
pub(crate) mod pcr;
pub(crate) mod quote;
mod report;

use clap::{Args, Subcommand};
use teeproof_vtpm::{NoLog, read_event_log};

use crate::input::azure::EventLogArgs;
use crate::input::tpm::TpmArgs;
use crate::input::tpm_keys;
use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Ask the virtual TPM for one thing: report, quote, registers, indexes, keys, boot log
///
/// What comes back is what the TPM said; nothing of it is verified here.
#[derive(Debug, Args)]
pub(crate) struct VtpmArgs {
    #[command(flatten)]
    tpm: TpmArgs,
    #[command(subcommand)]
    command: VtpmCommand,
}

#[derive(Debug, Subcommand)]
enum VtpmCommand {
    /// Write the paravisor's report, proven fresh, or as it lies there
    Report(report::ReportArgs),
    /// Quote registers under the attestation key
    Quote(quote::QuoteArgs),
    /// Read or extend registers
    #[command(subcommand)]
    Pcr(pcr::PcrCommand),
    /// List, read, write, define and undefine NV indexes
    #[command(subcommand)]
    Nv(nv::NvCommand),
    /// Tell the attestation key, or write its certificate
    Ak(key::KeyArgs),
    /// Tell the endorsement key, or write its certificate
    Ek(key::KeyArgs),
    /// Write the boot log
    Log(LogArgs),
}

impl VtpmArgs {
    /// What an index holds may be a secret; all else that a TPM says is public.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            VtpmCommand::Nv(nv::NvCommand::Read(_)) => ProductForm::Secret,
            VtpmCommand::Report(_) | VtpmCommand::Log(_) => ProductForm::File,
            VtpmCommand::Ak(args) | VtpmCommand::Ek(args) => args.product_form(),
            _ => ProductForm::Answer,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &VtpmArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        VtpmCommand::Report(command) => report::run(command, &args.tpm, context),
        VtpmCommand::Quote(command) => quote::run(command, &args.tpm, context),
        VtpmCommand::Pcr(command) => pcr::run(command, &args.tpm, context),
        VtpmCommand::Nv(command) => nv::run(command, &args.tpm, context),
        VtpmCommand::Ak(command) => key::run(&tpm_keys::AK, command, &args.tpm, context),
        VtpmCommand::Ek(command) => key::run(&tpm_keys::EK, command, &args.tpm, context),
        VtpmCommand::Log(command) => event_log(command),
    }
}

/// Write the boot log
///
/// `teeproof inspect` shows what is in it.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    event_log: EventLogArgs,
}

/// Runs `teeproof vtpm log`.
fn event_log(args: &LogArgs) -> Result<Product, Fault> {
    let none = |none: NoLog| Fault::device(format!("there is no boot log: {none}"), none.hint());
    read_event_log(&args.event_log.event_log).map(Product::file).map_err(none)
}
