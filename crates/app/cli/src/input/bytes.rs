//! BYTES on the command line: `hex:…`, `b64:…`, `utf8:…`, `@file` or `-`, and never a guess; and the nonces among them.

use std::path::Path;

use clap::Args;
use teeproof_core::{Freshness, Nonce, NonceLengthError};
use teeproof_evidence::bytes::{base64, hex};
use teeproof_vtpm::{Error, MAX_NONCE};

use crate::input::source::Source;
use crate::input::tpm::tpm_fault;
use crate::output::fault::Fault;

/// The bytes that an argument means; `flag` is named in errors.
pub(crate) fn resolve_bytes(text: &str, flag: &str, source: &Source) -> Result<Vec<u8>, Fault> {
    let wrong = |what: &str, hint: String| Fault::usage(format!("{flag}: {what}"), hint);
    if text == "-" {
        return source.read(Path::new("-"));
    }
    if let Some(path) = text.strip_prefix('@') {
        return source.read(Path::new(path));
    }
    match text.split_once(':') {
        Some(("hex", digits)) => hex(digits).ok_or_else(|| {
            wrong(
                "expected hexadecimal digits after hex:",
                "give two digits for each byte, without spaces, as in hex:00ff".to_string(),
            )
        }),
        Some(("b64", digits)) => base64(digits).ok_or_else(|| {
            wrong(
                "expected base64 after b64:",
                "give the standard or the URL-safe alphabet, with or without padding".to_string(),
            )
        }),
        Some(("utf8", text)) => Ok(text.as_bytes().to_vec()),
        _ => Err(wrong("expected a value with a prefix that says how it is encoded", bare(text))),
    }
}

fn bare(text: &str) -> String {
    let forms = "write hex:…, b64:…, utf8:…, @file, or - for standard input";
    match hex(text) {
        Some(bytes) if !bytes.is_empty() => format!("{forms}; did you mean hex:{text}?"),
        _ => forms.to_string(),
    }
}

/// The nonce of a quote.
#[derive(Debug, Args)]
pub(crate) struct NonceArgs {
    /// The verifier's nonce, at most 50 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce", required_unless_present = "no_nonce")]
    nonce: Option<String>,

    /// Use no nonce: nothing shows when the quote was made
    #[arg(long)]
    no_nonce: bool,
}

impl NonceArgs {
    /// The nonce; empty for none.
    pub(crate) fn read(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        let Some(text) = &self.nonce else { return Ok(Vec::new()) };
        let nonce = nonce_bytes(text, "--nonce", source)?;
        if nonce.len() > MAX_NONCE {
            return Err(tpm_fault(&Error::NonceLength(nonce.len())));
        }
        Ok(nonce)
    }
}

/// The bytes of a nonce, which must not be empty.
pub(crate) fn nonce_bytes(text: &str, flag: &str, source: &Source) -> Result<Vec<u8>, Fault> {
    let nonce = resolve_bytes(text, flag, source)?;
    Nonce::from_bytes(&nonce).map_err(|error| nonce_fault(flag, error))?;
    Ok(nonce)
}

/// The required freshness: this nonce, or waived by --no-nonce.
pub(crate) fn freshness(nonce: Option<&[u8]>) -> Result<Freshness<'_>, Fault> {
    match nonce {
        Some(nonce) => Freshness::nonce(nonce).map_err(|error| nonce_fault("--nonce", error)),
        None => Ok(Freshness::Waived("--no-nonce was given")),
    }
}

fn nonce_fault(flag: &str, error: NonceLengthError) -> Fault {
    Fault::usage(
        format!("{flag}: {error}"),
        "send 16 or more random bytes with each request for evidence; or use --no-nonce",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Option<Vec<u8>> {
        resolve_bytes(text, "--nonce", &Source::new(false)).ok()
    }

    #[test]
    fn each_form_is_read_by_its_prefix() {
        assert_eq!(bytes("hex:00fF"), Some(vec![0, 0xff]));
        assert_eq!(bytes("b64:AP8="), Some(vec![0, 0xff]));
        assert_eq!(bytes("b64:AP8"), Some(vec![0, 0xff]));
        assert_eq!(bytes("b64:_-8"), Some(vec![0xff, 0xef]));
        assert_eq!(bytes("utf8:hex:00"), Some(b"hex:00".to_vec()));
        assert_eq!(bytes("hex:"), Some(Vec::new()));
    }

    #[test]
    fn nothing_is_guessed() {
        for text in ["00ff", "hex:0", "hex:0 0", "hex:zz", "b64:*", "AP8=", "", "base64:AP8="] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_without_prefix_is_answered_with_the_forms() {
        assert!(bare("00ff").ends_with("did you mean hex:00ff?"));
        assert!(!bare("secret").contains("did you mean"));
    }
}
