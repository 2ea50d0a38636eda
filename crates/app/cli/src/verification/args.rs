//! The arguments of a verification.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use teeproof_core::Technology;
use teeproof_evidence::InputKind;
use teeproof_nitro::DEFAULT_SKEW_SECS;

use crate::input::evidence_files::{Backing, kind, named};
use crate::input::time::At;
use crate::settings::CryptoChoice;

/// The evidence of one verification, and everything that it is verified and appraised by
#[derive(Debug, Args)]
pub(crate) struct VerificationArgs {
    /// Evidence and its endorsements: a report with its VCEK, a document, a bundle; - is stdin
    ///
    /// Files may be raw, PEM, hex or base64, the JSON of other attesters and of Azure's THIM service,
    /// or output of tpm2-tools. The kind of each file is detected from its content and printed. Files of
    /// an Azure VM: the HCL report, the quote with its signature, the PCR values, the event log.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The appraisal policy: a TOML file, or builtin:genuine
    ///
    /// builtin:genuine accepts any production hardware of the pinned vendor, whatever software runs on it.
    /// Without a policy, the claims are printed and the exit code is 10.
    #[arg(long, value_name = "POLICY", env = "TEEPROOF_POLICY", hide_env_values = true)]
    pub(crate) policy: Option<PathBuf>,

    /// The nonce that the evidence must carry: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    pub(crate) nonce: Option<String>,

    /// Accept evidence without a nonce: it may be old evidence that is sent again
    #[arg(long)]
    pub(crate) no_nonce: bool,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    pub(crate) at: At,

    /// The `user-data` that an Azure VM must have in its report, in the forms of --nonce, up to 64 bytes
    #[arg(long, value_name = "BYTES")]
    pub(crate) user_data: Option<String>,

    #[command(flatten)]
    pub(crate) backing: Backing,

    /// A technology to accept; may be given several times [default: all]
    #[arg(long, value_name = "TECHNOLOGY", value_parser = technology())]
    accept: Vec<Technology>,

    /// The cryptographic library [default: aws-lc]
    #[arg(long, value_enum, value_name = "TABLE", env = "TEEPROOF_CRYPTO", hide_env_values = true)]
    pub(crate) crypto: Option<CryptoChoice>,

    /// The kind of the file, instead of detecting it
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    pub(crate) kind: Option<InputKind>,

    /// Fetch what the evidence lacks: VCEK, revocation lists, TDX collateral, CA certificates of attestation keys
    ///
    /// Without it, no socket is opened, and what the evidence lacks is looked up in the cache of --cache-dir alone.
    /// With it, the run ends without a verdict if something cannot be had: with exit code 8 if a service fails or what
    /// it has is not genuine, and with 7 if it does not have it. Under --offline, the cache must have it. Revocation lists
    /// and collateral are requested whatever the files have, because their sender can have left newer ones out, and
    /// those of the cache that were fetched more than a day ago are fetched again, unless the service fails.
    #[arg(long)]
    pub(crate) fetch: bool,

    /// How many seconds a Nitro document may be from the future, for a clock that is behind
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SKEW_SECS)]
    pub(crate) skew: u32,
}

impl VerificationArgs {
    /// The accepted technologies.
    pub(crate) fn accepted(&self) -> &[Technology] {
        if self.accept.is_empty() { Technology::ALL } else { &self.accept }
    }
}

fn technology() -> impl TypedValueParser<Value = Technology> {
    PossibleValuesParser::new(Technology::ALL.iter().map(|one| one.as_str()))
        .try_map(|name| named(Technology::ALL, &name, |one| one.as_str()))
}
