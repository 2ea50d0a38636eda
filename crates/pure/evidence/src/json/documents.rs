//! A Nitro document as a member of the JSON that a service answers, found by the member's name.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::encoding::{self, MAX_LAYERS};
use crate::sniff::sniff_within;
use crate::{Encoding, InputError, InputKind, Sniffed};

/// Members that hold a document in the answers of known services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentMember {
    /// `document`
    Document,
    /// `attestation`
    Attestation,
    /// `attestation_doc`
    AttestationDoc,
    /// `attestation_document`
    AttestationDocument,
    /// `attestationDocument`
    AttestationDocumentCamel,
    /// `AttestationDocument`
    AttestationDocumentPascal,
    /// `PlAttests`
    PlAttests,
    /// `data`, of a Buffer as Node.js writes one.
    Data,
}

impl DocumentMember {
    /// Every member.
    pub const ALL: &'static [Self] = &[
        Self::Document,
        Self::Attestation,
        Self::AttestationDoc,
        Self::AttestationDocument,
        Self::AttestationDocumentCamel,
        Self::AttestationDocumentPascal,
        Self::PlAttests,
        Self::Data,
    ];

    /// The name: `attestation_doc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Attestation => "attestation",
            Self::AttestationDoc => "attestation_doc",
            Self::AttestationDocument => "attestation_document",
            Self::AttestationDocumentCamel => "attestationDocument",
            Self::AttestationDocumentPascal => "AttestationDocument",
            Self::PlAttests => "PlAttests",
            Self::Data => "data",
        }
    }
}

/// The names of the first six members that were found, in the order of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DocumentMembers([Option<DocumentMember>; SHOWN]);

const SHOWN: usize = 6;

impl DocumentMembers {
    fn of(members: impl Iterator<Item = DocumentMember>) -> Self {
        let mut all = Self::default();
        for (slot, member) in all.0.iter_mut().zip(members) {
            *slot = Some(member);
        }
        all
    }

    /// The members.
    pub fn iter(&self) -> impl Iterator<Item = DocumentMember> + '_ {
        self.0.iter().flatten().copied()
    }
}

/// `document`, `attestation_doc`.
impl fmt::Display for DocumentMembers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.iter().try_for_each(|member| {
            write!(f, "{}`{}`", core::mem::replace(&mut separator, ", "), member.as_str())
        })
    }
}

/// The document of an answer; nothing, where no member has a name of such members.
pub(super) fn find(
    text: &str,
    kind: Option<InputKind>,
    layers: usize,
) -> Result<Option<Sniffed>, InputError> {
    let mut found = Found::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Walk { found: &mut found, depth: 0 }
        .deserialize(&mut deserializer)
        .map_err(|error| InputError::Json { line: error.line(), column: error.column() })?;
    let read = |(member, raw): &(DocumentMember, &RawValue)| {
        document(raw.get(), layers).map(|sniffed| (*member, sniffed))
    };
    let mut documents: Vec<_> = found.values.iter().filter_map(read).collect();
    let all = |members: &[DocumentMember]| DocumentMembers::of(members.iter().copied());
    match (documents.pop(), documents.as_slice()) {
        (None, _) if found.values.is_empty() => Ok(None),
        (None, _) => {
            Err(InputError::NoDocument(DocumentMembers::of(found.values.iter().map(|(member, _)| *member))))
        }
        (Some((_, sniffed)), []) => {
            super::expect(kind, sniffed.kind)?;
            Ok(Some(Sniffed { encoding: Encoding::Json, ..sniffed }))
        }
        (Some((last, _)), others) => {
            let mut members: Vec<_> = others.iter().map(|(member, _)| *member).collect();
            members.push(last);
            Err(InputError::SeveralDocuments(all(&members)))
        }
    }
}

/// The document that a value holds: a string, a list of bytes, or a list of one string.
fn document(raw: &str, layers: usize) -> Option<Sniffed> {
    if layers >= MAX_LAYERS {
        return None;
    }
    let raw = raw.trim();
    let text = if raw.starts_with('[') {
        match encoding::only_string(raw) {
            Some(text) => text.into_bytes(),
            None => encoding::integers(raw).ok()?,
        }
    } else {
        encoding::quoted(raw).ok()?.into_bytes()
    };
    let sniffed = sniff_within(&text, None, layers.saturating_add(1)).ok()?;
    let note = Some("a member of a JSON answer");
    matches!(sniffed.kind, InputKind::NitroDocument | InputKind::NitroTpmDocument)
        .then_some(Sniffed { note, ..sniffed })
}

/// Members by whose names a document may be found.
#[derive(Default)]
struct Found<'t> {
    values: Vec<(DocumentMember, &'t RawValue)>,
}

/// So many members are looked into; an answer has one.
const MAX_VALUES: usize = 8;
/// How deep objects are looked into.
const MAX_DEPTH: usize = 4;

/// Looks for members, object by object; values of other names are stepped over.
struct Walk<'f, 't> {
    found: &'f mut Found<'t>,
    depth: usize,
}

impl<'t> Walk<'_, 't> {
    fn member(&mut self, member: DocumentMember, raw: &'t RawValue) {
        let text = raw.get().trim_start();
        if text.starts_with('{') && self.depth < MAX_DEPTH {
            let inner = Walk { found: self.found, depth: self.depth.saturating_add(1) };
            // The text was read once: it is JSON.
            let _ = inner.deserialize(&mut serde_json::Deserializer::from_str(raw.get()));
        } else if text.starts_with(['"', '[']) && self.found.values.len() < MAX_VALUES {
            self.found.values.push((member, raw));
        }
    }
}

impl<'t> DeserializeSeed<'t> for Walk<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for Walk<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'t>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (mut buffer, mut data) = (false, None);
        while let Some(name) = map.next_key::<String>()? {
            match DocumentMember::ALL.iter().find(|member| member.as_str() == name) {
                Some(DocumentMember::Data) => data = Some(map.next_value::<&RawValue>()?),
                Some(member) => self.member(*member, map.next_value()?),
                None if name == "type" => buffer = map.next_value::<&RawValue>()?.get() == "\"Buffer\"",
                None if self.depth < MAX_DEPTH => {
                    let depth = self.depth.saturating_add(1);
                    map.next_value_seed(Walk { found: self.found, depth })?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(raw) = data.filter(|_| buffer) {
            self.member(DocumentMember::Data, raw);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
