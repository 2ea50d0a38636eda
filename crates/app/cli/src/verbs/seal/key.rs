//! `teeproof seal key`.

use clap::Args;
use teeproof_vtpm::Registers;
use teeproof_vtpm::seal::SealingKey;

use super::sink::fault;
use crate::input::nonce::NonceArgs;
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// The registers that guard a key unless others are named: firmware, its settings, boot programs, secure
/// boot, kernel and initial file system. 5, 6 and 10 change from one start to the next, or while it runs.
pub(super) const REGISTERS: &str = "sha256:0-4,7-9";

/// Make a key to seal to, inside of the machine
///
/// The key is made anew from the TPM's own seed whenever it is needed, the same one until the machine
/// is restarted; nothing of it has to be kept.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// The registers that guard the key, of the SHA-256 bank
    #[arg(long, value_name = "REGISTERS", default_value = REGISTERS)]
    pcrs: Registers,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs the verb.
pub(super) fn run(args: &KeyArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = args.nonce.read(&context.source)?;
    let mut tpm = args.tpm.open()?;
    let key = SealingKey::make(tpm.as_mut(), args.pcrs.0, &nonce).map_err(|error| fault(&error))?;
    context.messages.say(&format!("key: guarded by {}, certified by the attestation key", args.pcrs));
    Ok(Product::json_text(&key.to_json().map_err(|error| fault(&error))?))
}
