//! The arguments of `verify`.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use teeproof::core::{Technology, Time};
use teeproof::input::Kind;
use teeproof::nitro::{DEFAULT_SKEW_SECS, Moment};

use crate::globals::CryptoChoice;

/// Verify evidence and appraise it under a policy
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    /// Evidence and what endorses it: an SNP report with its VCEK, or a Nitro document; - is stdin
    ///
    /// Files may be raw, PEM, hex or base64, or the JSON of Azure's THIM service; what they hold is
    /// told from their content and printed. Certificates and revocation lists may be among them.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// The appraisal policy: a TOML file, or builtin:genuine
    ///
    /// builtin:genuine asks for production hardware of the pinned maker and says nothing about
    /// what software runs. Without a policy the facts are printed, and the exit code is 10.
    #[arg(long, value_name = "POLICY", env = "TEEPROOF_POLICY", hide_env_values = true)]
    pub(super) policy: Option<PathBuf>,

    /// The nonce that the evidence must carry: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    pub(super) nonce: Option<String>,

    /// Do without a nonce: the evidence may be an old one, sent again
    #[arg(long)]
    pub(super) no_nonce: bool,

    /// The time of verification: now, document (its own time stamp), or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "now", value_parser = At::parse)]
    pub(super) at: At,

    /// Certificates and revocation lists; of a directory, every file in it
    #[arg(long, value_name = "FILE|DIR")]
    pub(super) endorsements: Vec<PathBuf>,

    /// A trust anchor besides the pinned ones; what rests on it is not production
    #[arg(long, value_name = "FILE")]
    pub(super) anchor: Vec<PathBuf>,

    /// A technology that you accept [default: all]
    #[arg(long, value_name = "TECHNOLOGY", value_parser = technology())]
    accept: Vec<Technology>,

    /// The cryptography to verify with [default: aws-lc]
    #[arg(long, value_enum, value_name = "TABLE", env = "TEEPROOF_CRYPTO", hide_env_values = true)]
    pub(super) crypto: Option<CryptoChoice>,

    /// What the file is, whatever it looks like
    #[arg(long = "as", value_name = "KIND", value_parser = kind())]
    pub(super) kind: Option<Kind>,

    /// By how many seconds your clock may be behind (Nitro)
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_SKEW_SECS)]
    pub(super) skew: u32,
}

impl VerifyArgs {
    /// The technologies that the person accepts.
    pub(super) fn accepted(&self) -> &[Technology] {
        if self.accept.is_empty() { Technology::ALL } else { &self.accept }
    }
}

/// The time of verification, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    Now,
    Document,
    Given(Time),
}

impl At {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "now" => Ok(Self::Now),
            "document" => Ok(Self::Document),
            _ => text.parse::<jiff::Timestamp>().map(|time| Self::Given(Time(time.as_second()))).map_err(
                |_| "expected now, document, or an RFC 3339 time such as 2026-01-31T12:00:00Z".to_string(),
            ),
        }
    }

    pub(super) fn moment(self) -> Moment {
        match self {
            Self::Document => Moment::OfDocument,
            Self::Given(time) => Moment::At(time),
            Self::Now => Moment::At(now()),
        }
    }
}

fn now() -> Time {
    let seconds = |span: std::time::Duration| i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    Time(match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        // A clock that was set to before 1970.
        Err(before) => seconds(before.duration()).saturating_neg(),
    })
}

fn technology() -> impl TypedValueParser<Value = Technology> {
    PossibleValuesParser::new(Technology::ALL.iter().map(|one| one.as_str()))
        .try_map(|name| named(Technology::ALL, &name, |one| one.as_str()))
}

/// The kinds that `--as` names.
pub(crate) fn kind() -> impl TypedValueParser<Value = Kind> {
    PossibleValuesParser::new(Kind::NAMED.iter().map(|kind| kind.as_str()))
        .try_map(|name| named(Kind::NAMED, &name, |kind| kind.as_str()))
}

fn named<T: Copy>(all: &[T], name: &str, of: fn(T) -> &'static str) -> Result<T, String> {
    let found = all.iter().copied().find(|one| of(*one) == name);
    found.ok_or_else(|| format!("{name} is not known"))
}

const EXAMPLES: &str = "\
Examples:
  A report from a guest, with the VCEK, for the nonce that was sent to it:
    teeproof verify report.bin vcek.der --nonce hex:7b1e… --policy prod.toml
  A Nitro document from an archive, as of its own time:
    teeproof verify document.cose --no-nonce --at document --policy builtin:genuine
  Only the facts, for a program:
    teeproof verify document.b64 --no-nonce --format json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        assert_eq!(At::parse("now"), Ok(At::Now));
        assert_eq!(At::parse("document"), Ok(At::Document));
        let given = Ok(At::Given(Time(1_767_225_600)));
        assert_eq!(At::parse("2026-01-01T00:00:00Z"), given);
        assert_eq!(At::parse("2026-01-01T01:00:00+01:00"), given);
        for text in ["2026-01-01", "2026-01-01T00:00:00", "1767225600", "yesterday"] {
            assert!(At::parse(text).is_err(), "{text}");
        }
    }
}
