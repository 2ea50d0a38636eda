//! BYTES on the command line: `hex:…`, `b64:…`, `utf8:…`, `@file` or `-`, and never a guess; and the nonces among them.

use std::path::Path;

use clap::Args;
use teeproof_core::{Freshness, Nonce};
use teeproof_evidence::bytes::{base64, hex};
use teeproof_nsm::road;
use teeproof_vtpm::MAX_NONCE;

use crate::input::source::Source;
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

/// The nonce that a verb takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NonceRule {
    /// Its flag, which errors name.
    flag: &'static str,
    /// Its most bytes.
    most: usize,
    /// Whether --no-nonce waives it.
    can_be_waived: bool,
}

impl NonceRule {
    /// Of evidence that is verified, and of a document that is requested of the module.
    pub(crate) const OF_EVIDENCE: Self =
        Self { flag: "--nonce", most: Nonce::MAX_BYTES, can_be_waived: true };
    /// Of the certification of a sealing key.
    pub(crate) const OF_KEY: Self =
        Self { flag: "--key-nonce", most: Nonce::MAX_BYTES, can_be_waived: false };
    /// Of a request to a server of documents.
    pub(crate) const OF_ROAD: Self = Self { flag: "--nonce", most: road::MAX_NONCE, can_be_waived: false };
    /// Of a quote.
    pub(crate) const OF_QUOTE: Self = Self { flag: "--nonce", most: MAX_NONCE, can_be_waived: true };

    /// The bytes of a nonce.
    pub(crate) fn read(self, text: &str, source: &Source) -> Result<Vec<u8>, Fault> {
        let path = if text == "-" { Some("-") } else { text.strip_prefix('@') };
        let nonce = match path {
            // Neither a large file nor an endless stream is read to its end.
            Some(path) => source
                .read_short(Path::new(path), self.most)?
                .ok_or_else(|| self.too_long("more".to_owned()))?,
            None => resolve_bytes(text, self.flag, source)?,
        };
        match nonce.len() {
            0 => Err(Fault::usage(
                format!("{}: the nonce is empty", self.flag),
                self.or_waived(
                    "send 16 or more random bytes with each request for evidence",
                    "use --no-nonce",
                ),
            )),
            bytes if bytes > self.most => Err(self.too_long(bytes.to_string())),
            _ => Ok(nonce),
        }
    }

    fn too_long(self, got: String) -> Fault {
        Fault::usage(
            format!("{}: expected at most {} bytes, got {got}", self.flag, self.most),
            "give a hash of it, for instance SHA-256, here and to the verifier",
        )
    }

    /// The fault of a command line without a nonce.
    pub(crate) fn missing(self) -> Fault {
        let flag = self.flag;
        let expected = if self.can_be_waived { " or --no-nonce, got neither" } else { ", got none" };
        Fault::usage(
            format!("expected {flag}{expected}"),
            self.or_waived(
                &format!("give the verifier's nonce with {flag} hex:…"),
                "do without one with --no-nonce",
            ),
        )
    }

    fn or_waived(self, hint: &str, waiver: &str) -> String {
        if self.can_be_waived { format!("{hint}; or {waiver}") } else { hint.to_owned() }
    }
}

/// The nonce of a quote.
#[derive(Debug, Args)]
pub(crate) struct NonceArgs {
    /// The verifier's nonce, at most 50 bytes: hex:…, b64:…, utf8:…, @FILE, or - for stdin
    #[arg(long, value_name = "BYTES", conflicts_with = "no_nonce")]
    nonce: Option<String>,

    /// Use no nonce: nothing shows when the quote was made
    #[arg(long)]
    no_nonce: bool,
}

impl NonceArgs {
    /// The nonce; empty for none.
    pub(crate) fn read(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        match &self.nonce {
            Some(text) => NonceRule::OF_QUOTE.read(text, source),
            None if self.no_nonce => Ok(Vec::new()),
            None => Err(NonceRule::OF_QUOTE.missing()),
        }
    }
}

/// The required freshness: this nonce, or waived by --no-nonce.
pub(crate) fn freshness(nonce: Option<&[u8]>) -> Result<Freshness<'_>, Fault> {
    let Some(nonce) = nonce else { return Ok(Freshness::Waived("--no-nonce was given")) };
    Freshness::nonce(nonce).map_err(|error| Fault::usage(format!("--nonce: {error}"), "give 1 to 1024 bytes"))
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
