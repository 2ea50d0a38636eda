//! Values of evidence as JSON: bytes as hexadecimal, as base64 and as lists of numbers, each bounded before it is
//! decoded, and errors that name the member.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::object::{Object, Value, entries, string};
use super::{JsonProblem, JsonShape};
use crate::InputError;
use crate::bytes;
use crate::pcrs::COUNT;

/// How text represents bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Hexadecimal.
    Hex,
    /// Base64url, padded or not.
    Base64Url,
    /// Base64 of either alphabet, padded or not.
    Base64,
}

impl Form {
    /// At most so many bytes.
    fn decode(self, text: &str, most: usize) -> Result<Vec<u8>, JsonProblem> {
        let (longest, problem) = match self {
            Self::Hex => (most.saturating_mul(2), JsonProblem::Hex),
            // Four characters for every three bytes that were begun.
            _ => (most.div_ceil(3).saturating_mul(4), JsonProblem::Base64),
        };
        if text.len() > longest {
            return Err(JsonProblem::TooLarge);
        }
        let bytes = match self {
            Self::Hex => bytes::hex(text),
            Self::Base64Url => bytes::base64url(text),
            Self::Base64 => bytes::base64(text),
        };
        bytes.ok_or(problem)
    }
}

/// An object that is read as this shape, member by member.
#[derive(Clone, Copy)]
pub(super) struct Fields<'o, 't> {
    object: &'o Object<'t>,
    pub(super) shape: JsonShape,
}

impl<'o, 't> Fields<'o, 't> {
    pub(super) const fn of(object: &'o Object<'t>, shape: JsonShape) -> Self {
        Self { object, shape }
    }

    /// An error about a member, at the line and column of a part of the text.
    fn error_at(self, member: &'static str, part: &str, problem: JsonProblem) -> InputError {
        let (line, column) = self.object.position(part);
        InputError::Evidence { shape: self.shape, problem, member: Some(member), line, column }
    }

    /// An error about a member, at its value.
    pub(super) fn error(self, member: &'static str, problem: JsonProblem) -> InputError {
        let part = match self.object.member(member).map(|member| &member.value) {
            Some(Value::Raw(raw)) => raw,
            Some(Value::Text(Cow::Borrowed(text))) => text,
            _ => "",
        };
        self.error_at(member, part, problem)
    }

    /// A value that is not null; `None` where it is null or missing.
    fn value(self, member: &'static str) -> Result<Option<&'o Value<'t>>, InputError> {
        match self.object.member(member) {
            Some(found) if found.is_repeated => Err(self.error(member, JsonProblem::Duplicate)),
            Some(found) if matches!(found.value, Value::Null | Value::Raw("null")) => Ok(None),
            found => Ok(found.map(|found| &found.value)),
        }
    }

    /// That a member that was looked at before stands there once.
    pub(super) fn once(self, member: &'static str) -> Result<(), InputError> {
        self.value(member).map(drop)
    }

    /// Whether a member is there, and not null.
    pub(super) fn has(self, member: &'static str) -> Result<bool, InputError> {
        self.value(member).map(|value| value.is_some())
    }

    fn needed(self, member: &'static str) -> Result<&'o Value<'t>, InputError> {
        let problem = if self.object.has(member) { JsonProblem::Type } else { JsonProblem::Missing };
        self.value(member)?.ok_or_else(|| self.error(member, problem))
    }

