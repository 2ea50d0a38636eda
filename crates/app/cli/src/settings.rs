//! Global flags, each with an environment variable of the same meaning; below it the configuration file, the context
//! that both make, and the network as they allow it. Imports `input` and `output`.

pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod network;

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args, ColorChoice, ValueEnum, ValueHint};
use teeproof_core::Crypto;

use crate::output::files::path::OutputPath;
use crate::settings::network::EndpointArgs;

/// The flags that every verb takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The format of results [default: human]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    #[arg(env = "TEEPROOF_FORMAT", hide_env_values = true)]
    pub(crate) format: Option<Format>,

    /// Write the output to this file, which is replaced as a whole on success and unchanged on failure
    ///
    /// A verdict is written to the file whether accepted or refused, so check the exit code before you use it. An
    /// error is not written there: it goes to standard error, or as JSON to standard output unless the output is
    /// a file of its own kind, such as a bundle or an envelope.
    ///
    /// FILE must not be one of the inputs. A file that is replaced keeps its mode, owner, group and access list
    /// if the run may set them; otherwise nobody gains access. If FILE is a symbolic link, its target is
    /// replaced and must exist; a link of another user in a world-writable directory is refused. seal encrypt,
    /// seal decrypt, vtpm nv read and nsm random write a new file of mode 0600 and refuse every link. Devices, pipes and open
    /// descriptors are written directly; secrets only to those of this user or root. - is standard output; for a
    /// file of this name, write ./-
    #[arg(short, long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    #[arg(env = "TEEPROOF_OUTPUT", hide_env_values = true)]
    pub(crate) output: Option<OutputPath>,

    /// Print only the verdict, and only errors on standard error
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    #[arg(env = "TEEPROOF_QUIET", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(crate) quiet: bool,

    /// Print every check, every claim, and values in full
    #[arg(short, long, global = true, action = ArgAction::Count)]
    #[arg(env = "TEEPROOF_VERBOSE", hide_env_values = true)]
    pub(crate) verbose: u8,

    /// Open no socket: use files and cached endorsements alone; overrides --fetch
    #[arg(long, global = true, action = ArgAction::SetTrue)]
    #[arg(env = "TEEPROOF_OFFLINE", hide_env_values = true, value_parser = FalseyValueParser::new())]
    pub(crate) offline: bool,

    /// The directory of cached endorsements [default: $XDG_CACHE_HOME/teeproof or ~/.cache/teeproof]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    #[arg(env = "TEEPROOF_CACHE_DIR", hide_env_values = true)]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Time limit for one request to a service [default: 10] or to the instance metadata [default: 3], for a fresh
    /// report of the paravisor [default: 10], and for a document of an enclave over a socket [default: 10]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    #[arg(env = "TEEPROOF_TIMEOUT", hide_env_values = true)]
    pub(crate) timeout: Option<u32>,

    /// How often a request to a service is repeated if it fails for the moment [default: 3]
    #[arg(long, global = true, value_name = "COUNT")]
    #[arg(env = "TEEPROOF_RETRIES", hide_env_values = true)]
    pub(crate) retries: Option<u32>,

    /// A TOML file of defaults: format, output, quiet, verbose, color, progress, policy, crypto, offline, cache-dir,
    /// timeout, retries, kds-url, pcs-url, intel-root-crl-url, aia-url
    ///
    /// A flag overrides its environment variable, which overrides the file. The paths of a policy and of a cache
    /// are relative to the directory of the file.
    #[arg(long, global = true, value_name = "FILE")]
    #[arg(env = "TEEPROOF_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// When to use colours; auto: on a terminal, unless NO_COLOR is set [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    #[arg(env = "TEEPROOF_COLOR", hide_env_values = true)]
    pub(crate) color: Option<ColorChoice>,

    /// Whether to report progress on standard error while waiting [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    #[arg(env = "TEEPROOF_PROGRESS", hide_env_values = true)]
    pub(crate) progress: Option<Progress>,

    #[command(flatten)]
    pub(crate) endpoints: EndpointArgs,
}

/// The format of results.
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
    /// After a second, if standard error is a terminal.
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
