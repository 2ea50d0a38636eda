//! Bundles: evidence with its endorsements, event log and time of collection in one file.
//!
//! The format is described in docs/bundle.md: a collection of CMW records, as deterministic CBOR or
//! as JSON. Nothing in a bundle is believed because it is in a bundle.

mod cbor;
mod certificate_identifiers;
mod collection;
mod error;
mod identifiers;
mod identity;
mod json;
mod matcher;
mod pem;
mod record;
mod redact;
mod redaction;
mod search;
mod spelling;
mod text;

pub use collection::{Collection, ReportAge};
pub use error::{BundleError, EntryProblem};
pub use record::PartName;
pub use redaction::{Identifier, Redacted, Redaction};

use alloc::string::String;
use alloc::vec::Vec;

use crate::{InputKind, Part};
use record::Entry;

/// Evidence with everything that belongs to it, and how it was collected.
///
/// Its parts are in the order of their labels, which is the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    parts: Vec<Part>,
    collection: Collection,
    redactions: Vec<Redaction>,
}

/// The most bytes of a bundle: an event log of 4 MiB, and room for everything else.
pub const MAX_BYTES: usize = 6 * 1024 * 1024;
/// The most certificates, and the most revocation lists; a chain has four.
pub const MAX_OF_A_KIND: usize = 32;
/// The most TCB info documents, and the most QE identities; a platform has one of each.
pub const MAX_COLLATERAL: usize = 8;
/// One of each kind, certificates, lists, collateral, the collection type and the collection.
const MAX_ENTRIES: usize = 100;
/// No label, media type and heads together are longer.
const ENTRY_OVERHEAD: usize = 128;
/// The value of `__cmwc_t` that makes a collection of CMW records a bundle.
const COLLECTION_TYPE: &str = "urn:uuid:8f6bd9f4-5a53-4c0e-9d0b-6d1a7b1f2c60";
/// The member with [`COLLECTION_TYPE`].
const TYPE_LABEL: &str = "__cmwc_t";
/// The label of the [`Collection`] record.
const COLLECTION_LABEL: &str = "teeproof-collection";

impl Bundle {
    /// A bundle of these parts, once everything that holds for every bundle is checked.
    pub(crate) fn new(
        mut parts: Vec<Part>,
        collection: Collection,
        redactions: Vec<Redaction>,
    ) -> Result<Self, BundleError> {
        collection.check()?;
        // Stable: endorsements of a kind stay in the order in which they were added.
        parts.sort_by_key(|part| PartName { kind: part.kind(), number: 0 }.order());
        let count = |kind| parts.iter().filter(|part| part.kind() == kind).count();
        for part in &parts {
            if !record::has_label(part.kind()) {
                return Err(BundleError::NotAPart(part.kind()));
            }
            if count(part.kind()) > most(part.kind()) {
                return Err(BundleError::TooMany(part.kind()));
            }
        }
        if !parts.iter().any(|part| part.kind().is_evidence()) {
            return Err(BundleError::NoEvidence);
        }
        let bundle = Self { parts, collection, redactions };
        bundle.check_redactions()?;
        let bytes = bundle.entries()?.iter().fold(ENTRY_OVERHEAD, |sum, entry| {
            sum.saturating_add(entry.value.len()).saturating_add(ENTRY_OVERHEAD)
        });
        if bytes > MAX_BYTES { Err(BundleError::TooLarge { limit: MAX_BYTES }) } else { Ok(bundle) }
    }

    /// Parses a bundle in either form, recognised by its first byte.
    ///
    /// # Errors
    /// Those of [`Bundle::from_cbor`] and [`Bundle::from_json`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        match core::str::from_utf8(bytes) {
            Ok(text) if text.trim_start().starts_with('{') => Self::from_json(text),
            _ => Self::from_cbor(bytes),
        }
    }

    /// Parses deterministic CBOR (RFC 8949, section 4.2.1); [`Bundle::to_cbor`] returns the same bytes.
    ///
    /// # Errors
    /// Anything but the one form that [`Bundle::to_cbor`] writes.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BYTES {
            return Err(BundleError::TooLarge { limit: MAX_BYTES });
        }
        record::assemble(cbor::read(bytes)?)
    }

    /// Parses JSON with any white space and order of members.
    ///
    /// # Errors
    /// Not JSON; a member that is unknown, given twice, or not in its one form.
    pub fn from_json(text: &str) -> Result<Self, BundleError> {
        record::assemble(json::read(text)?)
    }

    /// The bundle as deterministic CBOR.
    #[must_use]
    pub fn to_cbor(&self) -> Vec<u8> {
        cbor::write(&self.entries().unwrap_or_default())
    }

    /// The same as JSON, one record a line.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(&self.entries().unwrap_or_default())
    }

    /// The parts, in the order of their labels.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The parts with their names in the bundle.
    pub fn named(&self) -> impl Iterator<Item = (PartName, &Part)> {
        self.parts.iter().scan((None, 0_usize), |(last, number), part| {
            *number = if *last == Some(part.kind()) { number.saturating_add(1) } else { 0 };
            *last = Some(part.kind());
            Some((PartName { kind: part.kind(), number: *number }, part))
        })
    }

    /// When and how the parts were collected. Nothing proves it.
    #[must_use]
    pub const fn collected(&self) -> &Collection {
        &self.collection
    }

    /// The identifiers that were replaced, each with its place.
    #[must_use]
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// Whether identifiers were replaced.
    #[must_use]
    pub const fn is_redacted(&self) -> bool {
        !self.redactions.is_empty()
    }

    /// Each part as a file with a name; `sniff` recognises each again.
    pub fn export(&self) -> impl Iterator<Item = (String, Vec<u8>)> {
        self.named().map(|(name, part)| {
            let bytes = match part {
                Part::Pcrs(values) => values.to_text().into(),
                part => part.bytes().to_vec(),
            };
            (name.file(), bytes)
        })
    }

    pub(crate) fn looks_like_cbor(bytes: &[u8]) -> bool {
        cbor::looks_like(bytes)
    }

    pub(crate) fn into_inner(self) -> (Vec<Part>, Collection, Vec<Redaction>) {
        (self.parts, self.collection, self.redactions)
    }

    /// The records, the collection's own among them, in order.
    fn entries(&self) -> Result<Vec<Entry<'_>>, BundleError> {
        let mut entries: Vec<_> = self.named().map(|(name, part)| Entry::of(name, part)).collect();
        entries.push(Entry::of_collection(self.collection.write(&self.redactions)?));
        entries.sort_by_key(Entry::order);
        Ok(entries)
    }

    /// Checks that every redacted place is inside of its part.
    fn check_redactions(&self) -> Result<(), BundleError> {
        for redaction in &self.redactions {
            let part = self.named().find(|(name, _)| *name == redaction.part);
            let end = redaction.offset.checked_add(redaction.length);
            if part.zip(end).is_none_or(|((_, part), end)| end > part.bytes().len()) {
                return Err(BundleError::RedactionPlace);
            }
        }
        Ok(())
    }
}

/// The most parts of a kind in a bundle.
const fn most(kind: InputKind) -> usize {
    match kind {
        InputKind::Certificate | InputKind::RevocationList => MAX_OF_A_KIND,
        InputKind::TcbInfo | InputKind::QeIdentity => MAX_COLLATERAL,
        _ => 1,
    }
}
