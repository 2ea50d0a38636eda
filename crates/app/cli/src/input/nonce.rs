//! The nonce: what a verifier sends, and what a TPM answers.

use clap::Args;
use teeproof_core::{Freshness, Nonce, NonceLengthError};
use teeproof_vtpm::{Error, MAX_NONCE};

use crate::input::bytes;
use crate::input::source::Source;
use crate::input::tpm;
use crate::output::fault::Fault;

/// The nonce that a TPM is to answer.
#[derive(Debug, Args)]
pub(crate) struct NonceArgs {
    /// The verifier's nonce, at most 50 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce", required_unless_present = "no_nonce")]
    nonce: Option<String>,

    /// Do without a nonce: nobody can tell when it was done
    #[arg(long)]
    no_nonce: bool,
}

impl NonceArgs {
    /// The nonce; empty for none.
    pub(crate) fn read(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        let Some(text) = &self.nonce else { return Ok(Vec::new()) };
        let nonce = read(text, "--nonce", source)?;
        if nonce.len() > MAX_NONCE {
            return Err(tpm::fault(&Error::NonceLength(nonce.len())));
        }
        Ok(nonce)
    }
}

/// A nonce that was named; an empty one is none.
pub(crate) fn read(text: &str, flag: &str, source: &Source) -> Result<Vec<u8>, Fault> {
    let nonce = bytes::resolve(text, flag, source)?;
    Nonce::from_bytes(&nonce).map_err(|error| fault(flag, error))?;
    Ok(nonce)
}

/// The freshness that the evidence must have: this nonce, or --no-nonce.
pub(crate) fn freshness(nonce: Option<&[u8]>) -> Result<Freshness<'_>, Fault> {
    match nonce {
        Some(nonce) => Freshness::nonce(nonce).map_err(|error| fault("--nonce", error)),
        None => Ok(Freshness::Waived("--no-nonce was given")),
    }
}

fn fault(flag: &str, error: NonceLengthError) -> Fault {
    Fault::usage(
        format!("{flag}: {error}"),
        "send 16 or more random bytes with each question; --no-nonce says that you do without",
    )
}
