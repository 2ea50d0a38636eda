//! `teeproof nsm pcr`: the PCRs of an enclave printed, extended and locked.

use clap::{Args, Subcommand};
use serde::Serialize;
use teeproof_core::Hex;

use crate::input::bytes;
use crate::input::nsm::{ModuleArgs, nsm_fault};
use crate::output::fault::Fault;
use crate::output::page::Page;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Verbs for PCRs.
#[derive(Debug, Subcommand)]
pub(super) enum PcrCommand {
    Describe(DescribeArgs),
    Extend(ExtendArgs),
    Lock(LockArgs),
    LockRange(LockRangeArgs),
}

/// Print the values of PCRs, and whether they are locked
#[derive(Debug, Args)]
pub(super) struct DescribeArgs {
    /// The PCRs, from 0 to 31 [default: all]
    #[arg(value_name = "PCR", value_parser = pcr())]
    pcrs: Vec<u16>,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Extend a PCR with data, and print its new value
///
/// The new value is SHA-384 of the value and the data. Documents have the PCR once it is locked. PCR0 to PCR15 are
/// locked when the enclave starts.
#[derive(Debug, Args)]
pub(super) struct ExtendArgs {
    /// The PCR, from 0 to 31
    #[arg(value_name = "PCR", value_parser = pcr())]
    pcr: u16,

    /// The data, hashed as it is, at most about 4000 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(value_name = "DATA")]
    data: String,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Lock a PCR until the enclave ends
///
/// It cannot be extended then, and documents have it. A PCR that is locked already is refused.
#[derive(Debug, Args)]
pub(super) struct LockArgs {
    /// The PCR, from 0 to 31
    #[arg(value_name = "PCR", value_parser = pcr())]
    pcr: u16,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Lock the first PCRs until the enclave ends
///
/// Those that are locked already stay so.
#[derive(Debug, Args)]
pub(super) struct LockRangeArgs {
    /// How many: 20 locks PCR0 to PCR19
    #[arg(value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=32))]
    count: u16,

    #[command(flatten)]
    module: ModuleArgs,
}

/// The numbers of PCRs.
fn pcr() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(0..=31)
}

/// Runs the verb.
pub(super) fn run(command: &PcrCommand, context: &Context) -> Result<Product, Fault> {
    match command {
        PcrCommand::Describe(args) => describe(args, context),
        PcrCommand::Extend(args) => extend(args, context),
        PcrCommand::Lock(args) => lock(args, context),
        PcrCommand::LockRange(args) => lock_range(args, context),
    }
}

fn describe(args: &DescribeArgs, context: &Context) -> Result<Product, Fault> {
    let mut nsm = args.module.open(context.network.timeout)?;
    let mut indices = args.pcrs.clone();
    if indices.is_empty() {
        // A request has room for the numbers of 32, whatever the module says.
        indices = (0..nsm.describe().map_err(|error| nsm_fault(&error))?.max_pcrs.min(32)).collect();
    }
    let mut pcrs = Vec::with_capacity(indices.len());
    for index in indices {
        let state = nsm.describe_pcr(index).map_err(|error| nsm_fault(&error))?;
        pcrs.push(PcrJson { index, locked: state.is_locked, value: Hex(&state.value).to_string() });
    }
    product(pcrs, context)
}

fn extend(args: &ExtendArgs, context: &Context) -> Result<Product, Fault> {
    let data = bytes::resolve_bytes(&args.data, "DATA", &context.source)?;
    let mut nsm = args.module.open(context.network.timeout)?;
    let value = nsm.extend_pcr(args.pcr, &data).map_err(|error| nsm_fault(&error))?;
    // Only a PCR that is not locked can be extended.
    let pcr = PcrJson { index: args.pcr, locked: false, value: Hex(&value).to_string() };
    product(vec![pcr], context)
}

fn lock(args: &LockArgs, context: &Context) -> Result<Product, Fault> {
    let mut nsm = args.module.open(context.network.timeout)?;
    nsm.lock_pcr(args.pcr).map_err(|error| nsm_fault(&error))?;
    context.messages.say(&format!("PCR{}: locked", args.pcr));
    Ok(Product::none())
}

fn lock_range(args: &LockRangeArgs, context: &Context) -> Result<Product, Fault> {
    let mut nsm = args.module.open(context.network.timeout)?;
    nsm.lock_pcrs(args.count).map_err(|error| nsm_fault(&error))?;
    context.messages.say(&match args.count {
        1 => "PCR0: locked".to_owned(),
        count => format!("PCR0 to PCR{}: locked", count.saturating_sub(1)),
    });
    Ok(Product::none())
}

fn product(pcrs: Vec<PcrJson>, context: &Context) -> Result<Product, Fault> {
    if context.is_json() {
        return Product::json(&PcrsJson { schema: "teeproof/nsm-pcrs/1", pcrs }, 0);
    }
    let mut page = Page::new();
    for PcrJson { index, locked, value } in &pcrs {
        let state = if *locked { "locked" } else { "not locked" };
        page.line(format_args!("{:<5}  {state:<10}  {value}", format!("PCR{index}")));
    }
    Ok(Product::of(page))
}

/// PCRs of an enclave, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EnclavePcrs"))]
pub(crate) struct PcrsJson {
    /// The form: `teeproof/nsm-pcrs/1`.
    schema: &'static str,
    /// The PCRs, in the order of the request.
    pcrs: Vec<PcrJson>,
}

/// One PCR, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "EnclavePcr"))]
struct PcrJson {
    /// Its number.
    index: u16,
    /// Whether it is locked: it cannot be extended, and documents have it.
    locked: bool,
    /// Its value in hex.
    value: String,
}
