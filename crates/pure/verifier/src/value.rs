//! Values of claims and findings with their types, owned.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use teeproof_core::{Bits, Comparand, Datum, Hex, Relation};
use teeproof_wire::snp::Tcb;

/// One value of a claim or of a finding.
///
/// [`Display`](fmt::Display) writes it for people; as JSON it keeps its type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// No value; `null` in JSON.
    Absent,
    /// A boolean; `yes` or `no` for people.
    Bool(bool),
    /// A count, level or version.
    Number(u64),
    /// A number that can be negative, such as an age in seconds.
    Signed(i64),
    /// A bit field; in JSON a text such as `0x30000`, because many JSON parsers keep only 53 bits of a number.
    Flags(u64),
    /// Bits of a bit field with their expected values; in JSON an object of `care` and `value`.
    Mask(Bits),
    /// Bytes; lower-case hex in JSON.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// Numbers by name, such as the components of a TCB; in JSON an object.
    Numbers(Vec<(&'static str, Option<u64>)>),
    /// Bit fields by name; in JSON an object.
    Words(Vec<(&'static str, u64)>),
    /// Several values; in JSON an array.
    List(Vec<Self>),
}

impl ClaimValue {
    /// The actual side of a comparison.
    pub(crate) fn of(side: &dyn Comparand) -> Self {
        let mut values = Vec::new();
        let mut is_list = true;
        side.data(&mut |relation, datum| {
            is_list &= relation == Relation::OneOf;
            values.push(Self::datum(datum, side));
        });
        match (is_list, values.pop()) {
            (false, Some(last)) => last,
            (_, last) => {
                values.extend(last);
                Self::List(values)
            }
        }
    }

    fn datum(datum: Datum<'_>, side: &dyn Comparand) -> Self {
        match datum {
            Datum::Absent => Self::Absent,
            Datum::Bool(value) => Self::Bool(value),
            Datum::Number(value) => Self::Number(value),
            Datum::Signed(value) => Self::Signed(value),
            Datum::Flags(value) => Self::Flags(value),
            Datum::Mask(bits) => Self::Mask(bits),
            Datum::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
            Datum::Text(text) => Self::Text(text.to_string()),
            Datum::Levels(levels) => Self::Numbers(levels.to_vec()),
            // Of a kind that this version has no type for, the words.
            _ => Self::Text(side.to_string()),
        }
    }
}

impl From<Tcb> for ClaimValue {
    fn from(tcb: Tcb) -> Self {
        Self::Numbers(tcb.levels().to_vec())
    }
}

impl fmt::Display for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut next = || core::mem::replace(&mut separator, ", ");
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Bool(value) => f.write_str(if *value { "yes" } else { "no" }),
            Self::Number(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            Self::Flags(value) => write!(f, "{value:#x}"),
            Self::Mask(bits) => write!(f, "{:#x} in the bits {:#x}", bits.value, bits.care),
            Self::Bytes(bytes) => Hex(bytes).fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Numbers(levels) => {
                let levels = levels.iter().filter_map(|(name, level)| Some((name, (*level)?)));
                levels.into_iter().try_for_each(|(name, level)| write!(f, "{}{name} {level}", next()))
            }
            Self::Words(words) => {
                words.iter().try_for_each(|(name, word)| write!(f, "{}{name} {word:#x}", next()))
            }
            Self::List(values) => values.iter().try_for_each(|value| write!(f, "{}{value}", next())),
        }
    }
}

/// The expected side of a comparison: a relation with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// Equal to this value.
    Exactly(ClaimValue),
    /// Equal to one of these values.
    OneOf(Vec<ClaimValue>),
    /// At least this value; of a TCB, at least each component.
    AtLeast(ClaimValue),
    /// At least the value for the processor's product line (`milan`, `genoa`, `turin`).
    AtLeastByProduct(Vec<(&'static str, ClaimValue)>),
    /// At most this value.
    AtMost(ClaimValue),
    /// A bit field whose bits of the mask have these values.
    Mask(Bits),
    /// No value.
    Absent,
    /// Every PCR except these numbers.
    AllBut(Vec<ClaimValue>),
}

impl Expected {
    /// The expected side of a comparison.
    pub(crate) fn of(side: &dyn Comparand) -> Self {
        let mut expected = None;
        side.data(&mut |relation, datum| {
            let value = ClaimValue::datum(datum, side);
            expected = Some(match (relation, expected.take()) {
                (Relation::OneOf, Some(Self::OneOf(mut values))) => {
                    values.push(value);
                    Self::OneOf(values)
                }
                (Relation::AllBut, Some(Self::AllBut(mut values))) => {
                    values.push(value);
                    Self::AllBut(values)
                }
                (Relation::AtLeastFor(product), Some(Self::AtLeastByProduct(mut floors))) => {
                    floors.push((product, value));
                    Self::AtLeastByProduct(floors)
                }
                (Relation::OneOf, _) => Self::OneOf(Vec::from([value])),
                (Relation::AllBut, _) => Self::AllBut(Vec::from([value])),
                (Relation::AtLeastFor(product), _) => Self::AtLeastByProduct(Vec::from([(product, value)])),
                (Relation::AtLeast, _) => Self::AtLeast(value),
                (Relation::AtMost, _) => Self::AtMost(value),
                (Relation::Absent, _) => Self::Absent,
                (Relation::Mask, _) => match value {
                    ClaimValue::Mask(bits) => Self::Mask(bits),
                    other => Self::Exactly(other),
                },
                (_, _) => Self::Exactly(value),
            });
        });
        // Nothing was handed over: a list without an entry, which no value satisfies.
        expected.unwrap_or_else(|| Self::OneOf(Vec::new()))
    }
}

impl From<&dyn Comparand> for Expected {
    fn from(side: &dyn Comparand) -> Self {
        Self::of(side)
    }
}

#[cfg(feature = "serde")]
mod json {
    //! Values as JSON.

    use alloc::format;
    use alloc::string::ToString;

    use serde::ser::{Serialize, SerializeMap, Serializer};
    use teeproof_core::{Bits, Hex};

    use super::{ClaimValue, Expected};

    impl Serialize for ClaimValue {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Self::Absent => serializer.serialize_none(),
                Self::Bool(value) => serializer.serialize_bool(*value),
                Self::Number(value) => serializer.serialize_u64(*value),
                Self::Signed(value) => serializer.serialize_i64(*value),
                Self::Flags(value) => serializer.serialize_str(&hex(*value)),
                Self::Mask(bits) => Mask(*bits).serialize(serializer),
                Self::Bytes(bytes) => serializer.serialize_str(&Hex(bytes).to_string()),
                Self::Text(text) => serializer.serialize_str(text),
                Self::Numbers(levels) => serializer.collect_map(levels.iter().copied()),
                Self::Words(words) => {
                    serializer.collect_map(words.iter().map(|(name, word)| (name, hex(*word))))
                }
                Self::List(values) => serializer.collect_seq(values),
            }
        }
    }

    impl Serialize for Expected {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut out = serializer.serialize_map(Some(1))?;
            match self {
                Self::Exactly(value) => out.serialize_entry("exactly", value)?,
                Self::OneOf(values) => out.serialize_entry("one_of", values)?,
                Self::AtLeast(value) => out.serialize_entry("at_least", value)?,
                Self::AtLeastByProduct(floors) => {
                    out.serialize_entry("at_least_by_product", &Floors(floors))?
                }
                Self::AtMost(value) => out.serialize_entry("at_most", value)?,
                Self::Mask(bits) => out.serialize_entry("mask", &Mask(*bits))?,
                Self::Absent => out.serialize_entry("absent", &true)?,
                Self::AllBut(pcrs) => out.serialize_entry("all_pcrs_but", pcrs)?,
            }
            out.end()
        }
    }

    struct Floors<'a>(&'a [(&'static str, ClaimValue)]);

    impl Serialize for Floors<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(product, floor)| (product, floor)))
        }
    }

    struct Mask(Bits);

    impl Serialize for Mask {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map([("care", hex(self.0.care)), ("value", hex(self.0.value))])
        }
    }

    fn hex(word: u64) -> alloc::string::String {
        format!("{word:#x}")
    }
}

