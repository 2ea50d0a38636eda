//! `teeproof seal`: secrets that only one machine can open, and only in one state.

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

/// Seal secrets to one machine in one state
///
/// On the machine, `seal key` makes a key that its TPM uses only while the PCRs keep their values, certified by
/// the attestation key. Elsewhere, `seal encrypt` verifies the evidence of the machine and that key, and seals
/// a secret to it. On the machine again, `seal decrypt` opens it.
#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    #[command(subcommand)]
    command: SealCommand,
}

#[derive(Debug, Subcommand)]
enum SealCommand {
    Key(KeyArgs),
    Encrypt(Box<encrypt::EncryptArgs>),
    EncryptUnverified(encrypt::UnverifiedArgs),
    Decrypt(DecryptArgs),
}

impl SealArgs {
    /// Secrets and sealed secrets are written for the owner alone. The file of a key has only public parts.
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

/// On the machine: make a key to seal to
///
/// The TPM derives the key from its seed whenever it is needed: the same key until the machine restarts. No private
/// part is stored.
#[derive(Debug, Args)]
struct KeyArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// The PCRs that the key is bound to, of the SHA-256 bank
    #[arg(long, value_name = "PCRS", default_value = SEALING_PCRS)]
    pcrs: Registers,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs `teeproof seal key`.
fn write_key(args: &KeyArgs, context: &Context) -> Result<Product, Fault> {
    let nonce = args.nonce.read(&context.source)?;
    let mut tpm = args.tpm.open()?;
    let key = SealingKey::make(tpm.as_mut(), args.pcrs.0, &nonce).map_err(|error| seal_fault(&error))?;
    context.messages.say(&format!("key: bound to {}, certified by the attestation key", args.pcrs));
    Ok(Product::json_text(&key.to_json().map_err(|error| seal_fault(&error))?))
}

/// On the machine: open a sealed secret
#[derive(Debug, Args)]
struct DecryptArgs {
    /// The sealed secret, as seal encrypt writes it; - is stdin
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
        .map_err(|error| seal_fault(&error).in_file(source::path_name(&args.envelope)));
    sink.close(opened)?;
    Ok(Product::written(0))
}
