//! Replacing identifiers, so that evidence can be shown to others.
//!
//! Each identifier becomes a salted hash of the same length, the same one wherever it stands and
//! however it is spelled, so that whoever looks can still see that two parts name one machine. The
//! salt is not kept: without it, a guess at an identifier cannot be tried.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Range;

use teeproof_core::Crypto;

use super::collection::MAX_REDACTIONS;
use super::identifiers::{self, Found};
use super::identity::Identity;
use super::search::Search;
use super::{Bundle, BundleError, Identifier, PartName, Redaction, pem};
use crate::input::{Kind, Part};

/// Shorter salts are tried out.
const MIN_SALT: usize = 16;

impl Bundle {
    /// The same bundle with every identifier of the machine replaced.
    ///
    /// What is replaced, and what still identifies a machine afterwards, is told in docs/bundle.md.
    /// The result can be inspected; it can no longer be authentic, and says so itself.
    ///
    /// # Errors
    /// A salt of less than 16 bytes; a bundle that is redacted already; a part that cannot be read,
    /// so that what identifies in it cannot be found; nothing that identifies; more identifiers or
    /// places than a bundle has; a part that could not be read any more, or would still name its
    /// machine.
    pub fn redact(&self, salt: &[u8], crypto: &Crypto) -> Result<Self, BundleError> {
        if salt.len() < MIN_SALT {
            return Err(BundleError::ShortSalt);
        }
        if self.is_redacted() {
            return Err(BundleError::AlreadyRedacted);
        }
        let replacements = Replacements::of(self, salt, crypto)?;
        let (mut parts, mut redactions) = (Vec::new(), Vec::new());
        for (name, part) in self.named() {
            let (part, places) = replacements.replace(name, part)?;
            parts.push(part);
            redactions.extend(places);
            if redactions.len() > MAX_REDACTIONS {
                return Err(BundleError::TooManyRedactions);
            }
        }
        if redactions.is_empty() {
            return Err(BundleError::NothingToRedact);
        }
        Self::new(parts, self.collection.clone(), redactions)
    }
}

/// Every identifier of a bundle once, what replaces it, and the search for those that are searched.
struct Replacements {
    identities: Vec<(Identity, Identity)>,
    search: Search,
}

impl Replacements {
    fn of(bundle: &Bundle, salt: &[u8], crypto: &Crypto) -> Result<Self, BundleError> {
        let mut identities: Vec<(Identity, Identity)> = Vec::new();
        for (name, part) in bundle.named() {
            let found = identifiers::of(part.kind, &part.bytes).ok_or(BundleError::Unreadable(name))?;
            for Found { identity, .. } in found {
                if !identities.iter().any(|(known, _)| *known == identity) {
                    let new = identity.replaced(salt, crypto);
                    identities.push((identity, new));
                }
                if identities.len() > MAX_IDENTITIES {
                    return Err(BundleError::TooManyIdentifiers);
                }
            }
        }
        let searched = identities.iter().filter(|(old, _)| old.is_searched());
        let search = Search::new(searched.flat_map(|(old, new)| old.forms(new)).collect())?;
        Ok(Self { identities, search })
    }

    /// The part without its identifiers, and the places at which they stood.
    fn replace(&self, name: PartName, part: &Part) -> Result<(Part, Vec<Redaction>), BundleError> {
        let mut new = part.clone();
        let found = self.search.find(&part.bytes)?;
        let mut places: Vec<Place> =
            found.iter().filter_map(|one| self.search.replace(one, &mut new.bytes)).collect();
        self.in_structure(part, &mut new.bytes, &mut places).ok_or(BundleError::Unreadable(name))?;
        self.check(&new, !places.is_empty()).ok_or(BundleError::Unredactable(name))?;
        Ok((new, apart(name, places)))
    }

    /// Replaces what stands where its structure has it: there it is found whatever its length.
    fn in_structure(&self, part: &Part, bytes: &mut [u8], places: &mut Vec<Place>) -> Option<()> {
        for found in identifiers::of(part.kind, &part.bytes)? {
            let Some(place) = found.place else { continue };
            let to = self.spelled_as(&found.identity, part.bytes.get(place.clone())?)?;
            bytes.get_mut(place.clone()).filter(|old| old.len() == to.len())?.copy_from_slice(&to);
            places.push((found.identity.what, place));
        }
        if part.kind == Kind::TdQuote {
            let [old, new] = [pem::embedded(&part.bytes), pem::embedded(bytes)];
            if old.len() != new.len() {
                return None;
            }
            for (old, mut new) in old.into_iter().zip(new) {
                for found in identifiers::of_der(&old.der) {
                    let place = found.place?;
                    let to = self.spelled_as(&found.identity, old.der.get(place.clone())?)?;
                    new.der.get_mut(place.clone()).filter(|old| old.len() == to.len())?.copy_from_slice(&to);
                    places.push((found.identity.what, new.write(bytes, &place)?));
                }
            }
        }
        Some(())
    }

    fn spelled_as(&self, identity: &Identity, place: &[u8]) -> Option<Vec<u8>> {
        let (old, new) = self.identities.iter().find(|(old, _)| old == identity)?;
        old.spelled_as(new, place)
    }

    /// Reads the result once more: it has to be what it was, and name nothing that was replaced. An
    /// identifier of few different bytes can stand so that its part is another one without it.
    fn check(&self, part: &Part, is_changed: bool) -> Option<()> {
        if !is_changed {
            return Some(());
        }
        part.check().ok()?;
        if Part::new(part.kind, &part.bytes).ok()? != *part {
            return None;
        }
        let left = identifiers::of(part.kind, &part.bytes)?;
        let named = |found: &Found| self.identities.iter().any(|(old, _)| old.is(&found.identity));
        let searched = self.search.find(&part.bytes).ok()?;
        (searched.is_empty() && !left.iter().any(named)).then_some(())
    }
}

/// What was replaced, and where.
type Place = (Identifier, Range<usize>);

/// The places by offset, none of them in another. What was found in two ways is one place; two
/// identifiers in base64 can share a character.
fn apart(part: PartName, mut places: Vec<Place>) -> Vec<Redaction> {
    places.sort_by_key(|(_, place)| (place.start, Reverse(place.end)));
    let mut end = 0_usize;
    let mut redactions = Vec::new();
    for (what, place) in places {
        let offset = place.start.max(end);
        end = end.max(place.end);
        let length = end.saturating_sub(offset);
        if length > 0 {
            redactions.push(Redaction { what, part, offset, length });
        }
    }
    redactions
}

/// More than 32 certificates have.
const MAX_IDENTITIES: usize = 256;
