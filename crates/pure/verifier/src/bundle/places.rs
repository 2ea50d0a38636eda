//! Finding every place of an identifier, and writing over it.

use alloc::vec::Vec;

use super::identity::Form;
use super::{Identifier, PartName, Redaction, pck};
use crate::input::Kind;

/// An identifier's forms.
pub(super) struct Replacement {
    pub(super) what: Identifier,
    pub(super) forms: Vec<Form>,
}

/// Replaces every form wherever it stands in a part, and tells the places, by offset. Places never
/// overlap: what was written over is not looked at again.
pub(super) fn replace(part: PartName, bytes: &mut [u8], replacements: &[Replacement]) -> Vec<Redaction> {
    let mut redactions = write_over(part, bytes, replacements);
    if part.kind == Kind::TdQuote {
        // The certificates in a quote are text: what they say stands in another alphabet.
        for mut certificate in pck::embedded(bytes) {
            let inner = write_over(part, &mut certificate.der, replacements);
            let place = certificate.write(bytes);
            let what = inner.first().map(|redaction| redaction.what);
            redactions.extend(what.zip(place).map(|(what, place)| Redaction {
                what,
                part,
                offset: place.start,
                length: place.len(),
            }));
        }
    }
    redactions.sort_by_key(|redaction| redaction.offset);
    redactions
}

fn write_over(part: PartName, bytes: &mut [u8], replacements: &[Replacement]) -> Vec<Redaction> {
    let mut redactions: Vec<Redaction> = Vec::new();
    let forms = replacements.iter().flat_map(|one| one.forms.iter().map(move |form| (one.what, form)));
    for (what, Form { from, to }) in forms {
        for offset in places(bytes, from) {
            let end = offset.saturating_add(from.len());
            let overlaps =
                |other: &Redaction| offset < other.offset.saturating_add(other.length) && other.offset < end;
            if redactions.iter().any(overlaps) {
                continue;
            }
            let place = bytes.get_mut(offset..end).filter(|place| place.len() == to.len());
            if let Some(place) = place {
                place.copy_from_slice(to);
                redactions.push(Redaction { what, part, offset, length: to.len() });
            }
        }
    }
    redactions
}

/// Where `from` stands.
fn places(bytes: &[u8], from: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(offset) = bytes.get(at..).and_then(|rest| first(rest, from)) {
        let offset = at.saturating_add(offset);
        found.push(offset);
        at = offset.saturating_add(from.len());
    }
    found
}

fn first(bytes: &[u8], from: &[u8]) -> Option<usize> {
    if from.is_empty() { None } else { bytes.windows(from.len()).position(|window| window == from) }
}
