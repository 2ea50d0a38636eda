//! The strings of certificates as text, and text as such a string again.

use alloc::string::String;
use alloc::vec::Vec;

use teeproof_wire::der::tag;
use teeproof_wire::{Error, ErrorKind};

use super::identifiers::fault;

/// A string of a certificate, decoded.
pub(super) struct Text(pub(super) String);

/// Strings of ASCII: digits, printable and visible ones.
const NUMERIC: u8 = 0x12;
const VISIBLE: u8 = 0x1a;
/// Read as ISO 8859-1, as everybody writes it.
const TELETEX: u8 = 0x14;
/// UTF-32, big-endian.
const UNIVERSAL: u8 = 0x1c;
/// UTF-16, big-endian.
const BMP: u8 = 0x1e;

impl Text {
    /// Reads the contents of a string of any of X.509's types (RFC 5280, section 4.1.2.4).
    pub(super) fn decode(tag: u8, contents: &[u8], offset: usize) -> Result<Self, Error> {
        let wrong =
            fault(ErrorKind::Value, "certificate: text", offset, "a string in the alphabet of its type");
        let text = match tag {
            tag::UTF8_STRING => core::str::from_utf8(contents).ok().map(String::from),
            tag::PRINTABLE_STRING | tag::IA5_STRING | NUMERIC | VISIBLE => {
                core::str::from_utf8(contents).ok().filter(|text| text.is_ascii()).map(String::from)
            }
            TELETEX => Some(contents.iter().map(|byte| char::from(*byte)).collect()),
            BMP => utf16(contents),
            UNIVERSAL => utf32(contents),
            _ => None,
        };
        text.map(Self).ok_or(wrong)
    }

    /// How long a text is in a string of this type.
    pub(super) fn length(tag: u8, text: &str) -> usize {
        match tag {
            TELETEX => text.chars().fold(0_usize, |sum, _| sum.saturating_add(1)),
            BMP => text.encode_utf16().fold(0_usize, |sum, _| sum.saturating_add(2)),
            UNIVERSAL => text.chars().fold(0_usize, |sum, _| sum.saturating_add(4)),
            _ => text.len(),
        }
    }
}

/// A text in every encoding of such strings, for two texts side by side.
pub(super) fn encodings(text: &str) -> [Option<Vec<u8>>; 5] {
    [
        Some(text.as_bytes().to_vec()),
        Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Some(text.chars().flat_map(|one| u32::from(one).to_be_bytes()).collect()),
        text.chars().map(|one| u8::try_from(u32::from(one)).ok()).collect(),
    ]
}

fn utf16(contents: &[u8]) -> Option<String> {
    let (units, rest) = contents.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

fn utf32(contents: &[u8]) -> Option<String> {
    let (units, rest) = contents.as_chunks::<4>();
    let text: Option<String> = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect();
    text.filter(|_| rest.is_empty())
}
