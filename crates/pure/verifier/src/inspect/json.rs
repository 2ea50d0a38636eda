//! Description of JSON, with unknown and repeated members: runtime claims of an HCL report, TDX collateral.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess};
use serde_json::Number;
use teeproof_wire::{DescribedField, Error, ErrorKind, FieldData, FieldValue, Visitor};

/// Describes every member, nested ones as groups; bytes that are not JSON are described as text. Returns an error if
/// a member is repeated; `what` is its place, and `offset` that of the bytes.
pub(super) fn describe(
    json: &[u8],
    what: &'static str,
    offset: usize,
    visitor: &mut dyn Visitor,
) -> Option<Error> {
    match serde_json::from_slice::<Value>(json) {
        Ok(Value::Object(members)) => {
            let mut repeated = false;
            object(&members, visitor, &mut repeated);
            repeated.then_some(Error::new(ErrorKind::Duplicate, what, offset, "each member once"))
        }
        Ok(other) => {
            visitor.field(DescribedField::new("JSON", &Scalar::of(&other)).note(&"no object"));
            None
        }
        Err(error) => {
            let text = String::from_utf8_lossy(json);
            visitor.field(DescribedField::new("text", &&*text).note(&format!("no JSON: {error}")));
            None
        }
    }
}

/// Describes the members of an object, repeated ones too.
fn object(members: &[(String, Value)], visitor: &mut dyn Visitor, repeated: &mut bool) {
    let mut seen = BTreeSet::new();
    for (name, value) in members {
        let again = !seen.insert(name.as_str());
        *repeated |= again;
        member(name, value, again, visitor, repeated);
    }
}

fn member(name: &str, value: &Value, again: bool, visitor: &mut dyn Visitor, repeated: &mut bool) {
    match value {
        Value::Object(members) => {
            visitor.open(name);
            if again {
                visitor.field(DescribedField::new("member", &AGAIN));
            }
            object(members, visitor, repeated);
            visitor.close();
        }
        Value::Array(entries) if !again && entries.iter().any(Value::has_members) && is_svns(entries) => {
            let svns: Vec<_> = entries.iter().filter_map(Value::svn).collect();
            visitor.field(DescribedField::new(name, &&*svns.join(", ")));
        }
        // Each entry under its number: what an entry calls itself is no name of a group.
        Value::Array(entries) if entries.iter().any(Value::has_members) => {
            for (at, entry) in entries.iter().enumerate() {
                member(&format!("{name}[{at}]"), entry, again, visitor, repeated);
            }
        }
        value => {
            let value = Scalar::of(value);
            let shown = DescribedField::new(name, &value);
            match note(name) {
                _ if again => visitor.field(shown.note(&AGAIN)),
                Some(note) => visitor.field(shown.note(&note)),
                None => visitor.field(shown),
            }
        }
    }
}

/// What is said of a member that its object has already.
const AGAIN: &str = "given again";

/// What a member means, where a person would ask.
fn note(name: &str) -> Option<&'static str> {
    match name {
        "n" => Some("the modulus, base64url"),
        "tcbType" => Some("0 compares component by component"),
        "tcbEvaluationDataNumber" => Some("counts Intel's TCB recoveries"),
        "secure-boot" => Some("as the host configured it, not measured"),
        "user-data" => Some("what the guest wrote before the report was made"),
        "vmUniqueId" => Some("the VM's id"),
        _ => None,
    }
}

/// Whether the entries are TCB components: objects with a security version, and with its category and type or not.
fn is_svns(entries: &[Value]) -> bool {
    entries.iter().all(|entry| entry.svn().is_some())
}

/// A JSON value that keeps every member, in order, also of names that are there already.
#[derive(Debug)]
enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Value {
    const fn has_members(&self) -> bool {
        matches!(self, Self::Object(_) | Self::Array(_))
    }

    /// A TCB component on one line: `3`, `3 (BIOS, Early Microcode Update)`. `None` for any other value.
    fn svn(&self) -> Option<String> {
        let Self::Object(members) = self else { return None };
        let member = |name| members.iter().find(|(found, _)| found == name).map(|(_, value)| value);
        let Some(Self::Number(level)) = member("svn") else { return None };
        match (members.len(), member("category"), member("type")) {
            (1, ..) => Some(level.to_string()),
            (2, Some(Self::String(text)), None) | (2, None, Some(Self::String(text))) => {
                Some(format!("{level} ({text})"))
            }
            (3, Some(Self::String(category)), Some(Self::String(kind))) => {
                Some(format!("{level} ({category}, {kind})"))
            }
            _ => None,
        }
    }

    /// A value without members as text; entries one after the other.
    fn scalar(&self) -> String {
        match self {
            Self::Null => "null".to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::String(value) => value.clone(),
            Self::Array(entries) => entries.iter().map(Self::scalar).collect::<Vec<_>>().join(", "),
            Self::Object(_) => "an object".to_string(),
        }
    }
}

/// A value without members as a field: its text, and its type.
struct Scalar<'a> {
    value: &'a Value,
    text: String,
}

impl<'a> Scalar<'a> {
    fn of(value: &'a Value) -> Self {
        Self { value, text: value.scalar() }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FieldValue for Scalar<'_> {
    fn data(&self) -> FieldData<'_> {
        match self.value {
            Value::Null => FieldData::Absent,
            Value::Bool(value) => FieldData::Bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => FieldData::Number(value),
                (None, Some(value)) => FieldData::Signed(value),
                // A fraction keeps the digits that a person reads.
                (None, None) => FieldData::Text,
            },
            Value::String(_) | Value::Array(_) | Value::Object(_) => FieldData::Text,
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> serde::de::Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Value::Object(members))
    }
}
