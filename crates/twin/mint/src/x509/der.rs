//! DER encoding: small functions that each return the bytes of one element.
//!
//! They are public because values of extensions are made with them.

/// An element with any tag.
#[must_use]
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let len = contents.len().to_be_bytes();
    let significant: Vec<u8> = len.into_iter().skip_while(|&byte| byte == 0).collect();
    let mut out = vec![tag];
    match significant.as_slice() {
        [] => out.push(0),
        [short @ 0..=0x7f] => out.push(*short),
        long => {
            // At most eight bytes of length, whatever the machine.
            out.push(0x80 | u8::try_from(long.len()).unwrap_or(u8::MAX));
            out.extend(long);
        }
    }
    out.extend(contents);
    out
}

/// A SEQUENCE of elements.
#[must_use]
pub fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// A SET of one element, as in every relative distinguished name here.
#[must_use]
pub fn set_of_one(contents: &[u8]) -> Vec<u8> {
    element(0x31, contents)
}

/// An INTEGER from a number.
#[must_use]
pub fn integer(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

/// An INTEGER from the big-endian bytes of a number that is not negative: leading zero bytes are
/// dropped, and one is put before a set top bit.
#[must_use]
pub fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    element(0x02, &unsigned_contents(big_endian))
}

/// The contents of such an INTEGER, as serial numbers are given.
#[must_use]
pub fn unsigned_contents(big_endian: &[u8]) -> Vec<u8> {
    let significant: Vec<u8> = big_endian.iter().copied().skip_while(|&byte| byte == 0).collect();
    match significant.first() {
        None => vec![0],
        Some(0..=0x7f) => significant,
        Some(_) => [&[0], significant.as_slice()].concat(),
    }
}

/// A BOOLEAN.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    element(0x01, &[if value { 0xff } else { 0 }])
}

/// A NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// A BIT STRING of whole bytes, of whose last byte `unused` bits do not count.
#[must_use]
pub fn bit_string(unused: u8, bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[unused], bytes].concat())
}

/// An OCTET STRING.
#[must_use]
pub fn octet_string(bytes: &[u8]) -> Vec<u8> {
    element(0x04, bytes)
}

/// A UTF8String.
#[must_use]
pub fn utf8_string(text: &str) -> Vec<u8> {
    element(0x0c, text.as_bytes())
}

/// An IA5String.
#[must_use]
pub fn ia5_string(text: &str) -> Vec<u8> {
    element(0x16, text.as_bytes())
}

/// A constructed element with a context-specific tag from 0 to 30: `[n]`.
#[must_use]
pub fn context(number: u8, contents: &[u8]) -> Vec<u8> {
    element(0xa0 | number, contents)
}

/// A primitive element with a context-specific tag from 0 to 30: `[n] IMPLICIT`.
#[must_use]
pub fn context_primitive(number: u8, contents: &[u8]) -> Vec<u8> {
    element(0x80 | number, contents)
}

#[cfg(test)]
mod tests {
    use super::{element, integer, unsigned};

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(element(4, &[]), [4, 0]);
        assert_eq!(element(4, &[7; 127])[..2], [4, 127]);
        assert_eq!(element(4, &[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(4, &[7; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn integers_are_positive_and_shortest() {
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(0x7f), [2, 1, 0x7f]);
        assert_eq!(integer(0xdb), [2, 2, 0, 0xdb]);
        assert_eq!(unsigned(&[0, 0, 1, 0]), [2, 2, 1, 0]);
    }
}
