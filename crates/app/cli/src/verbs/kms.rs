//! `teeproof kms`: AWS KMS for attested recipients.

#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "its schema is written by every build"))]
pub(crate) mod answer;
pub(crate) mod lint_policy;
#[cfg(feature = "aws")]
mod operation;

use clap::{Args, Subcommand};

use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::settings::context::Context;

/// Have AWS KMS release secrets to this enclave, and lint key policies
///
/// The operations send an attestation document of this enclave with an RSA key that lives in this process, and decrypt
/// the answer with it. They are in builds with the feature aws.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct KmsArgs {
    #[command(subcommand)]
    command: KmsCommand,
}

const EXAMPLES: &str = "\
Examples:
  What the policy of a key lets in:
    teeproof kms lint-policy key-policy.json
  In an enclave, with vsock-proxy 8000 kms.eu-west-1.amazonaws.com 443 on the parent (feature aws):
    teeproof kms decrypt wrapped.bin --key KEY_ARN --context purpose=tls-key \\
      --region eu-west-1 --proxy vsock:3:8000 -o tls-key.pem";

#[derive(Debug, Subcommand)]
enum KmsCommand {
    /// Decrypt a ciphertext of KMS
    #[cfg(feature = "aws")]
    Decrypt(operation::DecryptArgs),
    /// Generate a data key, and its ciphertext under a KMS key
    #[cfg(feature = "aws")]
    GenerateDataKey(operation::DataKeyArgs),
    /// Generate a key pair, and the ciphertext of its private key under a KMS key
    #[cfg(feature = "aws")]
    GenerateDataKeyPair(operation::DataKeyPairArgs),
    /// Generate random bytes
    #[cfg(feature = "aws")]
    GenerateRandom(operation::RandomArgs),
    /// Derive the shared secret of a KMS key and a public key (ECDH)
    #[cfg(feature = "aws")]
    DeriveSharedSecret(operation::SharedSecretArgs),
    /// Say what a key policy lets in without the attestation that it seems to require
    LintPolicy(lint_policy::LintPolicyArgs),
}

impl KmsArgs {
    /// Secrets are written for the owner alone.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            KmsCommand::LintPolicy(_) => ProductForm::Answer,
            #[cfg(feature = "aws")]
            _ => ProductForm::Secret,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &KmsArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        #[cfg(feature = "aws")]
        KmsCommand::Decrypt(args) => args.run(context),
        #[cfg(feature = "aws")]
        KmsCommand::GenerateDataKey(args) => args.run(context),
        #[cfg(feature = "aws")]
        KmsCommand::GenerateDataKeyPair(args) => args.run(context),
        #[cfg(feature = "aws")]
        KmsCommand::GenerateRandom(args) => args.run(context),
        #[cfg(feature = "aws")]
        KmsCommand::DeriveSharedSecret(args) => args.run(context),
        KmsCommand::LintPolicy(args) => lint_policy::run(args, context),
    }
}
