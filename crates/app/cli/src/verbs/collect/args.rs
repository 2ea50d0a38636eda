//! Arguments of `collect azure`, and the request that they make.

use std::time::Duration;

use clap::Args;
use teeproof_vtpm::{CollectRequest, Registers};

use crate::input::bytes::{self, NonceArgs};
use crate::input::tpm::{self, EventLogArgs, MetadataArgs, TpmArgs};
use crate::output::fault::Fault;
use crate::settings::context::Context;

/// Collect evidence of an Azure confidential VM through its virtual TPM
///
/// The bundle has everything that `teeproof verify` needs: a fresh HCL report, a quote with its PCR values, the
/// event log, the certificate of the attestation key, and the VCEK chain from Azure's instance metadata. The
/// nonce is in the quote, and also in the user data of the report unless --user-data gives another value.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct AzureArgs {
    #[command(flatten)]
    nonce: NonceArgs,

    /// The user data of the report, up to 64 bytes, in the forms of --nonce [default: the nonce]
    #[arg(long, value_name = "BYTES", conflicts_with = "boot")]
    user_data: Option<String>,

    /// Use the report of the last boot instead of requesting a fresh one
    #[arg(long)]
    boot: bool,

    /// The PCRs to quote, of the SHA-256 bank
    #[arg(long, value_name = "PCRS", default_value_t = Registers::ALL_SHA256)]
    pub(super) pcrs: Registers,

    #[command(flatten)]
    pub(super) tpm: TpmArgs,

    #[command(flatten)]
    pub(super) event_log: EventLogArgs,

    /// Leave the event log out
    #[arg(long)]
    pub(super) no_event_log: bool,

    #[command(flatten)]
    pub(super) metadata: MetadataArgs,

    /// Write the JSON form of the bundle instead of CBOR
    #[arg(long)]
    pub(super) json: bool,

    /// Collect nothing; print a script of tpm2-tools commands that does the same
    #[arg(long)]
    pub(super) explain: bool,
}

/// The bytes that the arguments name.
pub(super) struct AzureInputs {
    /// The nonce of the quote; empty for none.
    nonce: Vec<u8>,
    /// The user data of the report, if it is not the nonce.
    user_data: Option<Vec<u8>>,
}

impl AzureInputs {
    /// Reads the bytes that the arguments name.
    pub(super) fn from_args(args: &AzureArgs, context: &Context) -> Result<Self, Fault> {
        if args.pcrs.0.bank != teeproof_wire::tpm::SHA256 {
            return Err(Fault::usage(
                format!("--pcrs: expected PCRs of the SHA-256 bank, got {}", args.pcrs),
                "give them as sha256:0-7,14; for other banks, use teeproof vtpm quote",
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
                    format!("--user-data: expected at most 64 bytes, got {}", user_data.len()),
                    "give a hash of longer data, for instance SHA-512",
                )
            }),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  Evidence for a verifier that sent a nonce:
    teeproof collect azure --nonce hex:7b1e… -o vm.bundle
  The hash of your own key in the report, which binds it to the machine:
    teeproof collect azure --nonce hex:7b1e… --user-data @key.sha512 -o vm.bundle
  The same with tpm2-tools, as a script:
    teeproof collect azure --nonce hex:7b1e… --explain";
