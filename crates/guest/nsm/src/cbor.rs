//! Bounded CBOR messages: every head is checked before ciborium makes a value of the message.
//!
//! A message is one data item of at most [`MAX_NESTING`] containers inside each other and [`MAX_ITEMS`] items in all.
//! Maps and arrays may be of indefinite length; strings in chunks, tags, floats and simple values but false, true and
//! null are refused. No key of a map is given twice. Source: RFC 8949, section 3.

use core::fmt;
use std::io;

use ciborium::Value;
use ciborium_ll::{Decoder, Header, simple};
use teeproof_core::Escaped;
use zeroize::Zeroizing;

/// The most containers inside each other. The deepest message is `{"DescribeNSM": {"locked_pcrs": [0]}}`, with three.
const MAX_NESTING: usize = 4;
/// The most data items, keys included. A description with 32 locked PCRs has 49.
const MAX_ITEMS: usize = 256;
/// The longest text of a key or of an error's name, in bytes.
const MAX_NAME: usize = 64;

/// A message that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError {
    /// The message ends before its data item does.
    Cut {
        /// The bytes of the message.
        bytes: usize,
    },
    /// Bytes follow after the data item.
    Trailing {
        /// Their offset.
        offset: usize,
    },
    /// The data item is not in the supported subset of CBOR.
    Form {
        /// The offset of the head that is refused.
        offset: usize,
        /// What is expected there.
        expected: &'static str,
    },
    /// A value of another type or size than the message has there.
    Value {
        /// The message and its member: `DescribePCR: lock`.
        place: &'static str,
        /// What is expected there.
        expected: &'static str,
        /// What was found.
        got: String,
    },
    /// A member that is missing.
    Missing {
        /// The message and its member.
        place: &'static str,
    },
    /// A key that is given twice.
    Duplicate {
        /// The message.
        place: &'static str,
        /// The key.
        key: String,
    },
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { bytes } => write!(f, "CBOR: the item ends after the {bytes} bytes of the message"),
            Self::Trailing { offset } => write!(f, "CBOR: bytes follow after the item at offset {offset:#x}"),
            Self::Form { offset, expected } => write!(f, "CBOR: expected {expected} at offset {offset:#x}"),
            Self::Value { place, expected, got } => write!(f, "{place}: expected {expected}, got {got}"),
            Self::Missing { place } => write!(f, "{place}: missing"),
            Self::Duplicate { place, key } => write!(f, "{place}: key {} given twice", Escaped(key)),
        }
    }
}

impl core::error::Error for MessageError {}

/// Parses a message.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, MessageError> {
    check_heads(bytes)?;
    let mut rest = bytes;
    // Strings pass through it, random bytes among them.
    let mut scratch = Zeroizing::new([0; 4096]);
    let value = ciborium::from_reader_with_buffer(&mut rest, &mut *scratch);
    let value = value.map_err(|error| match error {
        ciborium::de::Error::Syntax(offset) => MessageError::Form { offset, expected: "UTF-8 text" },
        // Every head is checked: nothing else is left to refuse.
        _ => MessageError::Cut { bytes: bytes.len() },
    })?;
    Ok(value)
}

/// A container that is being read.
#[derive(Clone, Copy)]
enum Container {
    /// So many items are left.
    Definite(u64),
    /// Items are left up to a break; whether it is a map, and whether a key was read without its value.
    Indefinite { is_map: bool, is_open: bool },
}

/// Checks the head of every data item, without recursion and without an allocation.
fn check_heads(bytes: &[u8]) -> Result<(), MessageError> {
    let mut decoder = Decoder::from(bytes);
    let mut containers = [Container::Definite(1); MAX_NESTING + 1];
    let mut depth = 0_usize;
    let mut items = 0_usize;
    loop {
        // Containers that are complete.
        while let Some(Container::Definite(0)) = containers.get(depth) {
            let Some(above) = depth.checked_sub(1) else {
                let offset = decoder.offset();
                return if offset == bytes.len() { Ok(()) } else { Err(MessageError::Trailing { offset }) };
            };
            depth = above;
        }
        let offset = decoder.offset();
        let form = |expected| MessageError::Form { offset, expected };
        let header = decoder.pull().map_err(|error| match error {
            ciborium_ll::Error::Io(_) => MessageError::Cut { bytes: bytes.len() },
            ciborium_ll::Error::Syntax(_) => form("the head of a CBOR item"),
        })?;
        let Some(container) = containers.get_mut(depth) else { return Err(form(SHALLOW)) };
        match (container, header) {
            (Container::Indefinite { is_open: false, .. }, Header::Break) => {
                let Some(above) = depth.checked_sub(1) else { return Err(form("a CBOR item")) };
                depth = above;
                continue;
            }
            (_, Header::Break) => return Err(form("a CBOR item, not a break")),
            (Container::Definite(left), _) => *left = left.saturating_sub(1),
            (Container::Indefinite { is_map, is_open }, _) => *is_open = *is_map && !*is_open,
        }
        items = items.saturating_add(1);
        if items > MAX_ITEMS {
            return Err(form("at most 256 CBOR items"));
        }
        let inner = match header {
            Header::Positive(_) | Header::Negative(_) => continue,
            Header::Simple(simple::FALSE | simple::TRUE | simple::NULL) => continue,
            Header::Bytes(Some(length)) | Header::Text(Some(length)) => {
                let left = bytes.len().saturating_sub(decoder.offset());
                if length > left {
                    return Err(MessageError::Cut { bytes: bytes.len() });
                }
                step_over(&mut decoder, length).map_err(|_| MessageError::Cut { bytes: bytes.len() })?;
                continue;
            }
            Header::Bytes(None) | Header::Text(None) => return Err(form("a string of definite length")),
            Header::Array(Some(count)) => Container::Definite(wide(count)),
            Header::Map(Some(count)) => Container::Definite(wide(count).saturating_mul(2)),
            Header::Array(None) => Container::Indefinite { is_map: false, is_open: false },
            Header::Map(None) => Container::Indefinite { is_map: true, is_open: false },
            Header::Tag(_) | Header::Float(_) | Header::Simple(_) => {
                return Err(form("no CBOR tag, float or simple value but false, true and null"));
            }
            Header::Break => return Err(form("a CBOR item, not a break")),
        };
        depth = depth.saturating_add(1);
        *containers.get_mut(depth).ok_or_else(|| form(SHALLOW))? = inner;
    }
}

