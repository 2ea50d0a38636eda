//! Replacing identifiers, so that evidence can be shown to others.
//!
//! Each identifier becomes a salted hash of the same length, the same one wherever it stands and
//! however it is spelled, so that whoever looks can still see that two parts name one machine. The
//! salt is not kept: without it, a guess at an identifier cannot be checked.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Range;

use teeproof_core::Crypto;

use super::collection::MAX_REDACTIONS;
use super::identifiers::{self, Found};
use super::identity::Identity;
use super::search::Search;
use super::{Bundle, BundleError, Identifier, PartName, Redaction, pem};
use crate::{InputKind, Part};

/// Shorter salts can be found by brute force.
const MIN_SALT: usize = 16;

impl Bundle {
    /// The same bundle with every identifier of the machine replaced.
    ///
    /// What is replaced, and what still identifies a machine afterwards, is described in docs/bundle.md.
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
        let mut collection = self.collection.clone();
        collection.tool = replacements.text(&collection.tool)?;
        Self::new(parts, collection, redactions)
    }
}

/// Every identifier of a bundle once, what replaces it, and the search for those that are searched.
struct Replacements<'a> {
    /// The HCL report, which names the attestation key.
    claims: &'a [u8],
    identities: Vec<(Identity, Identity)>,
    search: Search,
}

impl<'a> Replacements<'a> {
    fn of(bundle: &'a Bundle, salt: &[u8], crypto: &Crypto) -> Result<Self, BundleError> {
        let mut identities: Vec<(Identity, Identity)> = Vec::new();
        let claims = bundle.parts.iter().find(|part| part.kind() == InputKind::HclReport);
        let claims = claims.map_or(&[][..], |part| part.bytes());
        for (name, part) in bundle.named() {
            let found = identifiers::of(part.kind(), part.bytes(), claims)
                .map_err(|error| BundleError::Unreadable { name, error })?;
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
        Ok(Self { claims, identities, search })
    }

    /// The part without its identifiers, and the places at which they stood.
    fn replace(&self, name: PartName, part: &Part) -> Result<(Part, Vec<Redaction>), BundleError> {
        let mut bytes = part.bytes().to_vec();
        let found = self.search.find(&bytes)?;
        let mut places: Vec<Place> =
            found.iter().filter_map(|one| self.search.replace(one, &mut bytes)).collect();
        let unredactable = BundleError::Unredactable(name);
        self.in_structure(part, &mut bytes, &mut places).ok_or(unredactable)?;
        let new = self.checked(part, bytes).ok_or(unredactable)?;
        Ok((new, apart(name, places)))
    }

    /// A text outside of the parts, with its identifiers replaced.
    fn text(&self, text: &str) -> Result<String, BundleError> {
        let mut bytes = text.as_bytes().to_vec();
        for one in self.search.find(text.as_bytes())? {
            self.search.replace(&one, &mut bytes);
        }
        String::from_utf8(bytes).map_err(|_| BundleError::Tool)
    }

    /// Replaces what stands where its structure has it: there it is found whatever its length.
    fn in_structure(&self, part: &Part, bytes: &mut [u8], places: &mut Vec<Place>) -> Option<()> {
        let is_quote = part.kind() == InputKind::TdQuote;
        let old = if is_quote { pem::of_quote(part.bytes()).ok()? } else { Vec::new() };
        let mut new = if is_quote { pem::of_quote(bytes).ok()? } else { Vec::new() };
        for Found { identity, place } in identifiers::of(part.kind(), part.bytes(), self.claims).ok()? {
            let Some(place) = place else { continue };
            let Some(embedded) = place.embedded else {
                let to = self.spelled_as(&identity, part.bytes().get(place.bytes.clone())?)?;
                write(bytes, &place.bytes, &to)?;
                places.push((identity.what, place.bytes));
                continue;
            };
            let to = self.spelled_as(&identity, old.get(embedded)?.der.get(place.bytes.clone())?)?;
            let new = new.get_mut(embedded)?;
            write(&mut new.der, &place.bytes, &to)?;
            places.push((identity.what, new.write(bytes, &place.bytes)?));
        }
        Some(())
    }

    fn spelled_as(&self, identity: &Identity, place: &[u8]) -> Option<Vec<u8>> {
        let (old, new) = self.identities.iter().find(|(old, _)| old == identity)?;
        old.spelled_as(new, place)
    }

    /// Reads the result once more: it has to be what it was, and name nothing that was replaced. A
    /// short identifier can be what replaces another one, so of these each place has to be another
    /// than it was.
    fn checked(&self, old: &Part, bytes: Vec<u8>) -> Option<Part> {
        if old.bytes() == bytes {
            return Some(old.clone());
        }
        let length = bytes.len();
        let new = Part::new(old.kind(), bytes).ok().filter(|new| new.bytes().len() == length)?;
        let left = identifiers::of(new.kind(), new.bytes(), self.claims).ok()?;
        let before = identifiers::of(old.kind(), old.bytes(), self.claims).ok()?;
        let named = |found: &Found| {
            let known = self.identities.iter().filter(|(old, _)| old.is_searched());
            let stays = |old: &&Found| old.place == found.place && old.identity.is(&found.identity);
            known.map(|(old, _)| old).any(|old| old.is(&found.identity))
                || found.place.is_some() && before.iter().any(|old| stays(&old))
        };
        let searched = self.search.find(new.bytes()).ok()?;
        (searched.is_empty() && !left.iter().any(named)).then_some(new)
    }
}

/// Writes as many bytes as stand there.
fn write(bytes: &mut [u8], place: &Range<usize>, to: &[u8]) -> Option<()> {
    bytes.get_mut(place.clone()).filter(|old| old.len() == to.len())?.copy_from_slice(to);
    Some(())
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
