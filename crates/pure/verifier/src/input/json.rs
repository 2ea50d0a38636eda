//! JSON of other attesters and services: its shape is told by its members first, then it is read
//! as exactly that shape.
//!
//! There is no second try: evidence without a version is of version 0, so that nobody can make a
//! newer shape pass as an older one, with fewer promises, by leaving its version out.

mod fields;
mod probe;
mod problem;
mod shapes;

pub use problem::{JsonProblem, JsonShape};

use alloc::vec::Vec;

use super::sniff::{bundled, certificates};
use super::{Encoding, InputError, Kind, Part, Sniffed, encoding};
use crate::bundle::Bundle;
use probe::Probe;

/// The most bytes of JSON that is no bundle; the largest that is known has 40 KiB.
const MAX_BYTES: usize = 1024 * 1024;

/// Reads JSON of any shape that is known.
pub(super) fn read(text: &str, kind: Option<Kind>) -> Result<Sniffed, InputError> {
    // Before anything is read of it: only bundles are larger, and what only looks like one is
    // refused as a bundle.
    let large = text.len() > MAX_BYTES;
    if large && !text.contains("\"__cmwc_t\"") {
        return Err(InputError::TooLarge { kind: Kind::EvidenceJson, limit: MAX_BYTES });
    }
    if large {
        return bundle(text, kind);
    }
    let probe = Probe::of(text)?;
    if probe.has("__cmwc_t") {
        return bundle(text, kind);
    }
    if probe.has("vcekCert") || probe.has("certificateChain") {
        let kind = kind
            .filter(|kind| matches!(kind, Kind::Certificate | Kind::RevocationList))
            .map_or_else(|| expect(kind, Kind::Certificate).map(|()| None), |kind| Ok(Some(kind)))?;
        let mut ders = Vec::new();
        for text in probe.thim() {
            ders.extend(encoding::pem(text?.as_bytes())?);
        }
        return certificates(&ders, Encoding::Thim, kind);
    }
    let shape = probe.shape()?;
    expect(kind, Kind::EvidenceJson)?;
    let parts = shapes::read(text, shape)?;
    let nonce_in_user_data = matches!(shape, JsonShape::AzSnp(2) | JsonShape::AzTdx(2));
    let note = Some(shape.as_str());
    Ok(Sniffed { note, nonce_in_user_data, ..Sniffed::new(Kind::EvidenceJson, Encoding::Json, parts) })
}

fn bundle(text: &str, kind: Option<Kind>) -> Result<Sniffed, InputError> {
    expect(kind, Kind::Bundle)?;
    Ok(bundled(Bundle::from_json(text)?, Encoding::Json))
}

/// What was found must be what it was said to be, where something was said.
fn expect(said: Option<Kind>, found: Kind) -> Result<(), InputError> {
    match said {
        Some(said) if said != found => Err(InputError::NotOfKind { said, found }),
        _ => Ok(()),
    }
}

/// Parts that came in JSON are held against their sizes before anything looks into them.
fn checked(kind: Kind, bytes: &[u8]) -> Result<Part, InputError> {
    let part = Part::new(kind, bytes)?;
    part.check()?;
    Ok(part)
}

/// The one certificate of a PEM text.
fn certificate(pem: &str) -> Result<Part, InputError> {
    let ders: Vec<Vec<u8>> = encoding::pem(pem.as_bytes())?;
    match ders.as_slice() {
        [der] => checked(Kind::Certificate, der),
        _ => Err(InputError::PemSection),
    }
}
