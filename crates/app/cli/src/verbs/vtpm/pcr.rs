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

/// Verbs for PCRs.
#[derive(Debug, Subcommand)]
pub(super) enum PcrCommand {
    Read(ReadArgs),
    Extend(ExtendArgs),
}

/// Print PCR values in the form of tpm2_pcrread
#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// The PCRs: sha256:0-7,14 or sha384:all [default: all of every bank]
    #[arg(value_name = "PCRS")]
    pcrs: Vec<Registers>,
}

/// Extend one PCR
///
/// PCRs 16 and 23 can be reset; the others keep the extension until the machine restarts.
#[derive(Debug, Args)]
pub(super) struct ExtendArgs {
    /// The PCR: sha256:16
    #[arg(value_name = "PCR")]
    pcr: Registers,

    /// The digest, of the length of the bank: hex:…, b64:…, @FILE, or - for stdin
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
    let mut selections: Vec<_> = args.pcrs.iter().map(|pcrs| pcrs.0).collect();
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
    let selection = args.pcr.0;
    let mut chosen = selection.indices();
    let (Some(index), None) = (chosen.next(), chosen.next()) else {
        return Err(Fault::usage(format!("expected one PCR, got {}", args.pcr), "give one, as in sha256:16"));
    };
    let expected = hash_bytes(selection.bank);
    if expected != Some(digest.len()) {
        let expected =
            expected.map_or_else(|| "another length".to_owned(), |length| format!("{length} bytes"));
        return Err(Fault::usage(
            format!("DIGEST: expected {expected} for {}, got {}", args.pcr, digest.len()),
            "give the digest of the measured data by the hash of the bank",
        ));
    }
    let mut tpm = tpm.open()?;
    tpm.pcr_extend(index, selection.bank, &digest).map_err(|error| tpm_fault(&error))?;
    context.messages.say(&format!("{}: extended", args.pcr));
    Ok(Product::none())
}

/// PCRs, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PcrBanks"))]
pub(crate) struct BanksJson {
    /// The form: `teeproof/pcrs/2`.
    schema: &'static str,
    /// The banks in order.
    banks: Vec<BankJson>,
}

/// One bank, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "PcrBank"))]
pub(super) struct BankJson {
    /// The bank: `sha256`.
    bank: String,
    /// Its PCRs in order.
    pcrs: Vec<PcrJson>,
}

/// One PCR, as JSON.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Pcr"))]
struct PcrJson {
    /// Its number.
    index: u8,
    /// Its value in hex.
    value: String,
}

impl BankJson {
    pub(super) fn of(pcrs: &PcrValues) -> Self {
        let indexed = pcrs.selection.indices().zip(&pcrs.values);
        let pcr = |(index, value): (u8, &Vec<u8>)| PcrJson { index, value: Hex(value).to_string() };
        Self { bank: bank_name(pcrs), pcrs: indexed.map(pcr).collect() }
    }
}

/// PCRs of one bank as tpm2_pcrread prints them.
pub(super) fn tpm2_pcrread_text(pcrs: &PcrValues) -> String {
    let mut out = format!("{}:\n", bank_name(pcrs));
    for (index, value) in pcrs.selection.indices().zip(&pcrs.values) {
        let digits = Hex(value).to_string().to_ascii_uppercase();
        let _ = writeln!(out, "  {index:<2}: 0x{digits}");
    }
    out
}

/// The name of the bank.
fn bank_name(pcrs: &PcrValues) -> String {
    let bank = pcrs.selection.bank;
    hash_name(bank).map_or_else(|| format!("{bank:#06x}"), str::to_owned)
}
