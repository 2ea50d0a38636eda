//! The arguments of `collect azure`, and the request of the library that they make.

use std::time::Duration;

use clap::Args;
use teeproof_vtpm::{CollectRequest, Registers};

use crate::input::bytes::{self, NonceArgs};
use crate::input::tpm::{self, EventLogArgs, MetadataArgs, TpmArgs};
use crate::output::fault::Fault;
use crate::settings::context::Context;

/// Of an Azure confidential VM, through its virtual TPM
///
/// Collects the paravisor's report, proven fresh, a quote over the registers with their values, the
/// boot log, the attestation key's certificate, and from Azure's instance metadata the VCEK chain:
/// everything that `teeproof verify` needs, in one bundle. The nonce is what the quote answers, and
/// stands in the report's user data unless --user-data says otherwise.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct AzureArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// What to have in the report, up to 64 bytes, in the forms of --nonce [default: the nonce]
    #[arg(long, value_name = "BYTES", conflicts_with = "boot")]
    user_data: Option<String>,

    /// Take the report as it lies there, instead of having it made anew
    #[arg(long)]
    boot: bool,

    /// The registers to quote, of the SHA-256 bank
    #[arg(long, value_name = "REGISTERS", default_value_t = Registers::ALL_SHA256)]
    pub(super) pcrs: Registers,

    #[command(flatten)]
    pub(super) tpm: TpmArgs,

    #[command(flatten)]
    pub(super) event_log: EventLogArgs,

    /// Leave the boot log out
    #[arg(long)]
    pub(super) no_event_log: bool,

    #[command(flatten)]
    pub(super) metadata: MetadataArgs,

    /// Write the JSON form of the bundle instead of CBOR
    #[arg(long)]
    pub(super) json: bool,

    /// Collect nothing; print the commands of tpm2-tools that do the same
    #[arg(long)]
    pub(super) explain: bool,
}

/// The nonce and what else the arguments name.
pub(super) struct AzureInputs {
    /// The nonce of the quote; empty for none.
    nonce: Vec<u8>,
    /// The user data of the report, where it is not the nonce.
    user_data: Option<Vec<u8>>,
}

impl AzureInputs {
    /// Reads what the arguments name.
    pub(super) fn from_args(args: &AzureArgs, context: &Context) -> Result<Self, Fault> {
        if args.pcrs.0.bank != teeproof_wire::tpm::SHA256 {
            return Err(Fault::usage(
                format!("--pcrs: a bundle holds registers of the SHA-256 bank, not {}", args.pcrs),
                "give them as sha256:0-7,14; teeproof vtpm quote quotes other banks",
            ));
        }
        let nonce = args.nonce.read(&context.source)?;
        let user_data = args.user_data.as_ref();
        let user_data = user_data.map(|text| bytes::resolve_bytes(text, "--user-data", &context.source));
        Ok(Self { nonce, user_data: user_data.transpose()? })
    }

    /// The nonce of the quote; empty for none.
    pub(super) fn nonce(&self) -> &[u8] {
        &self.nonce
    }

    /// The request of these arguments.
    pub(super) fn request<'a>(
        &'a self,
        args: &'a AzureArgs,
        timeout: Option<Duration>,
    ) -> Result<CollectRequest<'a>, Fault> {
        let log = Some(args.event_log.event_log.as_path()).filter(|_| !args.no_event_log);
        let request = CollectRequest::new(&self.nonce)
            .pcrs(args.pcrs.0.bitmap)
            .event_log(log)
            .patience(tpm::patience(timeout));
        match &self.user_data {
            _ if args.boot => Ok(request.boot_report()),
            None => Ok(request),
            Some(user_data) => request.user_data(user_data).map_err(|_| {
                Fault::usage(
                    format!("--user-data: {} bytes, and a report has room for 64", user_data.len()),
                    "give the hash of what is longer, for instance SHA-512",
                )
            }),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  Evidence for a verifier that sent a nonce:
    teeproof collect azure --nonce hex:7b1e… -o vm.bundle
  A key of yours bound to the machine, in the report:
    teeproof collect azure --nonce hex:7b1e… --user-data @key.sha512 -o vm.bundle
  What tpm2-tools would have to do:
    teeproof collect azure --nonce hex:7b1e… --explain";
