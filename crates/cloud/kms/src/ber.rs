//! BER of envelopes: a strict reader of constructed values with definite or indefinite lengths.
//!
//! A definite length has its shortest form and is at most 65,535; an indefinite one ends at its end-of-contents octets.
//! Nothing is scanned ahead and nothing recurses: a value is read by the code for its structure, and each byte once.
//! Source: ITU-T X.690 (2021), section 8.1.

use teeproof_wire::{Error, ErrorKind, Reader};

/// The identifier octet of a value, and its name in errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    octet: u8,
    name: &'static str,
}

impl Tag {
    pub(crate) const INTEGER: Self = Self { octet: 0x02, name: "an INTEGER (02)" };
    pub(crate) const OCTET_STRING: Self = Self { octet: 0x04, name: "a primitive OCTET STRING (04)" };
    pub(crate) const NULL: Self = Self { octet: 0x05, name: "NULL (05)" };
    pub(crate) const OBJECT_IDENTIFIER: Self = Self { octet: 0x06, name: "an OBJECT IDENTIFIER (06)" };
    pub(crate) const SEQUENCE: Self = Self { octet: 0x30, name: "a SEQUENCE (30)" };
    pub(crate) const SET: Self = Self { octet: 0x31, name: "a SET (31)" };
    /// `[0]` with the octets of a string.
    pub(crate) const PRIMITIVE_0: Self = Self { octet: 0x80, name: "a primitive [0] (80)" };
    /// `[0]` around other values.
    pub(crate) const CONSTRUCTED_0: Self = Self { octet: 0xa0, name: "a constructed [0] (A0)" };
    /// `[1]` around other values.
    pub(crate) const CONSTRUCTED_1: Self = Self { octet: 0xa1, name: "a constructed [1] (A1)" };

    pub(crate) fn is_next(self, reader: &Reader<'_>) -> bool {
        reader.peek() == Some(self.octet)
    }
}

/// The length octets of a value.
enum Length {
    Definite(usize),
    /// Until the end-of-contents octets.
    Indefinite,
}

/// Reads the contents of a primitive value.
pub(crate) fn primitive<'a>(
    reader: &mut Reader<'a>,
    tag: Tag,
    what: &'static str,
) -> Result<&'a [u8], Error> {
    identifier(reader, tag, what)?;
    let at = reader.at();
    match length(reader, what)? {
        Length::Definite(length) => reader.take(length, what),
        Length::Indefinite => {
            Err(at.error(ErrorKind::Value, what, "a definite length, which a primitive value has"))
        }
    }
}

/// Reads a primitive value of exactly `N` bytes; `expected` names them.
pub(crate) fn fixed<'a, const N: usize>(
    reader: &mut Reader<'a>,
    tag: Tag,
    what: &'static str,
    expected: &'static str,
) -> Result<&'a [u8; N], Error> {
    let at = reader.at();
    let contents = primitive(reader, tag, what)?;
    contents
        .try_into()
        .map_err(|_| at.error(ErrorKind::Value, what, expected).with_got(count(contents.len())))
}

/// Reads a primitive value that has only these contents; `expected` names them.
pub(crate) fn exactly(
    reader: &mut Reader<'_>,
    tag: Tag,
    contents: &[u8],
    what: &'static str,
    expected: &'static str,
) -> Result<(), Error> {
    let at = reader.at();
    if primitive(reader, tag, what)? == contents {
        return Ok(());
    }
    Err(at.error(ErrorKind::Unsupported, what, expected))
}

/// Reads a constructed value; the closure must read its contents to their end.
pub(crate) fn constructed<'a, T>(
    reader: &mut Reader<'a>,
    tag: Tag,
    what: &'static str,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    identifier(reader, tag, what)?;
    match length(reader, what)? {
        Length::Definite(length) => {
            let base = reader.offset();
            let contents = reader.take(length, what)?;
            Reader::all(contents, base, what, read)
        }
        Length::Indefinite => {
            let value = read(reader)?;
            end_of_contents(reader, what)?;
            Ok(value)
        }
    }
}

/// Whether the contents of the constructed value that is being read are at their end: the end of a definite length, or
/// end-of-contents octets, which stay unread.
pub(crate) fn is_at_end(reader: &Reader<'_>) -> bool {
    matches!(reader.peek(), None | Some(0))
}

