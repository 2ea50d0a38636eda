//! `teeproof vtpm quote`: a quote, its signature and the quoted PCR values.

use clap::{Args, ValueHint};
use serde::Serialize;
use teeproof_core::Hex;
use teeproof_vtpm::{Quoted, Registers, handles, quote};

use super::pcr::{BankJson, tpm2_pcrread_text};
use crate::input::bytes::NonceArgs;
use crate::input::tpm::{AK, TpmArgs, key_fault, tpm_fault};
use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::path::OutputPath;
use crate::output::files::path::Placement;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Quote PCRs under the attestation key
///
/// Prints the values of the quoted PCRs in the form of tpm2_pcrread, and writes the quote and its signature to
/// the files of --message and --signature.
#[derive(Debug, Args)]
pub(super) struct QuoteArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// The PCRs of a bank; may be given once for each bank
    #[arg(long, value_name = "PCRS", default_values_t = [Registers::ALL_SHA256])]
    pcrs: Vec<Registers>,

    /// The handle of the key
    #[arg(long, value_name = "HANDLE", value_parser = super::nv::parse_handle, default_value = "0x81000003")]
    key: u32,

    /// The file for TPMS_ATTEST, as of tpm2_quote --message
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    message: OutputPath,

    /// The file for the signature, as of tpm2_quote --signature --format plain
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    signature: OutputPath,
}

/// Runs the verb.
pub(super) fn run(args: &QuoteArgs, tpm: &TpmArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = args.nonce.read(&context.source)?;
    let selections: Vec<_> = args.pcrs.iter().map(|registers| registers.0).collect();
    let mut message = OutputFile::open(&args.message.0, Placement::Replace)?;
    let mut signature = OutputFile::open(&args.signature.0, Placement::Replace)?;
    let mut tpm = tpm.open()?;
    let quoted = quote(tpm.as_mut(), args.key, &nonce, &selections).map_err(|error| match args.key {
        handles::AK => key_fault(&AK, &error),
        _ => tpm_fault(&error),
    })?;
    message.put(&quoted.signed.message)?;
    signature.put(plain(&quoted))?;
    let product = if context.is_json() {
        let banks = quoted.registers.iter().map(BankJson::of).collect();
        Product::json(&QuoteJson { schema: "teeproof/quote/2", nonce: Hex(&nonce).to_string(), banks }, 0)?
    } else {
        Product::text(quoted.registers.iter().map(tpm2_pcrread_text).collect())
    };
    Ok(product.with_files(vec![message, signature]))
}

/// The bare signature if it is RSASSA with SHA-256, as that of Azure's attestation key; TPMT_SIGNATURE otherwise.
fn plain(quoted: &Quoted) -> &[u8] {
    let signature = &quoted.signed.signature;
    teeproof_wire::tpm::rsassa_sha256(signature).map_or(signature.as_slice(), |plain| plain.as_slice())
}

/// A quote, as JSON; message and signature are in their own files.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[cfg_attr(test, schemars(rename = "Quote"))]
pub(crate) struct QuoteJson {
    /// The form: `teeproof/quote/2`.
    schema: &'static str,
    /// The nonce in hex.
    nonce: String,
    /// The PCRs that it is over, by bank.
    banks: Vec<BankJson>,
}
