//! JSON as IAM reads it, and stricter: no member twice, and a bounded depth.

use core::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::KeyPolicyError;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// As JSON writes it.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// In the order of the text, each name once.
    Object(Vec<(String, Json)>),
}

/// A policy is seven deep, and in the output of the AWS command line, eight.
const MAX_DEPTH: u8 = 16;

impl Json {
    pub(super) fn parse(text: &str) -> Result<Self, KeyPolicyError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let value = Value { depth: MAX_DEPTH }.deserialize(&mut reader);
        value.and_then(|value| reader.end().map(|()| value)).map_err(|error| KeyPolicyError::json(&error))
    }

    /// The kind, for errors.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// A value at most so many levels deep.
#[derive(Clone, Copy)]
struct Value {
    depth: u8,
}

impl Value {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        let depth =
            depth.ok_or_else(|| E::custom(format_args!("expected at most {MAX_DEPTH} levels of nesting")))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let inner = self.inner()?;
        let mut object: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            // Two parsers may each take another one of the two.
            if !names.insert(name.clone()) {
                let name = teeproof_core::Escaped(&name);
                return Err(A::Error::custom(format_args!(
                    "expected each member once, got \"{name}\" twice"
                )));
            }
            object.push((name, members.next_value_seed(inner)?));
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_member_is_there_twice() {
        let error = Json::parse("{\"a\": [1, {\"b\": 1, \"c\": 2,\n \"b\": 3}]}").unwrap_err().to_string();
        assert!(error.contains("\"b\" twice") && error.contains("line 2"), "{error}");
        let same = Json::parse(r#"{"b": 1, "\u0062": 2}"#).unwrap_err().to_string();
        assert!(same.contains("\"b\" twice"), "{same}");
        assert!(Json::parse(r#"[{"a": 1}, {"a": 1}]"#).is_ok());
    }

    #[test]
    fn depth_and_end_are_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&nested(16)).is_ok());
        for depth in [17, 127, 1_000, 100_000] {
            assert!(Json::parse(&nested(depth)).is_err(), "{depth}");
        }
        for text in ["", "{", "[1] 2", "{} {}", "nul", "{\"a\": 1,}", "\"\u{1}\""] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }
}
