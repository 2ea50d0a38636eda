//! One identifier: what replaces it, and every spelling in which it is searched.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use teeproof_core::{Crypto, Hex};

use super::Identifier;
use super::text::encodings;
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
    /// Text in any case: digits, or the name of a host.
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
        let names = |one: char| one.is_alphanumeric() && one != '0';
        let names = pieces(text).any(|piece| !is_shared(piece) && piece.chars().any(names));
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
    /// identifier and the block's number, in the identifier's shape. The pieces of a text are replaced
    /// each on its own, so that a host is the same in its own name, its account and its address.
    pub(super) fn replaced(&self, salt: &[u8], crypto: &Crypto) -> Self {
        let hash = |value: &[u8], first: u8| -> Vec<u8> {
            let name = self.what.as_str().as_bytes();
            let block = |number: u8| crypto.sha256.digest(&[salt, name, value, &[number]]);
            (first..=u8::MAX).flat_map(block).take(value.len()).collect()
        };
        // A hash of one letter is that letter sometimes.
        let value = match &self.value {
            Value::Bytes(bytes) => Value::Bytes(other(bytes, |first| hash(bytes, first))),
            Value::Guid(bytes) => Value::Guid(other(bytes, |first| hash(bytes, first))),
            Value::Serial(bytes) => Value::Serial(other(bytes, |first| positive(bytes, hash(bytes, first)))),
            Value::Text(text) => {
                let new = |piece: &str| {
                    let lower = lower(piece);
                    if is_shared(piece) {
                        return lower;
                    }
                    other(&lower, |first| piece_of(&lower, &hash(lower.as_bytes(), first)))
                };
                Value::Text(pieces(text).map(new).collect())
            }
        };
        Self { what: self.what, value }
    }

    /// Whether both are the same identifier; text in any case.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.value, &other.value) {
            (Value::Text(one), Value::Text(other)) => lower(one) == lower(other),
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
            let pairs = as_written(old).into_iter().zip(as_written(&as_is));
            forms.extend(pairs.map(|(from, to)| Form { what, from, to }));
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
                if is_binary {
                    spellings.extend(packed(text).into_iter().filter(|bytes| bytes.len() >= MIN_BYTES));
                }
                texts.push(text.clone());
            }
        }
        for text in texts {
            for text in [lower(&text), upper(&text)] {
                spellings.extend(as_written(&text));
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
        if let (Value::Text(old), Value::Text(new)) = (&self.value, &new.value) {
            let mut pairs = encodings(old).into_iter().zip(encodings(&in_case_of(old, new)));
            return pairs.find(|(from, _)| from.as_deref() == Some(place))?.1;
        }
        self.forms(new).into_iter().find(|form| form.from == place).map(|form| form.to)
    }
}

/// The first of several hashes that is not what it replaces.
fn other<T: PartialEq<V>, V: ?Sized>(old: &V, new: impl Fn(u8) -> T) -> T {
    (0..ATTEMPTS).map(&new).find(|new| *new != *old).unwrap_or_else(|| new(ATTEMPTS))
}

/// A hash in the place of the magnitude of an INTEGER: neither zero nor of another sign, so that its
/// length stays.
fn positive(old: &[u8], mut hash: Vec<u8>) -> Vec<u8> {
    for (new, old) in hash.iter_mut().zip(old).take(1) {
        *new = *new & 0x3f | 0x40 | old & 0x80;
    }
    hash
}

/// What names something in a text, and what stands between names: a dot, a sign of an account.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(SEPARATORS).flat_map(|piece| {
        let name = piece.strip_suffix(SEPARATORS).unwrap_or(piece);
        [name, piece.get(name.len()..).unwrap_or_default()]
    })
}

/// Whether one word of a name is the same everywhere: nothing, a separator, and the domain of Windows
/// machines that are in none.
pub(super) fn is_shared(piece: &str) -> bool {
    piece.is_empty()
        || piece.chars().all(|one| SEPARATORS.contains(&one))
        || piece.eq_ignore_ascii_case("WORKGROUP")
}

/// A hash in the shape of a word.
fn piece_of(text: &str, hash: &[u8]) -> String {
    if is_hex(text) { Hex(hash).to_string().chars().take(text.len()).collect() } else { letters(text, hash) }
}

/// A text as its bytes and as UTF-16: in ASCII without the zero byte before the first character, or
/// behind the last, which makes both byte orders one.
fn as_written(text: &str) -> Vec<Vec<u8>> {
    let mut little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    if text.is_ascii() {
        little.pop();
        return vec![little, text.as_bytes().to_vec()];
    }
    let big = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    vec![little, big, text.as_bytes().to_vec()]
}

/// Digits as bytes. Where there is an odd number of them: with a zero before them, and all but the last
/// or the first, which are found where digits are grouped.
fn packed(digits: &str) -> Vec<Vec<u8>> {
    if digits.len().is_multiple_of(2) {
        return bytes::hex(digits).into_iter().collect();
    }
    let without_last = digits.get(..digits.len().saturating_sub(1)).unwrap_or_default();
    let without_first = digits.get(1..).unwrap_or_default();
    [&format!("0{digits}"), without_last, without_first].into_iter().filter_map(bytes::hex).collect()
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

/// A letter for each letter and a digit for each digit; what stands between them stays. Other characters
/// become ones that are as long in UTF-8 and in UTF-16, and are in ISO 8859-1 where they were.
fn letters(text: &str, hash: &[u8]) -> String {
    let one = |(old, hash): (char, &u8)| {
        let among = |first: char, count: u8| {
            let more = u32::from(hash.checked_rem(count).unwrap_or(0));
            char::from_u32(u32::from(first).saturating_add(more)).unwrap_or(first)
        };
        match old {
            '0'..='9' => among('0', 10),
            'a'..='z' | 'A'..='Z' => among('a', 26),
            '\0'..='\x7f' => old,
            '\u{80}'..='\u{ff}' => among('à', 23),
            '\u{100}'..='\u{7ff}' => among('а', 32),
            '\u{800}'..='\u{ffff}' => among('一', 255),
            _ => among('\u{20000}', 255),
        }
    };
    text.chars().zip(hash).map(one).collect()
}

/// Lower case, character by character, where that is as long.
fn lower(text: &str) -> String {
    text.chars().map(|one| in_case(one, one.to_lowercase())).collect()
}

fn upper(text: &str) -> String {
    text.chars().map(|one| in_case(one, one.to_uppercase())).collect()
}

fn in_case(old: char, mut new: impl Iterator<Item = char>) -> char {
    match (new.next(), new.next()) {
        (Some(new), None) if new.len_utf8() == old.len_utf8() => new,
        _ => old,
    }
}

/// The new text in upper case where the old is: letter by letter, and digits as the letters next
/// to them.
fn in_case_of(old: &str, new: &str) -> String {
    let has_lower = old.chars().any(char::is_lowercase);
    let has_upper = old.chars().any(char::is_uppercase);
    let one = |(old, new): (char, char)| {
        let is_upper = old.is_uppercase() || has_upper && !has_lower && !old.is_lowercase();
        if is_upper { in_case(new, new.to_uppercase()) } else { in_case(new, new.to_lowercase()) }
    };
    old.chars().zip(new.chars()).map(one).collect()
}

/// What stands between the pieces of a host's address or of an account.
const SEPARATORS: [char; 4] = ['.', '\\', '@', '$'];
/// At most this many hashes are made until one differs from the identifier.
const ATTEMPTS: u8 = 16;
