//! `teeproof vtpm`: single requests to the virtual TPM; nothing that it returns is verified.

pub(crate) mod key;
pub(crate) mod nv;
pub(crate) mod pcr;
pub(crate) mod quote;

use clap::{Args, Subcommand};
use teeproof_vtpm::{NoLog, read_event_log};

use crate::input::bytes;
use crate::input::tpm::{AK, EK, EventLogArgs, TpmArgs, read_boot_report, read_fresh_report};
use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Use the virtual TPM directly: report, quote, PCRs, NV indexes, keys, event log
///
/// Responses of the TPM are printed as received; nothing is verified.
#[derive(Debug, Args)]
pub(crate) struct VtpmArgs {
    #[command(flatten)]
    tpm: TpmArgs,
    #[command(subcommand)]
    command: VtpmCommand,
}

#[derive(Debug, Subcommand)]
enum VtpmCommand {
    Report(ReportArgs),
    Quote(quote::QuoteArgs),
    /// Read or extend PCRs
    #[command(subcommand)]
    Pcr(pcr::PcrCommand),
    /// List, read, write, define and undefine NV indexes
    #[command(subcommand)]
    Nv(nv::NvCommand),
    /// Print the attestation key, or write its certificate
    Ak(key::KeyArgs),
    /// Print the endorsement key, or write its certificate
    Ek(key::KeyArgs),
    Log(LogArgs),
}

impl VtpmArgs {
    /// The content of an NV index may be a secret; everything else is public.
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
        VtpmCommand::Report(command) => write_report(command, &args.tpm, context),
        VtpmCommand::Quote(command) => quote::run(command, &args.tpm, context),
        VtpmCommand::Pcr(command) => pcr::run(command, &args.tpm, context),
        VtpmCommand::Nv(command) => nv::run(command, &args.tpm, context),
        VtpmCommand::Ak(command) => key::run(&AK, command, &args.tpm, context),
        VtpmCommand::Ek(command) => key::run(&EK, command, &args.tpm, context),
        VtpmCommand::Log(command) => event_log(command),
    }
}

/// Write the event log
///
/// `teeproof inspect` shows its events.
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    #[command(flatten)]
    event_log: EventLogArgs,
}

/// Runs `teeproof vtpm log`.
fn event_log(args: &LogArgs) -> Result<Product, Fault> {
    let fault = |none: NoLog| Fault::device(format!("event log not available: {none}"), none.hint());
    read_event_log(&args.event_log.event_log).map(Product::file).map_err(fault)
}

/// Write the HCL report: a fresh one with user data, or that of the last boot
#[derive(Debug, Args)]
struct ReportArgs {
    /// The user data of a fresh report, 64 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "boot", required_unless_present = "boot")]
    user_data: Option<String>,

    /// Write the report of the last boot
    #[arg(long)]
    boot: bool,
}

/// Runs `teeproof vtpm report`.
fn write_report(args: &ReportArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let user_data =
        args.user_data.as_ref().map(|text| bytes::resolve_bytes(text, "--user-data", &context.source));
    let user_data = user_data.transpose()?;
    let mut tpm = tpm.open()?;
    let report = match user_data {
        Some(user_data) => {
            read_fresh_report(tpm.as_mut(), &user_data, context.network.timeout, &context.messages)?
        }
        None => read_boot_report(tpm.as_mut(), &context.messages)?,
    };
    Ok(Product::file(report.into_bytes()))
}
