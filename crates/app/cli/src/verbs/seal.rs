//! `teeproof seal`: secrets that only one machine can open, in the state that it is in.

pub(crate) mod encrypt;
mod sink;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use teeproof_vtpm::Registers;
use teeproof_vtpm::seal::{SealingKey, open_envelope};

use crate::input::bytes::NonceArgs;
use crate::input::source;
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;
use encrypt::SEALING_PCRS;
use sink::{Sink, seal_fault};

/// Bind secrets to this machine and its present state
///
/// Inside of the machine, `seal key` makes a key that its TPM uses only while registers stay as they
/// are, certified by the attestation key. Elsewhere, `seal encrypt` verifies the machine's evidence
/// and that key, and seals a secret to it. Inside again, `seal decrypt` opens it.
#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    #[command(subcommand)]
    command: SealCommand,
}

#[derive(Debug, Subcommand)]
enum SealCommand {
    /// Make a key to seal to, inside of the machine
    Key(KeyArgs),
    /// Verify a machine's evidence and its key, and seal a secret to it
    Encrypt(Box<encrypt::EncryptArgs>),
    /// Seal a secret to a key of which nothing is verified
    EncryptUnverified(encrypt::UnverifiedArgs),
    /// Open a secret, inside of the machine
    Decrypt(DecryptArgs),
}

impl SealArgs {
    /// A secret is for the owner alone, and so is what it is sealed in. A key's file has public parts alone.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            SealCommand::Key(_) => ProductForm::File,
            SealCommand::Encrypt(_) | SealCommand::EncryptUnverified(_) | SealCommand::Decrypt(_) => {
                ProductForm::Secret
            }
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &SealArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        SealCommand::Key(args) => write_key(args, context),
        SealCommand::Encrypt(args) => encrypt::run(args, context),
        SealCommand::EncryptUnverified(args) => encrypt::unverified(args, context),
        SealCommand::Decrypt(args) => decrypt(args, context),
    }
}

/// Make a key to seal to, inside of the machine
///
/// The key is made anew from the TPM's own seed whenever it is needed, the same one until the machine
/// is restarted; nothing of it has to be kept.
#[derive(Debug, Args)]
struct KeyArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// The registers that guard the key, of the SHA-256 bank
    #[arg(long, value_name = "REGISTERS", default_value = SEALING_PCRS)]
    pcrs: Registers,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs `teeproof seal key`.
fn write_key(args: &KeyArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = args.nonce.read(&context.source)?;
    let mut tpm = args.tpm.open()?;
    let key = SealingKey::make(tpm.as_mut(), args.pcrs.0, &nonce).map_err(|error| seal_fault(&error))?;
    context.messages.say(&format!("key: guarded by {}, certified by the attestation key", args.pcrs));
    Ok(Product::json_text(&key.to_json().map_err(|error| seal_fault(&error))?))
}

/// Open a secret, inside of the machine
#[derive(Debug, Args)]
struct DecryptArgs {
    /// The envelope; - is stdin
    #[arg(value_name = "FILE")]
    envelope: PathBuf,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs `teeproof seal decrypt`.
fn decrypt(args: &DecryptArgs, context: &Context) -> Result<Product, Fault> {
    let mut envelope = context.source.stream(&args.envelope)?;
    let mut tpm = args.tpm.open()?;
    let mut sink = Sink::open(context)?;
    let opened = open_envelope(tpm.as_mut(), &mut envelope, &mut sink)
        .map_err(|error| seal_fault(&error).in_file(source::name(&args.envelope)));
    sink.close(opened)?;
    Ok(Product::written(0))
}
