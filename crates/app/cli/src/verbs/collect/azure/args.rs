//! The arguments of `collect azure`, and what they amount to.

use clap::Args;
use teeproof_vtpm::{Registers, USER_DATA_BYTES};

use crate::input::azure::{EventLogArgs, MetadataArgs};
use crate::input::bytes;
use crate::input::nonce::NonceArgs;
use crate::input::tpm::TpmArgs;
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

/// What the arguments amount to.
pub(super) struct Asked {
    /// What the quote answers; empty for nothing.
    pub(super) nonce: Vec<u8>,
    /// What is put into the report.
    pub(super) user_data: [u8; USER_DATA_BYTES],
    /// Whether the report is to be made anew.
    pub(super) fresh: bool,
    /// Whether the person chose the user data.
    chosen: bool,
}

impl Asked {
    /// Reads what the arguments name.
    pub(super) fn read(args: &AzureArgs, context: &Context) -> Result<Self, Fault> {
        if args.pcrs.0.bank != teeproof::wire::tpm::SHA256 {
            return Err(Fault::usage(
                format!("--pcrs: a bundle holds registers of the SHA-256 bank, not {}", args.pcrs),
                "give them as sha256:0-7,14; teeproof vtpm quote quotes other banks",
            ));
        }
        let nonce = args.nonce.read(&context.source)?;
        let given = args.user_data.as_ref();
        let given = given.map(|text| bytes::resolve(text, "--user-data", &context.source)).transpose()?;
        let user_data = match &given {
            Some(given) => extended(given)?,
            None if nonce.is_empty() => random()?,
            None => extended(&nonce)?,
        };
        Ok(Self { nonce, user_data, fresh: !args.boot, chosen: given.is_some() })
    }

    /// Whether a verifier will find its nonce in the report as well.
    pub(super) fn nonce_in_user_data(&self) -> bool {
        self.fresh && !self.chosen && !self.nonce.is_empty()
    }
}

fn extended(bytes: &[u8]) -> Result<[u8; USER_DATA_BYTES], Fault> {
    let mut extended = [0; USER_DATA_BYTES];
    let Some(place) = extended.get_mut(..bytes.len()) else {
        return Err(Fault::usage(
            format!("--user-data: {} bytes, and a report has room for 64", bytes.len()),
            "give the hash of what is longer, for instance SHA-512",
        ));
    };
    place.copy_from_slice(bytes);
    Ok(extended)
}

/// Something that no older report can hold.
fn random() -> Result<[u8; USER_DATA_BYTES], Fault> {
    let mut bytes = [0; USER_DATA_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Fault::internal(format!("the operating system gives no random bytes: {error}")))?;
    Ok(bytes)
}

const EXAMPLES: &str = "\
Examples:
  Evidence for a verifier that sent a nonce:
    teeproof collect azure --nonce hex:7b1e… -o vm.bundle
  A key of yours bound to the machine, in the report:
    teeproof collect azure --nonce hex:7b1e… --user-data @key.sha512 -o vm.bundle
  What tpm2-tools would have to do:
    teeproof collect azure --nonce hex:7b1e… --explain";
