//! JSON with preserved order and repeated members.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::{Error, Key};

/// A JSON value.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(u64),
    /// A string, escaped where it must be.
    Text(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(Object),
    /// This text in place of a value.
    Raw(String),
    /// The modulus of this key in base64url without padding.
    Modulus(Key),
}

/// A JSON object: members in order, names as often as wanted.
#[derive(Clone, Debug, Default)]
pub struct Object(pub Vec<(String, Json)>);

impl Object {
    /// The same with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.push(name, value);
        self
    }

    /// Adds a member at the end, also one that is there already.
    pub fn push(&mut self, name: &str, value: impl Into<Json>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Sets a member in its place, or adds it at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        match self.get_mut(name) {
            Some(place) => *place = value.into(),
            None => self.push(name, value),
        }
    }

    /// The first member of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The first member of this name, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.iter_mut().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// Takes all members of this name out.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(found, _)| found != name);
    }

    /// Gives members another name.
    pub fn rename(&mut self, name: &str, new: &str) {
        for (found, _) in &mut self.0 {
            if found == name {
                new.clone_into(found);
            }
        }
    }

    /// Reverses the order of the members.
    pub fn reverse(&mut self) {
        self.0.reverse();
    }

    /// The text without any space.
    ///
    /// # Errors
    /// A key could not be made, or has no modulus.
    pub fn write(&self) -> Result<String, Error> {
        let member = |(name, value): &(String, Json)| Ok([quoted(name), value.write()?].join(":"));
        let members: Result<Vec<_>, Error> = self.0.iter().map(member).collect();
        Ok(format!("{{{}}}", members?.join(",")))
    }
}

impl Json {
    /// The text without any space.
    ///
    /// # Errors
    /// A key could not be made, or has no modulus.
    pub fn write(&self) -> Result<String, Error> {
        Ok(match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::Array(items) => {
                let items: Result<Vec<_>, Error> = items.iter().map(Self::write).collect();
                format!("[{}]", items?.join(","))
            }
            Self::Object(object) => object.write()?,
            Self::Raw(text) => text.clone(),
            Self::Modulus(key) => quoted(&Base64UrlUnpadded::encode_string(&key.modulus()?)),
        })
    }

    /// An array with a number for each byte.
    #[must_use]
    pub fn numbers(bytes: &[u8]) -> Self {
        Self::Array(bytes.iter().map(|&byte| Self::Number(byte.into())).collect())
    }
}

/// A modulus equals nothing: whether two keys are the same, only their owners know.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Text(one), Self::Text(other)) | (Self::Raw(one), Self::Raw(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one.0 == other.0,
            _ => false,
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Vec<Self>> for Json {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

/// A string with what must be escaped escaped.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if u32::from(control) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
