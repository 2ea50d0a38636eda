//! JSON of other attesters and services: its shape is told by its members first, then it is read
//! as exactly that shape.
//!
//! There is no second try: evidence without a version is of version 0, so that nobody can make a
//! newer shape pass as an older one, with fewer promises, by leaving its version out. Members that a
//! shape does not have are named in a warning and ignored: formats grow.

mod azure_guest;
mod documents;
pub(crate) mod fields;
mod members;
mod probe;
mod problem;
mod sealing;
mod shapes;
mod snp;

pub use documents::{DocumentMember, DocumentMembers};
pub(crate) use probe::is_fixture;
pub use problem::{JsonProblem, JsonShape, JsonValue, PcrProblem};

use alloc::vec::Vec;

use crate::bundle::Bundle;
use crate::encoding::{self, Pem};
use crate::sniff::{bundled, certificates};
use crate::{Encoding, InputError, InputKind, InputWarning, Part, Sniffed};
use probe::Probe;

/// The most bytes of JSON that is no bundle; the largest that is known has 40 KiB.
const MAX_BYTES: usize = 1024 * 1024;

/// The text of a JSON object, if bytes begin like one.
pub(crate) fn object(bytes: &[u8]) -> Option<&str> {
    let bytes = encoding::plain(bytes);
    bytes.starts_with(b"{").then(|| core::str::from_utf8(bytes).ok()).flatten()
}

/// What a shape holds.
struct Read {
    parts: Vec<Part>,
    warnings: Vec<InputWarning>,
}

impl From<Vec<Part>> for Read {
    fn from(parts: Vec<Part>) -> Self {
        Self { parts, warnings: Vec::new() }
    }
}

/// Reads JSON of any shape that is known.
pub(crate) fn read(text: &str, kind: Option<InputKind>, layers: usize) -> Result<Sniffed, InputError> {
    // Before anything is read of it: only bundles are larger, and what only looks like one is
    // refused as a bundle.
    let large = text.len() > MAX_BYTES;
    if large && !text.contains("\"__cmwc_t\"") {
        return Err(InputError::TooLarge { kind: InputKind::EvidenceJson, limit: MAX_BYTES });
    }
    if large {
        return bundle(text, kind);
    }
    let probe = Probe::of(text)?;
    if probe.has("__cmwc_t") {
        return bundle(text, kind);
    }
    if probe.has("vcekCert") || probe.has("certificateChain") {
        return thim(text, &probe, kind);
    }
    if probe.is_sealing_key() {
        expect(kind, InputKind::SealingKey)?;
        return Ok(Sniffed::new(InputKind::SealingKey, Encoding::Json, sealing::read(text)?));
    }
    match probe.shape()? {
        Some(shape) => evidence(text, shape, kind, layers),
        None => match documents::read(text, kind, layers)? {
            Some(sniffed) => Ok(sniffed),
            None => Err(probe.unknown()),
        },
    }
}

/// Evidence of this shape.
fn evidence(
    text: &str,
    shape: JsonShape,
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Sniffed, InputError> {
    expect(kind, InputKind::EvidenceJson)?;
    if shape == JsonShape::AttestationInfo {
        return azure_guest::outer(text, layers);
    }
    let mut read = shapes::read(text, shape)?;
    read.warnings.extend(members::unknown(text, shape));
    let nonce_in_user_data = matches!(shape, JsonShape::AzSnp(2) | JsonShape::AzTdx(2));
    Ok(Sniffed {
        note: Some(shape.as_str()),
        nonce_in_user_data,
        warnings: read.warnings,
        ..Sniffed::new(InputKind::EvidenceJson, Encoding::Json, read.parts)
    })
}

/// An answer of THIM: the VCEK, and what stands above it.
fn thim(text: &str, probe: &Probe<'_>, kind: Option<InputKind>) -> Result<Sniffed, InputError> {
    let kind = kind
        .filter(|kind| matches!(kind, InputKind::Certificate | InputKind::RevocationList))
        .map_or_else(|| expect(kind, InputKind::Certificate).map(|()| None), |kind| Ok(Some(kind)))?;
    let mut ders = Vec::new();
    for pem in probe.thim() {
        ders.extend(encoding::certificates(pem?.as_bytes())?);
    }
    let warnings = members::unknown(text, JsonShape::Thim);
    Ok(Sniffed { warnings, ..certificates(ders, Encoding::Thim, kind)? })
}

fn bundle(text: &str, kind: Option<InputKind>) -> Result<Sniffed, InputError> {
    expect(kind, InputKind::Bundle)?;
    Ok(bundled(Bundle::from_json(text)?, Encoding::Json))
}

/// What was found must be what it was said to be, where something was said.
fn expect(said: Option<InputKind>, found: InputKind) -> Result<(), InputError> {
    match said {
        Some(said) if said != found => Err(InputError::NotOfKind { said, found }),
        _ => Ok(()),
    }
}

/// A part of JSON, which has to be of its kind.
fn checked(kind: InputKind, bytes: Vec<u8>) -> Result<Part, InputError> {
    Ok(Part::new(kind, bytes)?)
}

/// The one certificate of a PEM text.
fn certificate(pem: &str) -> Result<Part, InputError> {
    let [der] = chain(pem)?.try_into().map_err(|_| InputError::PemSection)?;
    checked(InputKind::Certificate, der)
}

/// The certificates of a PEM text, DER.
fn chain(pem: &str) -> Result<Vec<Vec<u8>>, InputError> {
    match encoding::pem(pem)? {
        Pem::Certificates(ders) => Ok(ders),
        Pem::Other(_) => Err(InputError::PemSection),
    }
}
