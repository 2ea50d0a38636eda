//! A bundle as JSON: the same records, their values in base64url without padding.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::record::Entry;
use super::{BundleError, COLLECTION_TYPE, MAX_BYTES, MAX_ENTRIES, TYPE_LABEL};
use crate::bytes::to_base64url;

/// Four characters for three bytes, and room for white space.
const MAX_TEXT: usize = MAX_BYTES / 2 * 3;

/// The records, in whatever order they stand.
pub(super) fn read(text: &str) -> Result<Vec<Entry<'static>>, BundleError> {
    if text.len() > MAX_TEXT {
        return Err(BundleError::TooLarge { limit: MAX_TEXT });
    }
    let members: Members = serde_json::from_str(text)
        .map_err(|error| BundleError::Json { line: error.line(), column: error.column() })?;
    match members.collection_type.as_deref() {
        Some(COLLECTION_TYPE) => Ok(members.entries),
        _ => Err(BundleError::OtherCollection),
    }
}

#[derive(Default)]
struct Members {
    collection_type: Option<String>,
    entries: Vec<Entry<'static>>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a collection of records")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(label) = map.next_key::<String>()? {
                    if members.entries.len() >= MAX_ENTRIES {
                        return Err(A::Error::custom("too many records"));
                    }
                    if label == TYPE_LABEL {
                        if members.collection_type.replace(map.next_value()?).is_some() {
                            return Err(A::Error::custom("two collection types"));
                        }
                        continue;
                    }
                    let Record { media_type, value, indicator } = map.next_value()?;
                    members.entries.push(Entry {
                        label: Cow::Owned(label),
                        media_type: Cow::Owned(media_type),
                        value: Cow::Owned(value),
                        indicator,
                        offset: None,
                    });
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// `[media type, value, role]`, or without a role.
struct Record {
    media_type: String,
    value: Vec<u8>,
    indicator: Option<u64>,
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[type, value, ind]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Record, A::Error> {
                let missing = |at| A::Error::invalid_length(at, &self);
                let media_type = entries.next_element()?.ok_or_else(|| missing(0))?;
                let value: String = entries.next_element()?.ok_or_else(|| missing(1))?;
                let value = Base64UrlUnpadded::decode_vec(&value)
                    .map_err(|_| A::Error::custom("no base64url without padding"))?;
                let indicator = entries.next_element()?;
                // More than three entries are left for the reader to stumble over.
                Ok(Record { media_type, value, indicator })
            }
        }

        deserializer.deserialize_seq(Array)
    }
}

/// Writes the records, one a line.
pub(super) fn write(entries: &[Entry<'_>]) -> String {
    // Labels, types and base64url need no escape in JSON, but for the quotes of one media type.
    let mut out = String::from("{\n");
    let mut line = |text: &str| out.push_str(text);
    line("  \"");
    line(TYPE_LABEL);
    line("\": \"");
    line(COLLECTION_TYPE);
    line("\"");
    for entry in entries {
        line(",\n  \"");
        line(&entry.label);
        line("\": [\"");
        line(&entry.media_type.replace('"', "\\\""));
        line("\", \"");
        line(&to_base64url(&entry.value));
        line("\"");
        entry.indicator.iter().for_each(|indicator| line(&alloc::format!(", {indicator}")));
        line("]");
    }
    line("\n}\n");
    out
}
