//! One identifier: what replaces it, and every spelling in which it is searched.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::{Crypto, Hex};

use super::Identifier;
use crate::bytes;

/// One identifier of the machine that the evidence is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) what: Identifier,
    value: Value,
}

/// How an identifier stands where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Bytes(Vec<u8>),
    /// The magnitude of a DER INTEGER, which stays one of the same length.
    Serial(Vec<u8>),
    /// A GUID: its bytes in the order of its digits.
    Guid(Vec<u8>),
    /// ASCII, in any case: digits, or the name of a host.
    Text(String),
}

/// What stands in a part, and what is to stand there.
pub(super) struct Form {
    pub(super) what: Identifier,
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
}

/// The longest identifier in bytes or characters; longer ones are not read.
pub(super) const MAX_ID: usize = 128;
/// Fewer bytes stand in a bundle of 6 MiB by chance: 4 bytes in one of 700, 6 in one of 45 million.
const MIN_BYTES: usize = 6;
/// Text of fewer characters can be any word.
const MIN_TEXT: usize = 8;
/// Padding and patterns are of one byte and fewer others than this.
const OTHERS: usize = 2;

impl Identity {
    /// Bytes that identify; nothing where they are masked or absent.
    pub(super) fn bytes(what: Identifier, id: &[u8]) -> Option<Self> {
        Self::unless_blank(what, id, Value::Bytes(id.to_vec()))
    }

    /// The contents of a DER INTEGER without the zero byte that only keeps it positive.
    pub(super) fn serial(magnitude: &[u8]) -> Option<Self> {
        Self::unless_blank(Identifier::SerialNumber, magnitude, Value::Serial(magnitude.to_vec()))
    }

    /// A GUID's bytes in the order of its digits.
    pub(super) fn guid(what: Identifier, id: &[u8; 16]) -> Option<Self> {
        Self::unless_blank(what, id, Value::Guid(id.to_vec()))
    }

