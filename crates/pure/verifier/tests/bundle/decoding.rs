//! A search that shares nothing with the one of redaction: everything that a file could spell is
//! decoded by other means, twice over, and searched byte by byte.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ciborium::Value;

/// The bytes themselves and everything that can be decoded from them, and from that.
pub(crate) fn decoded(bytes: &[u8]) -> Vec<Vec<u8>> {
    let once = decoded_once(bytes);
    let twice: Vec<_> = once.iter().flat_map(|bytes| decoded_once(bytes)).collect();
    [vec![bytes.to_vec()], once, twice].concat()
}

fn decoded_once(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![every_second(bytes), every_second(bytes.get(1..).unwrap_or_default())];
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let mut written = vec![bytes.to_vec(), unescaped(bytes, b"nrt")];
    written.push(unescaped(&unescaped(bytes, b"nrtx"), b"0"));
    written.dedup();
    for bytes in &written {
        let digits = runs(bytes, |byte| byte.is_ascii_hexdigit(), b"-:_,;.% \t\r\n\0");
        all.extend(digits.flat_map(|run| from_hex(&run)));
        all.extend(runs(bytes, is_base64, b" \t\r\n\0").flat_map(|run| from_base64(&run)));
    }
    all.extend(strings(bytes));
    all
}

/// Blanks for a backslash and one of these letters, and for `0x` where these are a zero.
fn unescaped(bytes: &[u8], letters: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for at in 1..bytes.len() {
        let is_prefix = match bytes[at - 1] {
            b'\\' => letters.contains(&bytes[at]),
            b'0' => letters == b"0" && matches!(bytes[at], b'x' | b'X'),
            _ => false,
        };
        if is_prefix {
            bytes[at - 1..=at].fill(b' ');
        }
    }
    bytes
}

/// The low bytes of UTF-16.
fn every_second(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().step_by(2).copied().collect()
}

/// The longest pieces of these characters, without what may stand between them.
fn runs(bytes: &[u8], is: impl Fn(u8) -> bool, between: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let pieces: Vec<Vec<u8>> = bytes
        .split(|byte| !is(*byte) && !between.contains(byte))
        .map(|piece| piece.iter().copied().filter(|byte| is(*byte)).collect())
        .collect();
    pieces.into_iter().filter(|piece| piece.len() >= 8)
}

fn from_hex(run: &[u8]) -> Vec<Vec<u8>> {
    let digit = |byte: &u8| u8::try_from(char::from(*byte).to_digit(16).unwrap()).unwrap();
    let decode =
        |digits: &[u8]| digits.chunks_exact(2).map(|two| digit(&two[0]) * 16 + digit(&two[1])).collect();
    vec![decode(run), decode(&run[1..])]
}

fn from_base64(run: &[u8]) -> Vec<Vec<u8>> {
    let url: String = String::from_utf8(run.to_vec()).unwrap().replace('+', "-").replace('/', "_");
    let from = |start: usize| {
        let whole = (url.len() - start) / 4 * 4;
        Base64UrlUnpadded::decode_vec(&url[start..start + whole]).unwrap()
    };
    // The rest of a run that is no group of four is read with zero bits behind it.
    let last = |start: usize| {
        let padded = format!("{}AAA", &url[start..]);
        let whole = padded.len() / 4 * 4;
        Base64UrlUnpadded::decode_vec(&padded[..whole]).unwrap()
    };
    (0..4).flat_map(|start| [from(start), last(start)]).collect()
}

/// Byte and text strings in CBOR, and in CBOR inside of these.
fn strings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut values: Vec<Value> = ciborium::from_reader(bytes).into_iter().collect();
    while let Some(value) = values.pop() {
        match value {
            Value::Bytes(bytes) => {
                values.extend(ciborium::from_reader::<Value, _>(&bytes[..]));
                found.push(bytes);
            }
            Value::Text(text) => found.push(text.into_bytes()),
            Value::Array(array) => values.extend(array),
            Value::Map(map) => values.extend(map.into_iter().flat_map(|(key, value)| [key, value])),
            Value::Tag(_, value) => values.push(*value),
            _ => {}
        }
    }
    found
}

/// Whether an identifier stands in any of these: its bytes in both orders of a GUID, or its text in
/// any case.
pub(crate) fn holds(decoded: &[Vec<u8>], id: &Id) -> bool {
    let needles = id.needles();
    decoded.iter().any(|bytes| {
        let lower = bytes.to_ascii_lowercase();
        needles.iter().any(|(needle, is_text)| {
            let hay = if *is_text { &lower } else { bytes };
            stands_in(needle, hay)
        })
    })
}

/// Looked for by its first bytes: these files are decoded to many times their size.
pub(crate) fn stands_in(needle: &[u8], bytes: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return false };
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| byte == first) {
        at += next + 1;
        if bytes[at..].starts_with(rest) {
            return true;
        }
    }
    false
}

/// An identifier as its structure has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Id {
    Bytes(Vec<u8>),
    Guid(Vec<u8>),
    Text(String),
}

impl Id {
    /// What is searched, and whether it is text.
    fn needles(&self) -> Vec<(Vec<u8>, bool)> {
        match self {
            Self::Bytes(bytes) => vec![(bytes.clone(), false), (hex(bytes).into_bytes(), true)],
            Self::Guid(bytes) => vec![
                (bytes.clone(), false),
                (mixed(bytes), false),
                (hex(bytes).into_bytes(), true),
                (dashed(bytes).into_bytes(), true),
            ],
            Self::Text(text) => {
                let lower = text.to_ascii_lowercase();
                let binary = teeproof_evidence::bytes::hex(&lower).filter(|bytes| bytes.len() >= 6);
                let text = (lower.into_bytes(), true);
                binary.map(|bytes| (bytes, false)).into_iter().chain([text]).collect()
            }
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn dashed(bytes: &[u8]) -> String {
    let hex = hex(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// The order of Microsoft's structures.
pub(crate) fn mixed(bytes: &[u8]) -> Vec<u8> {
    [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(|at: usize| bytes[at]).to_vec()
}

pub(crate) fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
