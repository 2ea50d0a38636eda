//! `teeproof seal`: secrets that only one machine can open, in the state that it is in.

mod decrypt;
pub(crate) mod encrypt;
mod key;
mod sink;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

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
    Key(key::KeyArgs),
    /// Verify a machine's evidence and its key, and seal a secret to it
    Encrypt(Box<encrypt::EncryptArgs>),
    /// Seal a secret to a key of which nothing is verified
    EncryptUnverified(encrypt::UnverifiedArgs),
    /// Open a secret, inside of the machine
    Decrypt(decrypt::DecryptArgs),
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
        SealCommand::Key(args) => key::run(args, context),
        SealCommand::Encrypt(args) => encrypt::run(args, context),
        SealCommand::EncryptUnverified(args) => encrypt::unverified(args, context),
        SealCommand::Decrypt(args) => decrypt::run(args, context),
    }
}
