//! `teeproof seal decrypt`.

use std::path::PathBuf;

use clap::Args;
use teeproof_vtpm::seal::open_envelope;

use super::sink::{Sink, fault};
use crate::input::source;
use crate::input::tpm::TpmArgs;
use crate::output::fault::Fault;
use crate::output::product::Product;
use crate::settings::context::Context;

/// Open a secret, inside of the machine
#[derive(Debug, Args)]
pub(super) struct DecryptArgs {
    /// The envelope; - is stdin
    #[arg(value_name = "FILE")]
    envelope: PathBuf,

    #[command(flatten)]
    tpm: TpmArgs,
}

/// Runs the verb.
pub(super) fn run(args: &DecryptArgs, context: &Context) -> Result<Product, Fault> {
    let mut envelope = context.source.stream(&args.envelope)?;
    let mut tpm = args.tpm.open()?;
    let mut sink = Sink::open(context)?;
    let opened = open_envelope(tpm.as_mut(), &mut envelope, &mut sink)
        .map_err(|error| fault(&error).in_file(source::name(&args.envelope)));
    sink.close(opened)?;
    Ok(Product::told(0))
}