const SHALLOW: &str = "at most 4 CBOR containers inside each other";

/// Steps over the content of a string, whose head was read last.
fn step_over(decoder: &mut Decoder<&[u8]>, length: usize) -> Result<(), ciborium_ll::Error<io::Error>> {
    let mut buffer = Zeroizing::new([0; 256]);
    let mut segments = decoder.bytes(Some(length));
    while let Some(mut segment) = segments.pull()? {
        while segment.pull(&mut *buffer)?.is_some() {}
    }
    Ok(())
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// The members of a map with text keys, each of which is taken once.
#[derive(Debug)]
pub(crate) struct Members {
    /// The message, in errors.
    place: &'static str,
    members: Vec<(String, Value)>,
}

impl Members {
    /// The members of a map.
    pub(crate) fn of(value: Value, place: &'static str) -> Result<Self, MessageError> {
        let map = match value {
            Value::Map(map) => map,
            other => return Err(unexpected(place, "a map", &other)),
        };
        let mut members: Vec<(String, Value)> = Vec::with_capacity(map.len());
        for (key, value) in map {
            let key = name(key, place)?;
            if members.iter().any(|(other, _)| *other == key) {
                return Err(MessageError::Duplicate { place, key });
            }
            members.push((key, value));
        }
        Ok(Self { place, members })
    }

    /// Takes a member; `place` is its name in errors.
    pub(crate) fn take(&mut self, key: &str, place: &'static str) -> Result<Value, MessageError> {
        let at = self.members.iter().position(|(name, _)| name == key);
        at.map(|at| self.members.swap_remove(at).1).ok_or(MessageError::Missing { place })
    }

    /// The only member of a map that has one.
    pub(crate) fn only(mut self, expected: &'static str) -> Result<(String, Value), MessageError> {
        match (self.members.pop(), self.members.len()) {
            (Some(member), 0) => Ok(member),
            (None, _) => Err(MessageError::Value { place: self.place, expected, got: "an empty map".into() }),
            (Some(_), more) => {
                let got = format!("a map of {} entries", more.saturating_add(1));
                Err(MessageError::Value { place: self.place, expected, got })
            }
        }
    }

    /// Refuses members that were not taken.
    pub(crate) fn end(self, expected: &'static str) -> Result<(), MessageError> {
        match self.members.first() {
            None => Ok(()),
            Some((key, _)) => {
                let got = format!("key {}", Escaped(key));
                Err(MessageError::Value { place: self.place, expected, got })
            }
        }
    }
}

/// A short text: a key, or the name of an error.
pub(crate) fn name(value: Value, place: &'static str) -> Result<String, MessageError> {
    match value {
        Value::Text(text) if text.len() <= MAX_NAME => Ok(text),
        other => Err(unexpected(place, "text of at most 64 bytes", &other)),
    }
}

/// A text of at most `limit` bytes.
pub(crate) fn text(
    value: Value,
    limit: usize,
    place: &'static str,
    expected: &'static str,
) -> Result<String, MessageError> {
    match value {
        Value::Text(text) if text.len() <= limit => Ok(text),
        other => Err(unexpected(place, expected, &other)),
    }
}

/// A byte string.
pub(crate) fn bytes(value: Value, place: &'static str) -> Result<Vec<u8>, MessageError> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(unexpected(place, "a byte string", &other)),
    }
}

/// A truth value.
pub(crate) fn boolean(value: &Value, place: &'static str) -> Result<bool, MessageError> {
    value.as_bool().ok_or_else(|| unexpected(place, "false or true", value))
}

