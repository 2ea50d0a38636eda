//! JSON values of bounded depth without duplicate members, for untrusted claims.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::error::Category;

use crate::ClaimsProblem;

/// A JSON value; objects keep the order of their members, strings without escapes borrow the input.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'de> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'de, str>),
    Array(Vec<Self>),
    Object(Vec<(Cow<'de, str>, Self)>),
}

impl<'de> Value<'de> {
    /// Parses exactly one value. The memory is proportional to the input, the depth at most 128 (the limit
    /// of serde_json).
    pub(super) fn parse(bytes: &'de [u8]) -> Result<Self, ClaimsProblem> {
        // A text is checked as UTF-8 once, and not string by string. Bytes that are none fail where they stand.
        let value = match core::str::from_utf8(bytes) {
            Ok(text) => whole(serde_json::Deserializer::from_str(text)),
            Err(_) => whole(serde_json::Deserializer::from_slice(bytes)),
        };
        value.map_err(|error| {
            let (line, column) = (error.line(), error.column());
            match error.classify() {
                // The visitor's only own error is a duplicate member.
                Category::Data => ClaimsProblem::Duplicate { line, column },
                _ => ClaimsProblem::Json { line, column },
            }
        })
    }
}

/// The one value of an input.
fn whole<'de, R: serde_json::de::Read<'de>>(
    mut reader: serde_json::Deserializer<R>,
) -> serde_json::Result<Value<'de>> {
    let value = Seed.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Visitor of a value of any type.
struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        // JSON has no infinities and no NaN.
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(value.into())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Value<'de>)> = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            if members.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom("duplicate member"));
            }
            members.push((name, map.next_value_seed(Self)?));
        }
        Ok(Value::Object(members))
    }
}

/// The name of a member.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.into())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(value)))
    }
}

/// The value as compact JSON.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::String(value) => text(value, f),
            Self::Array(values) => {
                f.write_str("[")?;
                values.iter().enumerate().try_for_each(|(at, value)| {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    value.fmt(f)
                })?;
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                members.iter().enumerate().try_for_each(|(at, (name, value))| {
                    f.write_str(if at == 0 { "" } else { "," })?;
                    text(name, f)?;
                    f.write_str(":")?;
                    value.fmt(f)
                })?;
                f.write_str("}")
            }
        }
    }
}

fn text(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    f.write_str(&quoted)
}
