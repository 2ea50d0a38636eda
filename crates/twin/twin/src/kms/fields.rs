//! Members of a request's JSON, and of an answer's.

use std::collections::BTreeMap;

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};

use super::error::Refused;

/// The members of a request.
#[derive(Clone, Debug)]
pub(super) struct Fields(Map<String, Value>);

/// The encryption context: pairs that are authenticated with a ciphertext, in the order of their keys.
pub(super) type EncryptionContext = BTreeMap<String, String>;

impl Fields {
    /// Reads a body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refused> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(Refused::bare("SerializationException")),
        }
    }

    /// A text that may be missing.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refused::bare("SerializationException")),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&str, Refused> {
        self.text(name)?.ok_or_else(|| missing(name))
    }

    /// Bytes in base64 of at least one and at most so many bytes.
    pub(super) fn bytes(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Refused> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let bytes = Base64::decode_vec(text).map_err(|_| Refused::bare("SerializationException"))?;
        if (1..=most).contains(&bytes.len()) {
            return Ok(Some(bytes));
        }
        let message = format!("{name}: expected 1 to {most} bytes, got {}", bytes.len());
        Err(Refused::validation(message))
    }

    pub(super) fn required_bytes(&self, name: &str, most: usize) -> Result<Vec<u8>, Refused> {
        self.bytes(name, most)?.ok_or_else(|| missing(name))
    }

    /// A number from 1 to 1024.
    pub(super) fn count(&self, name: &str) -> Result<Option<usize>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => {
                let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
                let number = number.filter(|number| (1..=1024).contains(number));
                let range = || Refused::validation(format!("{name}: expected a number from 1 to 1024"));
                number.map(Some).ok_or_else(range)
            }
            Some(_) => Err(Refused::bare("SerializationException")),
        }
    }

    pub(super) fn is_true(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The members of an object that may be missing.
    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, Refused> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self(members.clone()))),
            Some(_) => Err(Refused::bare("SerializationException")),
        }
    }

    pub(super) fn encryption_context(&self) -> Result<EncryptionContext, Refused> {
        let Some(Self(pairs)) = self.object("EncryptionContext")? else { return Ok(BTreeMap::new()) };
        let pair = |(key, value): (String, Value)| match value {
            Value::String(value) => Ok((key, value)),
            _ => Err(Refused::bare("SerializationException")),
        };
        pairs.into_iter().map(pair).collect()
    }
}

fn missing(name: &str) -> Refused {
    Refused::validation(format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must not be null"
    ))
}

/// Bytes as an answer has them.
pub(super) fn base64(bytes: &[u8]) -> Value {
    Base64::encode_string(bytes).into()
}
