//! The records of a bundle between its two forms and its parts.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::EntryProblem;
use super::{Bundle, BundleError, COLLECTION_LABEL, Collection, PartName, name};
use crate::{Part, PartError};

/// One record with its label.
pub(super) struct Entry<'a> {
    pub(super) label: Cow<'a, str>,
    pub(super) media_type: Cow<'a, str>,
    pub(super) value: Cow<'a, [u8]>,
    pub(super) indicator: Option<u64>,
    /// Where the record begins; nothing in JSON, whose reader knows no offsets.
    pub(super) offset: Option<usize>,
}

const COLLECTION_TYPE: &str = "application/vnd.teeproof.collection+json";

impl<'a> Entry<'a> {
    pub(super) fn of(name: PartName, part: &'a Part) -> Self {
        Self {
            label: Cow::Owned(alloc::format!("{name}")),
            media_type: Cow::Borrowed(name.media_type()),
            value: Cow::Borrowed(part.bytes()),
            indicator: Some(u64::from(name.indicator())),
            offset: None,
        }
    }

    pub(super) const fn of_collection(value: Vec<u8>) -> Self {
        Self {
            label: Cow::Borrowed(COLLECTION_LABEL),
            media_type: Cow::Borrowed(COLLECTION_TYPE),
            value: Cow::Owned(value),
            indicator: None,
            offset: None,
        }
    }

    pub(super) fn order(&self) -> (usize, String) {
        name::order(&self.label)
    }

    /// The part, if the record says of it what it must.
    fn into_part(self, name: PartName) -> Result<Part, BundleError> {
        let offset = self.offset;
        let wrong = |problem| BundleError::Entry { name: Some(name), offset, problem };
        if self.media_type != name.media_type() {
            return Err(wrong(EntryProblem::MediaType));
        }
        if self.indicator != Some(u64::from(name.indicator())) {
            return Err(wrong(EntryProblem::Indicator));
        }
        let length = self.value.len();
        let part = Part::found(name.kind, self.value).map_err(|_| wrong(EntryProblem::Form))?;
        // Nothing stands around a part in a bundle.
        if part.bytes().len() != length {
            return Err(wrong(EntryProblem::Form));
        }
        match part.error() {
            None => Ok(part),
            Some(PartError::Wire(_, error) | PartError::Trailing { error, .. }) => {
                Err(BundleError::Part { name, error })
            }
            Some(PartError::TooLarge { .. }) => Err(wrong(EntryProblem::TooLarge)),
            Some(_) => Err(wrong(EntryProblem::Form)),
        }
    }
}

/// The bundle of these records.
pub(super) fn assemble(mut entries: Vec<Entry<'_>>) -> Result<Bundle, BundleError> {
    entries.sort_by_key(Entry::order);
    let (mut parts, mut collection) = (Vec::new(), None);
    for entry in entries {
        let offset = entry.offset;
        let wrong = |name, problem| BundleError::Entry { name, offset, problem };
        if entry.label == COLLECTION_LABEL {
            let bare = entry.media_type == COLLECTION_TYPE && entry.indicator.is_none();
            if !bare || collection.is_some() {
                return Err(BundleError::Collection);
            }
            collection = Some(Collection::read(&entry.value)?);
            continue;
        }
        let name = PartName::parse(&entry.label).ok_or_else(|| wrong(None, EntryProblem::UnknownLabel))?;
        let before = parts.iter().filter(|part: &&Part| part.kind() == name.kind).count();
        if name.number != before {
            let twice = name.number < before;
            let problem = if twice { EntryProblem::Duplicate } else { EntryProblem::Number };
            return Err(wrong(Some(name), problem));
        }
        parts.push(entry.into_part(name)?);
    }
    let (collection, redactions) = collection.ok_or(BundleError::Collection)?;
    Bundle::new(parts, collection, redactions)
}
