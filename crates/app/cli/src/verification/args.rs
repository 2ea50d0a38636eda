//! The arguments of `verify`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use teeproof_core::Technology;
use teeproof_evidence::InputKind;
use teeproof_nitro::DEFAULT_SKEW_SECS;

use crate::input::evidence_files::{Backing, kind, named};
use crate::input::time::At;
use crate::settings::globals::CryptoChoice;

/// Verify evidence and appraise it under a policy
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// Evidence and what endorses it: a report with its VCEK, a document, a bundle; - is stdin
    ///
    /// Files may be raw, PEM, hex or base64, the JSON of other attesters and of Azure's THIM service,
    /// or what tpm2-tools write; what they hold is told from their content and printed. Of an Azure
    /// VM: the paravisor's report, the quote with its signature, the registers, the boot log.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The appraisal policy: a TOML file, or builtin:genuine
    ///
    /// builtin:genuine asks for production hardware of the pinned maker and says nothing about
    /// what software runs. Without a policy the facts are printed, and the exit code is 10.
    #[arg(long, value_name = "POLICY", env = "TEEPROOF_POLICY", hide_env_values = true)]
    pub(crate) policy: Option<PathBuf>,

    /// The nonce that the evidence must carry: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    pub(crate) nonce: Option<String>,

    /// Do without a nonce: the evidence may be an old one, sent again
    #[arg(long)]
    pub(crate) no_nonce: bool,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    pub(crate) at: At,

    /// What `user-data` of an Azure VM must hold, in the forms of --nonce, up to 64 bytes
    #[arg(long, value_name = "BYTES")]
    pub(crate) user_data: Option<String>,

    /// Verify each file by itself: each is one machine's whole evidence, such as a bundle
    ///
    /// All are held against the same policy, time and nonce, on all cores. Each file gets a line,
    /// the checks that failed below it; the last line counts. A file that cannot be read is told
    /// and does not end the run. The exit code is 0 if all are accepted, and otherwise the gravest of
    /// the files', whatever their order: 1, 4, 5, 3, 2, 6, 7, 9, 8, 11, 10, 0. Without a policy none is
    /// accepted, and it is 10 where nothing else is wrong.
    #[arg(long)]
    pub(crate) each: bool,

    #[command(flatten)]
    pub(crate) backing: Backing,

    /// A technology that you accept [default: all]
    #[arg(long, value_name = "TECHNOLOGY", value_parser = technology())]
    accept: Vec<Technology>,

    /// The cryptography to verify with [default: aws-lc]
    #[arg(long, value_enum, value_name = "TABLE", env = "TEEPROOF_CRYPTO", hide_env_values = true)]
    pub(crate) crypto: Option<CryptoChoice>,

    /// What the file is, whatever it looks like
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    pub(crate) kind: Option<InputKind>,

    /// By how many seconds your clock may be behind (Nitro)
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SKEW_SECS)]
    pub(crate) skew: u32,
}

impl VerifyArgs {
    /// The technologies that the person accepts.
    pub(crate) fn accepted(&self) -> &[Technology] {
        if self.accept.is_empty() { Technology::ALL } else { &self.accept }
    }
}

fn technology() -> impl TypedValueParser<Value = Technology> {
    PossibleValuesParser::new(Technology::ALL.iter().map(|one| one.as_str()))
        .try_map(|name| named(Technology::ALL, &name, |one| one.as_str()))
}

const EXAMPLES: &str = "\
Examples:
  A report from a guest, with the VCEK, for the nonce that was sent to it:
    teeproof verify report.bin vcek.der --nonce hex:7b1e… --policy prod.toml
  An Azure VM with its vTPM's quote:
    teeproof verify hcl.bin quote.msg quote.sig pcrs.txt vcek.pem --nonce hex:7b1e… --policy prod.toml
  A Nitro document from an archive, as of its own time:
    teeproof verify document.cose --no-nonce --at document --policy builtin:genuine
  A fleet, one bundle for each machine:
    teeproof verify --each fleet/*.bundle --no-nonce --policy prod.toml
  Only the facts, for a program:
    teeproof verify document.b64 --no-nonce --format json";
