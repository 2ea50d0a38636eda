//! The records of a bundle between its two forms and its parts: each with the label, the media type and the role of
//! its part.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::error::EntryProblem;
use super::{Bundle, BundleError, COLLECTION_LABEL, Collection};
use crate::{InputKind, Part, PartError};

/// A part of a bundle: its kind, and which one of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PartName {
    /// The kind of the part.
    pub kind: InputKind,
    /// The index among the parts of its kind, from 0.
    pub number: usize,
}

/// Roles of a CMW record: what `ind` says.
const ENDORSEMENTS: u8 = 1 << 1;
const EVIDENCE: u8 = 1 << 2;

/// Kinds of which there is one, with their media types.
const ONCE: &[(InputKind, &str)] = &[
    (InputKind::SnpReport, "application/vnd.teeproof.snp-report"),
    (InputKind::HclReport, "application/vnd.teeproof.hcl-report"),
    (InputKind::TdQuote, "application/vnd.teeproof.td-quote"),
    (InputKind::TpmQuote, "application/vnd.teeproof.tpm-quote"),
    (InputKind::TpmSignature, "application/vnd.teeproof.tpm-signature"),
    (InputKind::PcrValues, "application/vnd.teeproof.pcr-values"),
    (InputKind::PcrConcatenation, "application/vnd.teeproof.pcr-concatenation"),
    (InputKind::EventLog, "application/vnd.teeproof.event-log"),
    (InputKind::CcEventLog, "application/vnd.teeproof.cc-event-log"),
    (InputKind::NitroDocument, "application/cose; cose-type=\"cose-sign1\""),
    (InputKind::NitroTpmDocument, "application/cose; cose-type=\"cose-sign1\""),
];

/// Endorsements, of which there are several: the stem of their labels, and their media types.
const NUMBERED: &[(InputKind, &str, &str)] = &[
    (InputKind::Certificate, "certificate", "application/pkix-cert"),
    (InputKind::RevocationList, "revocation-list", "application/pkix-crl"),
    (InputKind::TcbInfo, "tcb-info", "application/vnd.teeproof.tcb-info+json"),
    (InputKind::QeIdentity, "qe-identity", "application/vnd.teeproof.qe-identity+json"),
];

/// Whether bundles hold parts of this kind.
pub(super) fn has_label(kind: InputKind) -> bool {
    NUMBERED.iter().any(|(one, ..)| *one == kind) || ONCE.iter().any(|(once, _)| *once == kind)
}

impl PartName {
    /// Reads a label.
    pub(super) fn parse(label: &str) -> Option<Self> {
        if let Some((kind, _)) = ONCE.iter().find(|(kind, _)| kind.as_str() == label) {
            return Some(Self { kind: *kind, number: 0 });
        }
        let (stem, digits) = label.rsplit_once('-')?;
        let (kind, ..) = NUMBERED.iter().find(|(_, of, _)| *of == stem)?;
        let name = Self { kind: *kind, number: digits.parse().ok().filter(|number| *number < 100)? };
        // No other way to write the number.
        (name.to_string() == label).then_some(name)
    }

    /// The order of labels in a bundle: shorter ones first, then by their bytes.
    pub(super) fn order(self) -> (usize, String) {
        order(&self.to_string())
    }

    pub(super) fn media_type(self) -> &'static str {
        let numbered = NUMBERED.iter().map(|(kind, _, media_type)| (*kind, *media_type));
        let mut all = numbered.chain(ONCE.iter().copied());
        all.find(|(kind, _)| *kind == self.kind).map_or("", |(_, media_type)| media_type)
    }

    pub(super) const fn indicator(self) -> u8 {
        if self.kind.is_evidence() { EVIDENCE } else { ENDORSEMENTS }
    }

    /// The name of the part's file.
    pub(super) fn file(self) -> String {
        let extension = match self.kind {
            InputKind::Certificate => "der",
            InputKind::RevocationList => "crl",
            InputKind::PcrValues => "txt",
            InputKind::NitroDocument | InputKind::NitroTpmDocument => "cose",
            InputKind::TcbInfo | InputKind::QeIdentity => "json",
            _ => "bin",
        };
        format!("{self}.{extension}")
    }
}

/// The bytewise order of encoded text strings: the head comes first, and it is the length.
pub(super) fn order(label: &str) -> (usize, String) {
    (label.len(), label.to_string())
}

/// The label: `hcl-report`, `certificate-0`, `revocation-list-0`, `tcb-info-0`.
impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NUMBERED.iter().find(|(kind, ..)| *kind == self.kind) {
            Some((_, stem, _)) => write!(f, "{stem}-{}", self.number),
            None => f.write_str(self.kind.as_str()),
        }
    }
}

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
        order(&self.label)
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
