//! The arguments of `collect azure`, and what they amount to.

use std::path::PathBuf;

use clap::Args;
use teeproof_vtpm::{EVENT_LOG, MAX_NONCE, Registers, USER_DATA_BYTES};

use crate::bytes;
use crate::context::Context;
use crate::fault::Fault;
use crate::tpm::TpmArgs;

/// Of an Azure confidential VM, through its virtual TPM
///
/// Collects the paravisor's report, proven fresh, a quote over the registers with their values, the
/// boot log, the attestation key's certificate, and from Azure's instance metadata the VCEK chain:
/// everything that `teeproof verify` needs, in one bundle.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(in super::super) struct AzureArgs {
    /// The verifier's nonce, at most 50 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    ///
    /// It is what the quote answers, and stands in the report's user data unless --user-data says
    /// otherwise.
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce", required_unless_present = "no_nonce")]
    nonce: Option<String>,

    /// Collect without a nonce: nobody can tell when it was done
    #[arg(long)]
    no_nonce: bool,

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

    /// The boot log
    #[arg(long, value_name = "FILE", default_value = EVENT_LOG, env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    pub(super) event_log: PathBuf,

    /// Leave the boot log out
    #[arg(long)]
    pub(super) no_event_log: bool,

    /// Azure's instance metadata, which has the VCEK chain
    #[arg(long, value_name = "URL", default_value = teeproof_endorse::AZURE_METADATA)]
    #[arg(env = "TEEPROOF_IMDS", hide_env_values = true)]
    pub(super) imds: String,

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
        let read = |text: &String, flag| bytes::resolve(text, flag, &context.source);
        let nonce = args.nonce.as_ref().map(|text| read(text, "--nonce")).transpose()?.unwrap_or_default();
        if nonce.len() > MAX_NONCE {
            return Err(crate::tpm::fault(&teeproof_vtpm::Error::NonceLength(nonce.len())));
        }
        let given = args.user_data.as_ref().map(|text| read(text, "--user-data")).transpose()?;
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
