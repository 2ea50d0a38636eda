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

/// Lint key policies of AWS KMS; with the feature aws, have KMS release secrets to this enclave
///
/// The operations send an attestation document of this enclave with an RSA key that lives in this process, and decrypt
/// the answer with it. They are in builds with the feature aws.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct KmsArgs {
    #[command(subcommand)]
    command: KmsCommand,
}

#[cfg(feature = "aws")]
const EXAMPLES: &str = "\
Examples:
  What the policy of a key lets in:
    teeproof kms lint-policy key-policy.json
  In an enclave, with vsock-proxy 8000 kms.eu-west-1.amazonaws.com 443 on the parent:
    teeproof kms decrypt wrapped.bin --key KEY_ARN --context purpose=tls-key \\
      --region eu-west-1 --proxy vsock:3:8000 -o tls-key.pem";
#[cfg(not(feature = "aws"))]
const EXAMPLES: &str = "\
Examples:
  What the policy of a key lets in:
    teeproof kms lint-policy key-policy.json
  The operations are in builds with the feature aws:
    cargo build --release -p teeproof-cli --features aws";

#[derive(Debug, Subcommand)]
enum KmsCommand {
    #[cfg(feature = "aws")]
    Decrypt(operation::DecryptArgs),
    #[cfg(feature = "aws")]
    GenerateDataKey(operation::DataKeyArgs),
    #[cfg(feature = "aws")]
    GenerateDataKeyPair(operation::DataKeyPairArgs),
    #[cfg(feature = "aws")]
    GenerateRandom(operation::RandomArgs),
    #[cfg(feature = "aws")]
    DeriveSharedSecret(operation::SharedSecretArgs),
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
