//! `teeproof seal key`.

use clap::Args;
use teeproof_vtpm::Registers;
use teeproof_vtpm::seal::SealingKey;

use super::fault;
use super::file::KeyFile;
use crate::bytes;
use crate::context::Context;
use crate::fault::Fault;
use crate::product::Product;
use crate::tpm::TpmArgs;

/// The registers that guard a key unless others are named: firmware, its settings, boot programs, secure
/// boot, kernel and initial file system. 5, 6 and 10 change from one start to the next, or while it runs.
pub(super) const REGISTERS: &str = "sha256:0-4,7-9";

/// Make a key to seal to, inside of the machine
///
/// The key is made anew from the TPM's own seed whenever it is needed, the same one until the machine
/// is restarted; nothing of it has to be kept.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// The relying party's nonce, at most 50 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce", required_unless_present = "no_nonce")]
    nonce: Option<String>,

    /// Have the key certified without a nonce
    #[arg(long)]
    no_nonce: bool,

    /// The registers that guard the key, of the SHA-256 bank
    #[arg(long, value_name = "REGISTERS", default_value = REGISTERS)]
    pcrs: Registers,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs the verb.
pub(super) fn run(args: &KeyArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = args.nonce.as_ref().map(|text| bytes::resolve(text, "--nonce", &context.source));
    let nonce = nonce.transpose()?.unwrap_or_default();
    let mut tpm = args.tpm.open()?;
    let key = SealingKey::make(tpm.as_mut(), args.pcrs.0, &nonce).map_err(|error| fault(&error))?;
    context.say(&format!("key: guarded by {}, certified by the attestation key", args.pcrs));
    Product::json(&KeyFile::of(&key), 0)
}
