//! `teeproof vtpm pcr`: PCRs read and extended.

use std::fmt::Write;

use clap::{Args, Subcommand};
use serde::Serialize;
use teeproof_core::Hex;
use teeproof_vtpm::{PcrValues, Registers, hash_bytes, hash_name, read_registers};

use crate::input::bytes;
use crate::input::tpm::{TpmArgs, tpm_fault};
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// What is done with registers.
#[derive(Debug, Subcommand)]
pub(super) enum PcrCommand {
    /// Print registers, in the form of tpm2_pcrread
    Read(ReadArgs),
    /// Extend one register
    Extend(ExtendArgs),
}

/// Print registers, in the form of tpm2_pcrread
#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// Which: sha256:0-7,14 or sha384:all [default: all of every bank]
    #[arg(value_name = "REGISTERS")]
    registers: Vec<Registers>,
}

/// Extend one register
///
/// A register cannot be set back until the machine is restarted, but for 16 and 23.
#[derive(Debug, Args)]
pub(super) struct ExtendArgs {
    /// Which: sha256:16
    #[arg(value_name = "REGISTER")]
    register: Registers,

    /// The digest to extend it with, of the bank's length: hex:…, b64:…, @FILE, or - for stdin
    #[arg(value_name = "DIGEST")]
    digest: String,
}

/// Runs the verb.
pub(super) fn run(command: &PcrCommand, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    match command {
        PcrCommand::Read(args) => read(args, tpm, context),
        PcrCommand::Extend(args) => extend(args, tpm, context),
    }
}

fn read(args: &ReadArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let mut tpm = tpm.open()?;
    let mut selections: Vec<_> = args.registers.iter().map(|registers| registers.0).collect();
    if selections.is_empty() {
        selections = tpm.banks().map_err(|error| tpm_fault(&error))?;
        selections.retain(|bank| bank.bitmap != 0);
    }
    let banks: Result<Vec<_>, _> =
        selections.into_iter().map(|selection| read_registers(tpm.as_mut(), selection)).collect();
    let banks = banks.map_err(|error| tpm_fault(&error))?;
    if context.is_json() {
        let banks = banks.iter().map(BankJson::of).collect();
        return Product::json(&BanksJson { schema: "teeproof/pcrs/2", banks }, 0);
    }
    Ok(Product::text(banks.iter().map(tpm2_pcrread_text).collect()))
}

fn extend(args: &ExtendArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let digest = bytes::resolve_bytes(&args.digest, "DIGEST", &context.source)?;
    let selection = args.register.0;
    let mut chosen = selection.indices();
    let (Some(register), None) = (chosen.next(), chosen.next()) else {
        return Err(Fault::usage(
            format!("{} is not one register", args.register),
            "name one, as in sha256:16",
        ));
    };
    if hash_bytes(selection.bank) != Some(digest.len()) {
        return Err(Fault::usage(
            format!("the digest has {} bytes, and the bank's have another length", digest.len()),
            "hash what is to be measured with the hash of the bank",
        ));
    }
    let mut tpm = tpm.open()?;
    tpm.pcr_extend(register, selection.bank, &digest).map_err(|error| tpm_fault(&error))?;
    context.messages.say(&format!("{}: extended", args.register));
    Ok(Product::none())
}

/// PCRs, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PcrBanks"))]
pub(crate) struct BanksJson {
    /// The form: `teeproof/pcrs/2`.
    schema: &'static str,
    /// The banks in order.
    banks: Vec<BankJson>,
}

/// One bank, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PcrBank"))]
pub(super) struct BankJson {
    /// The bank: `sha256`.
    bank: String,
    /// Its PCRs in order.
    pcrs: Vec<RegisterJson>,
}

/// One PCR, for programs.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Pcr"))]
struct RegisterJson {
    /// Its number.
    index: u8,
    /// Its value in hex.
    value: String,
}

impl BankJson {
    pub(super) fn of(registers: &PcrValues) -> Self {
        let indexed = registers.selection.indices().zip(&registers.values);
        let register = |(index, value): (u8, &Vec<u8>)| RegisterJson { index, value: Hex(value).to_string() };
        Self { bank: bank_name(registers), pcrs: indexed.map(register).collect() }
    }
}

/// Registers of one bank as tpm2_pcrread prints them.
pub(super) fn tpm2_pcrread_text(registers: &PcrValues) -> String {
    let mut out = format!("{}:\n", bank_name(registers));
    for (index, value) in registers.selection.indices().zip(&registers.values) {
        let digits = Hex(value).to_string().to_ascii_uppercase();
        let _ = writeln!(out, "  {index:<2}: 0x{digits}");
    }
    out
}

/// The name of the bank.
fn bank_name(registers: &PcrValues) -> String {
    let bank = registers.selection.bank;
    hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned)
}
