//! Hexadecimal and base64 as people and other programs write them, in files, policies and arguments.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use teeproof_core::from_hex;

/// Bytes from hexadecimal digits of either case, two for each byte and nothing between them; `None` for other text.
#[must_use]
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for pair in pairs {
        bytes.push(from_hex(*pair)?);
    }
    Some(bytes)
}

/// Bytes from base64 in the standard or the URL-safe alphabet, padded or not (RFC 4648, sections 4 and 5); `None`
/// for other text, both alphabets in one text, or bits that are set after the last byte.
///
/// How long it takes depends on the text: it is for public values.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let is_url = text.bytes().any(|byte| matches!(byte, b'-' | b'_'));
    decode(text, if is_url { URL } else { STANDARD })
}

/// The same in the URL-safe alphabet alone.
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    decode(text, URL)
}

/// Bytes as base64url without padding, the form in which this project writes them.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The last two characters of an alphabet; letters and digits come before them in both.
type Last = [u8; 2];

const STANDARD: Last = *b"+/";
const URL: Last = *b"-_";
/// No character of the alphabet: above every value of six bits.
const NONE: u8 = 0xff;

const fn value(character: u8, [plus, slash]: Last) -> u8 {
    match character {
        b'A'..=b'Z' => character.wrapping_sub(b'A'),
        b'a'..=b'z' => character.wrapping_sub(b'a' - 26),
        b'0'..=b'9' => character.wrapping_add(52 - b'0'),
        _ if character == plus => 62,
        _ if character == slash => 63,
        _ => NONE,
    }
}

fn decode(text: &str, last: Last) -> Option<Vec<u8>> {
    let digits = match text.as_bytes() {
        [digits @ .., b'=', b'='] | [digits @ .., b'='] if text.len().is_multiple_of(4) => digits,
        digits => digits,
    };
    let value = |digit| value(digit, last);
    let (quads, rest) = digits.as_chunks::<4>();
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(4).saturating_mul(3));
    for [a, b, c, d] in quads {
        bytes.extend_from_slice(&three([value(*a), value(*b), value(*c), value(*d)])?);
    }
    // One character is no byte; the bits of the last one that belong to no byte are zero.
    match *rest {
        [] => {}
        [a, b] => match three([value(a), value(b), 0, 0])? {
            [first, 0, 0] => bytes.push(first),
            _ => return None,
        },
        [a, b, c] => match three([value(a), value(b), value(c), 0])? {
            [first, second, 0] => bytes.extend_from_slice(&[first, second]),
            _ => return None,
        },
        _ => return None,
    }
    Some(bytes)
}

/// Three bytes from four values of six bits.
const fn three(values: [u8; 4]) -> Option<[u8; 3]> {
    let [a, b, c, d] = values;
    if (a | b | c | d) > 63 {
        return None;
    }
    Some([a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use base64ct::{Base64, Base64Unpadded, Base64Url};
    use proptest::prelude::*;

    /// The same by base64ct, which decodes secrets and is slower by a factor of twenty.
    fn by_base64ct(text: &str) -> Option<Vec<u8>> {
        let standard = Base64::decode_vec(text).or_else(|_| Base64Unpadded::decode_vec(text));
        let url = || Base64Url::decode_vec(text).or_else(|_| Base64UrlUnpadded::decode_vec(text));
        standard.or_else(|_| url()).ok()
    }

    proptest! {
        #[test]
        fn base64_is_read_back(bytes: Vec<u8>) {
            for text in [
                Base64::encode_string(&bytes),
                Base64Unpadded::encode_string(&bytes),
                Base64Url::encode_string(&bytes),
                Base64UrlUnpadded::encode_string(&bytes),
            ] {
                prop_assert_eq!(base64(&text), Some(bytes.clone()));
            }
            prop_assert_eq!(base64url(&to_base64url(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_as_base64ct_reads_it(text in "[AQZagz09+/_=\\- é-]{0,9}") {
            prop_assert_eq!(base64(&text), by_base64ct(&text));
            let url = Base64Url::decode_vec(&text).or_else(|_| Base64UrlUnpadded::decode_vec(&text));
            prop_assert_eq!(base64url(&text), url.ok());
        }

        #[test]
        fn hex_is_read_back(bytes: Vec<u8>) {
            let text = teeproof_core::Hex(&bytes).to_string();
            prop_assert_eq!(hex(&text), Some(bytes.clone()));
            prop_assert_eq!(hex(&text.to_uppercase()), Some(bytes));
        }
    }
}