#[cfg(feature = "schema")]
mod schema {
    //! The schemas of values.

    use alloc::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{ClaimValue, Expected};

    impl JsonSchema for ClaimValue {
        fn schema_name() -> Cow<'static, str> {
            "Value".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "A value with its type: null where absent, true or false, a number, a text (bytes in lower-case hex, flags as 0x…), levels by name, or a list of values.",
                "anyOf": [
                    { "type": ["null", "boolean", "integer", "string"] },
                    { "type": "object", "additionalProperties": { "type": ["integer", "string", "null"] } },
                    { "type": "array", "items": { "type": ["boolean", "integer", "string"] } },
                ],
            })
        }
    }

    impl JsonSchema for Expected {
        fn schema_name() -> Cow<'static, str> {
            "Expected".into()
        }

        fn json_schema(generator: &mut SchemaGenerator) -> Schema {
            let value = generator.subschema_for::<ClaimValue>();
            json_schema!({
                "description": "What is expected, as a policy says it: an object of exactly one member.",
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
                "properties": {
                    "exactly": value,
                    "one_of": { "type": "array", "items": value },
                    "at_least": value,
                    "at_least_by_product": { "type": "object", "additionalProperties": value },
                    "at_most": value,
                    "mask": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["care", "value"],
                        "properties": { "care": { "type": "string" }, "value": { "type": "string" } },
                    },
                    "absent": { "const": true },
                    "all_pcrs_but": { "type": "array", "items": { "type": "integer" } },
                },
            })
        }
    }
}