/// A number of 16 bits.
pub(crate) fn number(value: &Value, place: &'static str) -> Result<u16, MessageError> {
    let number = value.as_integer().and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| unexpected(place, "a number from 0 to 65535", value))
}

/// Numbers of 16 bits.
pub(crate) fn numbers(value: &Value, place: &'static str) -> Result<Vec<u16>, MessageError> {
    let array = value.as_array().ok_or_else(|| unexpected(place, "an array of numbers", value))?;
    array.iter().map(|value| number(value, place)).collect()
}

/// The error of a value of another type.
pub(crate) fn unexpected(place: &'static str, expected: &'static str, value: &Value) -> MessageError {
    let got = match value {
        Value::Integer(number) => format!("the number {}", i128::from(*number)),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Text(text) if text.len() <= MAX_NAME => format!("the text {}", Escaped(text)),
        Value::Text(text) => format!("a text of {} bytes", text.len()),
        Value::Bool(value) => value.to_string(),
        Value::Null => "null".to_owned(),
        Value::Array(array) => format!("an array of {} entries", array.len()),
        Value::Map(map) => format!("a map of {} entries", map.len()),
        _ => "a value of another type".to_owned(),
    };
    MessageError::Value { place, expected, got }
}

/// A message as CBOR.
pub(crate) fn encode(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory does not fail.
    let _ = ciborium::into_writer(value, &mut bytes);
    bytes
}

/// A map with text keys, in this order.
pub(crate) fn map<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Map(members.into_iter().map(|(key, value)| (Value::from(key), value)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> Option<MessageError> {
        parse(bytes).err()
    }

    #[test]
    fn definite_and_indefinite_containers_are_the_same() {
        let definite = parse(b"\xa1\x61a\x82\x01\x02");
        assert_eq!(definite, parse(b"\xbf\x61a\x9f\x01\x02\xff\xff"));
        assert!(definite.is_ok());
    }

    #[test]
    fn nothing_outside_of_the_subset_is_parsed() {
        for (bytes, offset) in [
            (&b"\x7f\x61a\xff"[..], 0),       // text in chunks
            (b"\x5f\x41a\xff", 0),            // bytes in chunks
            (b"\xa1\x61a\xc0\x01", 3),        // a tag
            (b"\xf7", 0),                     // undefined
            (b"\xf9\x00\x00", 0),             // a float
            (b"\xff", 0),                     // a break alone
            (b"\xa1\x61a\xff", 3),            // a break in a definite map
            (b"\xbf\x61a\xff", 3),            // a key without a value
            (b"\x1c", 0),                     // a reserved head
            (b"\x81\x81\x81\x81\x81\x01", 4), // five arrays
            (b"\x9f\x9f\x9f\x9f\x9f\xff", 4), // the same, indefinite
        ] {
            match refused(bytes) {
                Some(MessageError::Form { offset: at, .. }) => assert_eq!(at, offset, "{bytes:02x?}"),
                other => panic!("{bytes:02x?}: {other:?}"),
            }
        }
        assert!(parse(b"\x81\x81\x81\x81\x01").is_ok());
        let many = [&b"\x99\x01\x00"[..], &[0; 256]].concat();
        assert!(
            matches!(refused(&many), Some(MessageError::Form { offset: 258, .. })),
            "{:?}",
            refused(&many)
        );
        assert!(parse(&[&b"\x98\xff"[..], &[0; 255]].concat()).is_ok());
        assert!(matches!(refused(b"\x61\xff"), Some(MessageError::Form { expected: "UTF-8 text", .. })));
    }

    #[test]
    fn a_length_beyond_the_message_is_a_cut_and_allocates_nothing() {
        for bytes in [
            &b""[..],
            b"\x42a",
            b"\x62a",
            b"\x19\x01",
            b"\x5b\x00\x00\x01\x00\x00\x00\x00\x00",
            b"\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x82\x01",
            b"\xbf",
        ] {
            assert_eq!(refused(bytes), Some(MessageError::Cut { bytes: bytes.len() }), "{bytes:02x?}");
            let heap = allocation_counter::measure(|| _ = check_heads(bytes));
            assert_eq!(heap.count_total, 0, "{bytes:02x?}");
        }
        assert_eq!(refused(b"\x01\x02"), Some(MessageError::Trailing { offset: 1 }));
    }

    #[test]
    fn members_are_taken_once() {
        let members = |bytes: &[u8]| parse(bytes).and_then(|value| Members::of(value, "test"));
        assert!(matches!(members(b"\xa2\x61a\x01\x61a\x01"), Err(MessageError::Duplicate { .. })));
        assert!(matches!(members(b"\xa1\x01\x01"), Err(MessageError::Value { .. })));
        assert!(matches!(members(b"\x01"), Err(MessageError::Value { .. })));
        let mut two = members(b"\xa2\x61a\x01\x61b\x02").unwrap();
        assert_eq!(two.take("b", "b").ok(), Some(Value::from(2)));
        assert_eq!(two.take("b", "test: b"), Err(MessageError::Missing { place: "test: b" }));
        assert!(two.end("nothing more").is_err());
    }
}
