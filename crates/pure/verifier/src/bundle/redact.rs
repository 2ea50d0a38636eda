//! Replacing identifiers, so that evidence can be shown to others.
//!
//! Each identifier becomes a salted hash of the same length, the same one wherever it stands, so
//! that whoever looks can still see that two parts name one machine, and which lengths they have.
//! The salt is not kept: without it, a guess at an identifier cannot be tried.

use alloc::vec::Vec;

use teeproof_core::Crypto;

use super::collection::MAX_REDACTIONS;
use super::identity::{self, Identity};
use super::places::{self, Replacement};
use super::{Bundle, BundleError};

/// Shorter salts are tried out.
const MIN_SALT: usize = 16;
/// The longest identifier in bytes, and in digits.
const MAX_ID: usize = 64;

impl Bundle {
    /// The same bundle with every identifier of the machine replaced.
    ///
    /// What is replaced, and what still identifies a machine afterwards, is told in docs/bundle.md.
    /// The result can be inspected; it can no longer be authentic, and says so itself.
    ///
    /// # Errors
    /// A salt of less than 16 bytes; a bundle that is redacted already; a part that cannot be read,
    /// so that what identifies in it cannot be found; nothing that identifies.
    pub fn redact(&self, salt: &[u8], crypto: &Crypto) -> Result<Self, BundleError> {
        if salt.len() < MIN_SALT {
            return Err(BundleError::ShortSalt);
        }
        if self.is_redacted() {
            return Err(BundleError::AlreadyRedacted);
        }
        let identities = self.identities()?;
        let replacements: Vec<_> = identities.iter().map(|id| replacement(id, salt, crypto)).collect();
        let (mut parts, mut redactions) = (Vec::new(), Vec::new());
        for (name, part) in self.named() {
            let mut part = part.clone();
            redactions.extend(places::replace(name, &mut part.bytes, &replacements));
            part.check().map_err(|_| BundleError::Unreadable(name))?;
            parts.push(part);
        }
        if redactions.is_empty() {
            return Err(BundleError::NothingToRedact);
        }
        if redactions.len() > MAX_REDACTIONS {
            return Err(BundleError::TooManyRedactions);
        }
        let redacted = Self::new(parts, self.collection.clone(), redactions)?;
        redacted.check_without(&identities)?;
        Ok(redacted)
    }

    /// Every identifier once.
    fn identities(&self) -> Result<Vec<Identity>, BundleError> {
        let mut identities = Vec::new();
        for (name, part) in self.named() {
            for id in identity::of(name, part).ok_or(BundleError::Unreadable(name))? {
                if !identities.contains(&id) {
                    identities.push(id);
                }
            }
        }
        Ok(identities)
    }

    /// Reads the result once more: an identifier that was written in a way that was not found, such
    /// as with escapes in JSON, would still be there.
    fn check_without(&self, old: &[Identity]) -> Result<(), BundleError> {
        for (name, part) in self.named() {
            let left = identity::of(name, part).ok_or(BundleError::Unreadable(name))?;
            if left.iter().any(|id| old.contains(id)) {
                return Err(BundleError::Unreadable(name));
            }
        }
        Ok(())
    }
}

/// The forms of an identifier with what replaces them: blocks of SHA-256 over the salt, the
/// identifier's name, the identifier, and the block's number.
fn replacement(identity: &Identity, salt: &[u8], crypto: &Crypto) -> Replacement {
    let value = identity.hashed();
    let what = identity.what;
    let block = |number: u8| crypto.sha256.digest(&[salt, what.as_str().as_bytes(), &value, &[number]]);
    let hash: Vec<u8> = (0_u8..).flat_map(block).take(MAX_ID).collect();
    Replacement { what, forms: identity.forms(&hash) }
}
