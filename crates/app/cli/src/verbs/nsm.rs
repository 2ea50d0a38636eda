//! `teeproof nsm`: single requests to the Nitro security module, and a server of its documents with its client. Nothing
//! that it returns is verified.

pub(crate) mod describe;
mod fetch;
pub(crate) mod pcr;
mod serve;

use std::io::Write;

use clap::{Args, Subcommand};
use zeroize::Zeroizing;

use crate::input::bytes::NonceRule;
use crate::input::nsm::{FieldArgs, ModuleArgs, nsm_fault};
use crate::output::fault::Fault;
use crate::output::product::{Product, ProductForm};
use crate::output::streams::{bare_stdout, write_result};
use crate::settings::context::Context;

/// Use the security module of a Nitro enclave: PCRs, documents, random bytes, and a server of documents
///
/// Responses of the module are printed as received; nothing is verified.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct NsmArgs {
    #[command(subcommand)]
    command: NsmCommand,
}

const EXAMPLES: &str = "\
Examples:
  In the enclave: hand out a document for each nonce, over vsock at port 5733:
    teeproof nsm serve
  On the parent: request one for a verifier's nonce:
    teeproof collect nitro --from vsock:16 --nonce hex:7b1e… -o document.cose
  In the enclave: measure a configuration into PCR16, and lock it, so that documents include it:
    teeproof nsm pcr extend 16 @config.toml
    teeproof nsm pcr lock 16
  Before a twin:
    teeproof nsm describe --nsm unix:/run/nsm.sock";

#[derive(Debug, Subcommand)]
enum NsmCommand {
    Describe(describe::DescribeArgs),
    /// Print, extend and lock PCRs
    #[command(subcommand)]
    Pcr(pcr::PcrCommand),
    Attest(AttestArgs),
    Random(RandomArgs),
    Serve(serve::ServeArgs),
    Fetch(fetch::FetchArgs),
}

impl NsmArgs {
    /// Random bytes may become a key; documents are files.
    pub(crate) const fn product_form(&self) -> ProductForm {
        match &self.command {
            NsmCommand::Random(_) => ProductForm::Secret,
            NsmCommand::Attest(_) | NsmCommand::Fetch(_) => ProductForm::File,
            _ => ProductForm::Answer,
        }
    }
}

/// Runs the verb.
pub(crate) fn run(args: &NsmArgs, context: &Context) -> Result<Product, Fault> {
    match &args.command {
        NsmCommand::Describe(command) => describe::run(command, context),
        NsmCommand::Pcr(command) => pcr::run(command, context),
        NsmCommand::Attest(command) => attest(command, context),
        NsmCommand::Random(command) => random(command, context),
        NsmCommand::Serve(command) => serve::run(command, context),
        NsmCommand::Fetch(command) => fetch::run(command, context),
    }
}

/// Write an attestation document as the module returns it, whatever it is
///
/// `teeproof collect nitro` also checks its frame and its nonce.
#[derive(Debug, Args)]
struct AttestArgs {
    #[command(flatten)]
    fields: FieldArgs,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Runs `teeproof nsm attest`.
fn attest(args: &AttestArgs, context: &Context) -> Result<Product, Fault> {
    let fields = args.fields.read(NonceRule::OF_EVIDENCE, &context.source)?;
    let mut nsm = args.module.open(context.network.timeout)?;
    nsm.attest(fields.as_request()).map(Product::file).map_err(|error| nsm_fault(&error))
}

/// Write random bytes of the module
///
/// They are requested in blocks of up to 256 bytes. The file of --output is a new one, of mode 0600.
#[derive(Debug, Args)]
struct RandomArgs {
    /// How many bytes
    #[arg(value_name = "BYTES", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=16384))]
    bytes: u16,

    #[command(flatten)]
    module: ModuleArgs,
}

/// Runs `teeproof nsm random`.
fn random(args: &RandomArgs, context: &Context) -> Result<Product, Fault> {
    let wanted = usize::from(args.bytes);
    let mut nsm = args.module.open(context.network.timeout)?;
    // With room for all of them from the start: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::<u8>::with_capacity(wanted));
    while bytes.len() < wanted {
        let block = nsm.random().map_err(|error| nsm_fault(&error))?;
        if block.is_empty() {
            return Err(Fault::malformed(
                "GetRandom: expected random bytes, got none",
                "check the address: something else than a Nitro security module may answer there",
            ));
        }
        let left = wanted.saturating_sub(bytes.len());
        bytes.extend_from_slice(block.get(..left).unwrap_or(&block));
    }
    match context.take_output() {
        Some(mut file) => {
            file.put(&bytes)?;
            file.commit()?;
        }
        None => {
            let mut stdout = bare_stdout()?;
            write_result(stdout.write_all(&bytes).and_then(|()| stdout.flush()))?;
        }
    }
    Ok(Product::written(0))
}
