//! Global flags, each with an environment variable of the same meaning; below it the configuration file and the
//! context that both make. Imports `input` and `output`.

pub(crate) mod config;
pub(crate) mod context;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ColorChoice, ValueEnum, ValueHint};
use teeproof_core::Crypto;

use crate::output::files::path::OutputPath;

/// The flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// How results are written [default: human]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    #[arg(env = "TEEPROOF_FORMAT", hide_env_values = true)]
    pub(crate) format: Option<Format>,

    /// Write the product to this file, which is replaced when all of it is there and stays as it was on failure
    ///
    /// A verdict is a product, accepted or refused, and so is any other answer that was asked for; an error is
    /// none: it goes to standard error, as JSON to standard output unless the product is a file of its own kind,
    /// such as a bundle or an envelope. The exit code tells an older result from a new one. A file that the run
    /// reads is refused. Mode, owner, group and access list of a file that is replaced stay where the run may
    /// give them away; where not, nobody gets access who had none. Of a link the file behind it is replaced, which
    /// has to be there; a link of another user in a directory of everybody's is refused. What seal encrypt, seal
    /// decrypt and vtpm nv read write is a new file of mode 0600, and every link is refused. Devices, pipes and
    /// descriptors that are open for writing are written directly; what may be secret goes only to our own and
    /// those of root. - is standard output, and a file of this name is ./-.
    #[arg(short, long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(env = "TEEPROOF_OUTPUT", hide_env_values = true)]
    pub(crate) output: Option<OutputPath>,

    /// Say only the verdict, and nothing on standard error but errors
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    #[arg(env = "TEEPROOF_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,

    /// Say more: every check, every claim, values in full
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[arg(env = "TEEPROOF_VERBOSE", hide_env_values = true)]
    pub(crate) verbose: u8,

    /// Do not use the network; only `collect` and `doctor` ever do, for Azure's instance metadata
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    #[arg(env = "TEEPROOF_OFFLINE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(crate) offline: bool,

    /// Where fetched endorsements are kept; without effect, this version fetches nothing
    #[arg(long, global = true, value_name = "DIR")]
    #[arg(env = "TEEPROOF_CACHE_DIR", hide_env_values = true)]
    pub(crate) cache_dir: Option<PathBuf>,

    /// How long `collect` and `doctor` wait for a service [default: 3], `collect` and `vtpm report` for the paravisor [default: 10]
    #[arg(long, global = true, value_name = "SECONDS")]
    #[arg(env = "TEEPROOF_TIMEOUT", hide_env_values = true)]
    pub(crate) timeout: Option<u32>,

    /// How often to ask a service again; without effect, this version asks none
    #[arg(long, global = true, value_name = "COUNT")]
    #[arg(env = "TEEPROOF_RETRIES", hide_env_values = true)]
    pub(crate) retries: Option<u32>,

    /// A TOML file of defaults: format, output, quiet, verbose, color, progress, policy, crypto
    ///
    /// A flag goes before its environment variable, that before the file, and the file before the
    /// built-in default. A policy's path is taken from the directory of the file.
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(env = "TEEPROOF_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// When to use colours; auto is where a person reads, and honours NO_COLOR [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    #[arg(env = "TEEPROOF_COLOR", hide_env_values = true)]
    pub(crate) color: Option<ColorChoice>,

    /// Whether to say on standard error what is being waited for [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    #[arg(env = "TEEPROOF_PROGRESS", hide_env_values = true)]
    pub(crate) progress: Option<Progress>,
}

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For programs.
    Json,
}

/// Whether waiting is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// After a second, where a person reads standard error.
    Auto,
    /// Never.
    Never,
}

/// A crypto table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CryptoChoice {
    /// Pure Rust.
    Rustcrypto,
    /// aws-lc-rs: fast.
    AwsLc,
}

impl CryptoChoice {
    /// The table itself.
    pub(crate) const fn table(self) -> Crypto<'static> {
        match self {
            Self::Rustcrypto => teeproof_rustcrypto::TABLE,
            Self::AwsLc => teeproof_aws_lc::TABLE,
        }
    }
}

impl Globals {
    /// The flags that were given and change nothing in this version.
    pub(crate) fn without_effect(&self) -> impl Iterator<Item = &'static str> {
        [(self.cache_dir.is_some(), "--cache-dir"), (self.retries.is_some(), "--retries")]
            .into_iter()
            .filter_map(|(given, name)| given.then_some(name))
    }
}