/// A number of bytes, for an error.
pub(crate) fn count(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn identifier(reader: &mut Reader<'_>, tag: Tag, what: &'static str) -> Result<(), Error> {
    let at = reader.at();
    let found = reader.byte(what)?;
    if found == tag.octet {
        return Ok(());
    }
    Err(at.error(ErrorKind::Value, what, tag.name).with_got(found.into()))
}

fn length(reader: &mut Reader<'_>, what: &'static str) -> Result<Length, Error> {
    let at = reader.at();
    let (value, least) = match reader.byte(what)? {
        short @ ..=0x7f => return Ok(Length::Definite(short.into())),
        0x80 => return Ok(Length::Indefinite),
        0x81 => (usize::from(reader.byte(what)?), 0x80),
        0x82 => (usize::from(u16::from_be_bytes(*reader.array(what)?)), 0x100),
        _ => return Err(at.error(ErrorKind::TooLarge, what, "a length of at most 65535")),
    };
    if value < least {
        return Err(at.error(ErrorKind::Value, what, "the shortest form of the length"));
    }
    Ok(Length::Definite(value))
}

fn end_of_contents(reader: &mut Reader<'_>, what: &'static str) -> Result<(), Error> {
    let at = reader.at();
    match reader.array(what)? {
        [0, 0] => Ok(()),
        [first, _] => {
            let expected = "the end-of-contents octets (00 00)";
            Err(at.error(ErrorKind::Trailing, what, expected).with_got((*first).into()))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The octets of the strings in one SEQUENCE.
    fn strings(bytes: &[u8]) -> Result<Vec<u8>, Error> {
        Reader::all(bytes, 0, "test", |reader| {
            constructed(reader, Tag::SEQUENCE, "test", |reader| {
                let mut octets = Vec::new();
                while !is_at_end(reader) {
                    octets.extend_from_slice(primitive(reader, Tag::OCTET_STRING, "test")?);
                }
                Ok(octets)
            })
        })
    }

    #[test]
    fn both_forms_of_lengths_are_read() {
        for bytes in [&[0x30, 6, 4, 1, 7, 4, 1, 8][..], &[0x30, 0x80, 4, 1, 7, 4, 1, 8, 0, 0]] {
            assert_eq!(strings(bytes).unwrap(), [7, 8]);
        }
        assert_eq!(strings(&[0x30, 0x80, 0, 0]).unwrap(), [0; 0]);
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for (bytes, kind, offset) in [
            // No end, half an end, another end, bytes behind it.
            (&[0x30, 0x80, 4, 1, 7][..], ErrorKind::Truncated, 5),
            (&[0x30, 0x80, 4, 1, 7, 0], ErrorKind::Truncated, 5),
            (&[0x30, 0x80, 4, 1, 7, 0, 1], ErrorKind::Trailing, 5),
            (&[0x30, 0x80, 0, 0, 0], ErrorKind::Trailing, 4),
            // A definite length that is longer than the input, or longer than its contents; zeroes in it are no end.
            (&[0x30, 4, 4, 1, 7], ErrorKind::Truncated, 2),
            (&[0x30, 3, 4, 2, 7], ErrorKind::Truncated, 4),
            (&[0x30, 2, 0, 0], ErrorKind::Trailing, 2),
            // Not the shortest form, too many octets: 2^40 among them.
            (&[0x30, 0x81, 3, 4, 1, 7], ErrorKind::Value, 1),
            (&[0x30, 0x82, 0, 0x7f, 4, 1, 7], ErrorKind::Value, 1),
            (&[0x30, 0x83, 1, 0, 0, 4, 1, 7], ErrorKind::TooLarge, 1),
            (&[0x30, 0x86, 1, 0, 0, 0, 0, 0], ErrorKind::TooLarge, 1),
            (&[0x30, 0xff], ErrorKind::TooLarge, 1),
            // Primitive and indefinite; constructed where a primitive value is expected; another tag.
            (&[0x30, 0x80, 4, 0x80, 0, 0, 0, 0], ErrorKind::Value, 3),
            (&[0x30, 0x80, 0x24, 3, 4, 1, 7, 0, 0], ErrorKind::Value, 2),
            (&[0x31, 0x80, 0, 0], ErrorKind::Value, 0),
            (&[], ErrorKind::Truncated, 0),
        ] {
            let error = strings(bytes).unwrap_err();
            assert_eq!((error.kind, error.offset), (kind, offset), "{bytes:x?}: {error}");
        }
    }
}
