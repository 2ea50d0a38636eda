//! Values as text: hex, GUIDs, absent values.

use core::fmt;

/// Bytes as lower-case hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The byte of two hexadecimal digits of either case; `None` for other characters.
#[must_use]
pub fn from_hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4) | digit(low)?)
}

/// The 16 bytes of a GUID, in the order of its digits: 8, 4, 4, 4 and 12 hexadecimal digits of either case with
/// dashes between them. `None` for any other text.
#[must_use]
pub fn guid_bytes(text: &str) -> Option<[u8; 16]> {
    if !text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for byte in &mut bytes {
        *byte = from_hex([digits.next()?, digits.next()?])?;
    }
    Some(bytes)
}

/// A value, or `absent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: fmt::Display> fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("absent"),
        }
    }
}
