//! Strict base64url decoding of public values: RFC 4648, section 5, without padding, as in JSON Web Keys.
//!
//! base64ct decodes in constant time, which secrets need and public keys do not: half of the time of parsing
//! claims. This decoder uses a table.

use alloc::vec;
use alloc::vec::Vec;

/// The bytes of a canonical encoding: no padding, no character outside of the alphabet, and zero in the
/// unused bits of the last character. `None` for any other text.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (groups, rest) = text.as_bytes().as_chunks::<4>();
    // The last group, extended with zero bits, and the number of its bytes that count.
    let (last, kept) = match *rest {
        [] => ([b'A'; 4], 0_usize),
        [first, second] => ([first, second, b'A', b'A'], 1),
        [first, second, third] => ([first, second, third, b'A'], 2),
        _ => return None,
    };
    let mut bytes = vec![[0; 3]; groups.len().saturating_add(1)];
    let (mut all, mut triples) = (0, bytes.iter_mut());
    for (group, triple) in groups.iter().zip(&mut triples) {
        all |= decode_group(*group, triple);
    }
    for triple in triples {
        all |= decode_group(last, triple);
    }
    let mut bytes = bytes.into_flattened();
    let length = groups.len().saturating_mul(3).saturating_add(kept);
    let unused_are_zero = bytes.iter().skip(length).all(|byte| *byte == 0);
    bytes.truncate(length);
    (all & INVALID == 0 && unused_are_zero).then_some(bytes)
}

/// Decodes four characters to three bytes. The result has [`INVALID`] set if one of them is outside of the alphabet.
fn decode_group(group: [u8; 4], triple: &mut [u8; 3]) -> u32 {
    let [first, second, third, fourth] = group;
    let value =
        |values: &[u32; 256], character: u8| values.get(usize::from(character)).copied().unwrap_or(INVALID);
    let bits = value(&FIRST, first) | value(&SECOND, second) | value(&THIRD, third) | value(&FOURTH, fourth);
    let [_, decoded @ ..] = bits.to_be_bytes();
    *triple = decoded;
    bits
}

/// The entry of a character outside of the alphabet; the values of four characters take 24 bits.
const INVALID: u32 = 1 << 31;

/// Values of all characters, each shifted to the bits of its position in a group.
static FIRST: [u32; 256] = values(18);
static SECOND: [u32; 256] = values(12);
static THIRD: [u32; 256] = values(6);
static FOURTH: [u32; 256] = values(0);

const fn values(shift: u32) -> [u32; 256] {
    let mut values = [INVALID; 256];
    let (mut character, mut number) = (0_u8, 0_u32);
    let mut rest: &mut [u32] = &mut values;
    while let Some((value, tail)) = rest.split_first_mut() {
        let known = match character {
            b'A'..=b'Z' => Some(number.wrapping_sub(65)),
            b'a'..=b'z' => Some(number.wrapping_sub(71)),
            b'0'..=b'9' => Some(number.wrapping_add(4)),
            b'-' => Some(62),
            b'_' => Some(63),
            _ => None,
        };
        if let Some(known) = known {
            *value = known.wrapping_shl(shift);
        }
        (character, number) = (character.wrapping_add(1), number.wrapping_add(1));
        rest = tail;
    }
    values
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use base64ct::{Base64UrlUnpadded, Encoding};

    use super::decode;

    /// Whether base64ct, which is as strict, gives the same bytes or refuses the text too.
    fn assert_same(text: &str) {
        assert_eq!(decode(text), Base64UrlUnpadded::decode_vec(text).ok(), "{text:?}");
    }

    #[test]
    fn texts_of_up_to_three_characters_are_read_as_base64ct_reads_them() {
        assert_same("");
        let ascii = || (0..=0x7f_u8).map(char::from);
        for first in ascii() {
            assert_same(&String::from(first));
            for second in ascii() {
                let two = String::from_iter([first, second]);
                assert_same(&two);
                // The character that is left over in the last group, and one in a whole one.
                for third in ['A', 'B', 'E', '_', '=', '+', '/', '\n', 'é'] {
                    assert_same(&String::from_iter([first, second, third]));
                    assert_same(&String::from_iter([first, third, second]));
                    assert_same(&String::from_iter([third, 'A', first, second]));
                }
            }
        }
    }

    #[test]
    fn every_length_comes_back() {
        for length in 0..=260_u16 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(167).to_le_bytes()[0]).collect();
            let text = Base64UrlUnpadded::encode_string(&bytes);
            assert_eq!(decode(&text), Some(bytes));
            for wrong in [text.clone() + "=", text.clone() + "A", text.clone() + "!", "é".into(), " ".into()]
            {
                assert_same(&wrong);
            }
        }
    }

    #[test]
    fn an_invalid_character_is_refused_wherever_it_stands() {
        let text = Base64UrlUnpadded::encode_string(&[0xff; 64]);
        for at in 0..text.len() {
            for wrong in ["+", "/", "=", " ", "\u{0}"] {
                let mut bent = text.clone();
                bent.replace_range(at..=at, wrong);
                assert_eq!(decode(&bent), None, "{bent}");
            }
        }
    }
}
