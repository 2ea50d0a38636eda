//! What bytes look like.

use alloc::vec::Vec;
use core::fmt;

use teeproof_wire::certificate::Certificate;
use teeproof_wire::crl::RevocationList;
use teeproof_wire::snp::REPORT_BYTES;

use super::{InputError, encoding};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A raw SEV-SNP attestation report.
    SnpReport,
    /// A Nitro attestation document.
    NitroDocument,
    /// One or more certificates.
    Certificate,
    /// One or more revocation lists.
    RevocationList,
    /// Certificates and revocation lists.
    Mixed,
}

impl Kind {
    /// Every kind that can be named with `--as`.
    pub const NAMED: &'static [Self] =
        &[Self::SnpReport, Self::NitroDocument, Self::Certificate, Self::RevocationList];

    /// The name in commands: `snp-report`, `nitro-document`, `certificate`, `crl`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SnpReport => "snp-report",
            Self::NitroDocument => "nitro-document",
            Self::Certificate => "certificate",
            Self::RevocationList => "crl",
            Self::Mixed => "certificates and crls",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a file's content is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// As it is.
    Raw,
    /// PEM.
    Pem,
    /// Base64, standard or URL-safe.
    Base64,
    /// Hexadecimal.
    Hex,
    /// The JSON of Azure's THIM service.
    Thim,
}

impl Encoding {
    /// The name: `raw`, `PEM`, `base64`, `hex`, `THIM JSON`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Pem => "PEM",
            Self::Base64 => "base64",
            Self::Hex => "hex",
            Self::Thim => "THIM JSON",
        }
    }
}

/// What was found in a file, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sniffed {
    /// What it is.
    pub kind: Kind,
    /// How it was encoded.
    pub encoding: Encoding,
    /// The parts, raw: one report or document, or any number of certificates.
    pub parts: Vec<Vec<u8>>,
}

impl Sniffed {
    /// Reads every certificate and revocation list once, so that whoever knows the file's name can
    /// tell it. Evidence is left to its verifier.
    ///
    /// # Errors
    /// The first part that is not what it looks like.
    pub fn check(&self) -> Result<(), InputError> {
        let wrong = |kind| move |error| InputError::Wire(kind, error);
        for part in &self.parts {
            let certificate = || Certificate::parse(part).map_err(wrong(Kind::Certificate));
            match self.kind {
                Kind::Certificate => drop(certificate()?),
                Kind::RevocationList => {
                    RevocationList::parse(part).map_err(wrong(Kind::RevocationList))?;
                }
                Kind::Mixed if RevocationList::parse(part).is_err() => drop(certificate()?),
                Kind::Mixed | Kind::SnpReport | Kind::NitroDocument => {}
            }
        }
        Ok(())
    }
}

/// `nitro-document (base64)`, `certificate × 3 (PEM)`.
impl fmt::Display for Sniffed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.parts.len() > 1 {
            write!(f, " × {}", self.parts.len())?;
        }
        write!(f, " ({})", self.encoding.as_str())
    }
}

/// Tells what bytes hold; `kind` overrides what they look like, after their encoding was undone.
///
/// # Errors
/// Nothing, or nothing known. That the bytes look like a structure does not mean that they are one.
pub fn sniff(bytes: &[u8], kind: Option<Kind>) -> Result<Sniffed, InputError> {
    if bytes.is_empty() {
        return Err(InputError::Empty);
    }
    let text = encoding::text(bytes);
    if let Some(text) = text.filter(|text| text.starts_with("-----BEGIN ")) {
        return container(encoding::pem(text.as_bytes())?, Encoding::Pem, kind);
    }
    if let Some(text) = text.filter(|text| text.starts_with('{')) {
        return container(encoding::thim(text)?, Encoding::Thim, kind);
    }
    let (decoded, encoding) = match text {
        None => (bytes.to_vec(), Encoding::Raw),
        Some(text) => encoding::binary(text).ok_or(InputError::Text)?,
    };
    let kind = kind.or_else(|| looks_like(&decoded)).ok_or(InputError::Unknown)?;
    Ok(Sniffed { kind, encoding, parts: Vec::from([decoded]) })
}

/// Certificates, revocation lists, or both.
fn container(parts: Vec<Vec<u8>>, encoding: Encoding, kind: Option<Kind>) -> Result<Sniffed, InputError> {
    let lists = parts.iter().filter(|part| looks_like(part) == Some(Kind::RevocationList)).count();
    let kind = kind.unwrap_or(match lists {
        0 => Kind::Certificate,
        all if all == parts.len() => Kind::RevocationList,
        _ => Kind::Mixed,
    });
    Ok(Sniffed { kind, encoding, parts })
}

/// What raw bytes look like by their first bytes and their length.
fn looks_like(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        // An array of four whose first entry is a byte string; or the same, tagged.
        [0x84, 0x40..=0x5b, ..] | [0xd2, 0x84, ..] => Some(Kind::NitroDocument),
        // A SEQUENCE of 128 bytes or more.
        [0x30, 0x81 | 0x82, ..] if RevocationList::parse(bytes).is_ok() => Some(Kind::RevocationList),
        [0x30, 0x81 | 0x82, ..] => Some(Kind::Certificate),
        // A version number, little-endian, and about the right length.
        [_, 0, 0, 0, ..] if bytes.len() <= MAX_REPORT_GUESS => Some(Kind::SnpReport),
        _ if bytes.len() == REPORT_BYTES => Some(Kind::SnpReport),
        _ => None,
    }
}

/// Up to this length, bytes that begin like a report are taken for one, so that the error is
/// about reports.
const MAX_REPORT_GUESS: usize = 4096;