    /// An object; `None` where it is null or missing.
    pub(super) fn optional_object(self, member: &'static str) -> Result<Option<Self>, InputError> {
        match self.value(member)? {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(Self { object, ..self })),
            Some(_) => Err(self.error(member, JsonProblem::Type)),
        }
    }

    pub(super) fn object(self, member: &'static str) -> Result<Self, InputError> {
        self.needed(member)?;
        self.optional_object(member)?.ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    /// A value as it stands; `None` where it is null or missing.
    pub(super) fn optional_raw(self, member: &'static str) -> Result<Option<&'t str>, InputError> {
        match self.value(member)? {
            None => Ok(None),
            Some(Value::Raw(raw)) => Ok(Some(raw)),
            Some(_) => Err(self.error(member, JsonProblem::Type)),
        }
    }

    pub(super) fn raw(self, member: &'static str) -> Result<&'t str, InputError> {
        self.needed(member)?;
        self.optional_raw(member)?.ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    fn optional_text(self, member: &'static str) -> Result<Option<Cow<'t, str>>, InputError> {
        let text = match self.value(member)? {
            None => return Ok(None),
            Some(Value::Raw(raw)) => string(raw),
            Some(Value::Text(text)) => Some(text.clone()),
            Some(_) => None,
        };
        text.map(Some).ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    pub(super) fn text(self, member: &'static str) -> Result<Cow<'t, str>, InputError> {
        self.needed(member)?;
        self.optional_text(member)?.ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    /// At most so many bytes as text; `None` where the member is null or missing.
    pub(super) fn optional_bytes(
        self,
        member: &'static str,
        form: Form,
        most: usize,
    ) -> Result<Option<Vec<u8>>, InputError> {
        let Some(text) = self.optional_text(member)? else { return Ok(None) };
        form.decode(&text, most).map(Some).map_err(|problem| self.error(member, problem))
    }

    pub(super) fn bytes(self, member: &'static str, form: Form, most: usize) -> Result<Vec<u8>, InputError> {
        self.needed(member)?;
        let bytes = self.optional_bytes(member, form, most)?;
        bytes.ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    /// Whether a member is a list.
    pub(super) fn is_list(self, member: &'static str) -> Result<bool, InputError> {
        let value = self.value(member)?;
        Ok(matches!(value, Some(Value::Raw(raw)) if raw.starts_with('[')))
    }

    /// At most so many bytes as a list of numbers.
    pub(super) fn numbers(self, member: &'static str, most: usize) -> Result<Vec<u8>, InputError> {
        numbers(self.raw(member)?, most).map_err(|problem| self.error(member, problem))
    }

    /// At most so many entries of a list as they stand; none where the member is missing.
    pub(super) fn list(self, member: &'static str, most: usize) -> Result<Vec<&'t str>, InputError> {
        let Some(raw) = self.object.has(member).then(|| self.raw(member)).transpose()? else {
            return Ok(Vec::new());
        };
        entries(raw, most).ok_or_else(|| self.error(member, JsonProblem::Type))
    }

    /// The SHA-256 values of all PCRs, each as hexadecimal.
    pub(super) fn pcrs_as_hex(self, member: &'static str) -> Result<[[u8; 32]; COUNT], InputError> {
        self.pcrs(member, |raw| {
            let text = string(raw).ok_or(JsonProblem::Type)?;
            Form::Hex.decode(&text, 32)?.try_into().map_err(|_| JsonProblem::Hex)
        })
    }

    /// The SHA-256 values of all PCRs, each as a list of numbers.
    pub(super) fn pcrs_as_numbers(self, member: &'static str) -> Result<[[u8; 32]; COUNT], InputError> {
        self.pcrs(member, |raw| numbers(raw, 32)?.try_into().map_err(|_| JsonProblem::Type))
    }

    fn pcrs(
        self,
        member: &'static str,
        decode: impl Fn(&str) -> Result<[u8; 32], JsonProblem>,
    ) -> Result<[[u8; 32]; COUNT], InputError> {
        self.needed(member)?;
        let entries = self.list(member, COUNT)?;
        let mut values = [[0; 32]; COUNT];
        if entries.len() != COUNT {
            return Err(self.error(member, JsonProblem::Type));
        }
        for (value, raw) in values.iter_mut().zip(entries) {
            *value = decode(raw).map_err(|problem| self.error_at(member, raw, problem))?;
        }
        Ok(values)
    }

    /// An object of its own in a list, or as a value that need not be one.
    pub(super) fn inner(self, member: &'static str, raw: &'t str) -> Result<Object<'t>, InputError> {
        let object = Object::parse_in(raw, self.object.text());
        object.map_err(|_| self.error_at(member, raw, JsonProblem::Type))
    }
}

/// At most so many bytes, as a list of numbers stands in JSON.
fn numbers(raw: &str, most: usize) -> Result<Vec<u8>, JsonProblem> {
    let list = raw.strip_prefix('[').and_then(|list| list.strip_suffix(']')).ok_or(JsonProblem::Type)?.trim();
    let mut bytes = Vec::new();
    if list.is_empty() {
        return Ok(bytes);
    }
    for entry in list.split(',') {
        if bytes.len() >= most {
            return Err(JsonProblem::TooLarge);
        }
        bytes.push(entry.trim().parse().map_err(|_| JsonProblem::Type)?);
    }
    Ok(bytes)
}