    /// Text; nothing where it has no letter and no digit but zero.
    pub(super) fn text(what: Identifier, text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return Self::bytes(what, text.as_bytes());
        }
        let names = text.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0');
        names.then(|| Self { what, value: Value::Text(text.to_string()) })
    }

    fn unless_blank(what: Identifier, id: &[u8], value: Value) -> Option<Self> {
        let is_blank = id.iter().all(|byte| *byte == 0) || id.iter().all(|byte| *byte == 0xff);
        (!is_blank).then_some(Self { what, value })
    }

    pub(super) const fn len(&self) -> usize {
        match &self.value {
            Value::Bytes(bytes) | Value::Serial(bytes) | Value::Guid(bytes) => bytes.len(),
            Value::Text(text) => text.len(),
        }
    }

    /// Whether it is searched in every part. What is short or of few different bytes stands in many
    /// places that have nothing to do with it: it is replaced where its structure has it alone.
    pub(super) fn is_searched(&self) -> bool {
        let (bytes, shortest) = match &self.value {
            Value::Bytes(bytes) | Value::Serial(bytes) | Value::Guid(bytes) => (bytes.as_slice(), MIN_BYTES),
            Value::Text(text) => (text.as_bytes(), MIN_TEXT),
        };
        let mut different = [false; 256];
        for byte in bytes {
            different.get_mut(usize::from(*byte)).into_iter().for_each(|seen| *seen = true);
        }
        bytes.len() >= shortest && different.iter().filter(|seen| **seen).nth(OTHERS).is_some()
    }

    /// The same identifier replaced: blocks of SHA-256 over the salt, the identifier's name, the
    /// identifier and the block's number, in the identifier's shape.
    pub(super) fn replaced(&self, salt: &[u8], crypto: &Crypto) -> Self {
        let value = match &self.value {
            Value::Bytes(bytes) | Value::Serial(bytes) | Value::Guid(bytes) => bytes.clone(),
            Value::Text(text) => text.to_ascii_lowercase().into_bytes(),
        };
        let block =
            |number: u8| crypto.sha256.digest(&[salt, self.what.as_str().as_bytes(), &value, &[number]]);
        let from = |first: u8| {
            let hash: Vec<u8> = (first..=u8::MAX).flat_map(block).take(value.len()).collect();
            self.shaped(&hash)
        };
        // A hash of one letter is that letter sometimes.
        (0..ATTEMPTS).map(from).find(|other| !self.is(other)).unwrap_or_else(|| from(ATTEMPTS))
    }

    /// This hash in the identifier's shape.
    fn shaped(&self, hash: &[u8]) -> Self {
        let value = match &self.value {
            Value::Bytes(_) => Value::Bytes(hash.to_vec()),
            Value::Guid(_) => Value::Guid(hash.to_vec()),
            Value::Serial(bytes) => {
                let mut hash = hash.to_vec();
                for (new, old) in hash.iter_mut().zip(bytes).take(1) {
                    // Neither zero nor of another sign: the length of the INTEGER stays.
                    *new = *new & 0x3f | 0x40 | old & 0x80;
                }
                Value::Serial(hash)
            }
            Value::Text(text) if is_hex(text) => {
                Value::Text(Hex(hash).to_string().chars().take(text.len()).collect())
            }
            Value::Text(text) => Value::Text(letters(text, hash)),
        };
        Self { what: self.what, value }
    }

    /// Whether both are the same identifier; text in any case.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Text(one), Value::Text(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        }
    }

    /// Every spelling that is searched, with the same spelling of `new`.
    pub(super) fn forms(&self, new: &Self) -> Vec<Form> {
        let what = self.what;
        // Letters can become hexadecimal digits by chance, and are none for that.
        let is_binary = matches!(&self.value, Value::Text(text) if is_hex(text));
        let pairs = self.spellings(is_binary).into_iter().zip(new.spellings(is_binary));
        let mut forms: Vec<Form> = pairs.map(|(from, to)| Form { what, from, to }).collect();
        if let (Value::Text(old), Value::Text(new)) = (&self.value, &new.value) {
            let as_is = in_case_of(old, new);
            forms.push(Form { what, from: wide(old), to: wide(&as_is) });
            forms.push(Form { what, from: old.as_bytes().to_vec(), to: as_is.into_bytes() });
        }
        forms.retain(|form| form.from.len() == form.to.len());
        forms
    }

    /// The spellings that do not depend on how it stood where it was found.
    fn spellings(&self, is_binary: bool) -> Vec<Vec<u8>> {
        let mut spellings = Vec::new();
        let mut texts = Vec::new();
        match &self.value {
            Value::Bytes(bytes) | Value::Serial(bytes) => {
                spellings.push(bytes.clone());
                texts.push(Hex(bytes).to_string());
            }
            Value::Guid(bytes) => {
                spellings.extend([bytes.clone(), mixed_endian(bytes)]);
                texts.extend([dashed(bytes), Hex(bytes).to_string()]);
            }
            Value::Text(text) => {
                let even = if text.len().is_multiple_of(2) { text.clone() } else { format!("0{text}") };
                let binary = bytes::hex(&even).filter(|bytes| is_binary && bytes.len() >= MIN_BYTES);
                spellings.extend(binary);
                texts.push(text.clone());
            }
        }
        for text in texts {
            for text in [text.to_ascii_lowercase(), text.to_ascii_uppercase()] {
                spellings.push(wide(&text));
                spellings.push(text.into_bytes());
            }
        }
        spellings
    }

    /// What replaces the spelling that stands in a place of its own structure.
    pub(super) fn spelled_as(&self, new: &Self, place: &[u8]) -> Option<Vec<u8>> {
        if let (Value::Guid(old), Value::Guid(new)) = (&self.value, &new.value) {
            let digits: String = core::str::from_utf8(place).ok()?.chars().filter(|c| *c != '-').collect();
            if bytes::hex(&digits)? == *old {
                return Some(in_case_of(core::str::from_utf8(place).ok()?, &dashed(new)).into_bytes());
            }
        }
        self.forms(new).into_iter().find(|form| form.from == place).map(|form| form.to)
    }
}

/// UTF-16 in either byte order: the zero byte before the first character, or behind the last, is left
/// out.
fn wide(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.pop();
    bytes
}

fn dashed(bytes: &[u8]) -> String {
    let dash = |at: usize| if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
    (0..=usize::MAX).zip(bytes).map(|(at, byte)| format!("{}{byte:02x}", dash(at))).collect()
}

/// A GUID as Microsoft's structures hold it: its first three fields little-endian.
fn mixed_endian(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for field in [0..4, 4..6, 6..8] {
        bytes.get_mut(field).into_iter().for_each(<[u8]>::reverse);
    }
    bytes
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A letter for each letter and a digit for each digit; what stands between them stays.
fn letters(text: &str, hash: &[u8]) -> String {
    let one = |(old, hash): (char, &u8)| {
        let among =
            |first: u8, count: u8| char::from(first.saturating_add(hash.checked_rem(count).unwrap_or(0)));
        match old {
            '0'..='9' => among(b'0', 10),
            'a'..='z' | 'A'..='Z' => among(b'a', 26),
            other => other,
        }
    };
    text.chars().zip(hash).map(one).collect()
}

/// The new text in upper case where the old is: letter by letter, and digits as the letters beside
/// them.
fn in_case_of(old: &str, new: &str) -> String {
    let has_lower = old.bytes().any(|byte| byte.is_ascii_lowercase());
    let has_upper = old.bytes().any(|byte| byte.is_ascii_uppercase());
    let one = |(old, new): (char, char)| {
        let is_upper = old.is_ascii_uppercase() || has_upper && !has_lower;
        if is_upper { new.to_ascii_uppercase() } else { new.to_ascii_lowercase() }
    };
    old.chars().zip(new.chars()).map(one).collect()
}

/// So many hashes are tried until one differs from the identifier.
const ATTEMPTS: u8 = 16;
