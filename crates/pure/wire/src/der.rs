//! DER: one strict reader for the profile that attestation certificates use.
//!
//! Low tag numbers, definite minimal lengths, nothing longer than 64 KiB. Each nested value is
//! read through a closure that must consume it whole. Source: ITU-T X.690 (2021), sections 8, 10.

use crate::{Error, ErrorKind, Reader};

/// Identifier octets of the types in certificates (ITU-T X.690).
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING, primitive.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING, primitive.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// SEQUENCE and SEQUENCE OF, constructed.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF, constructed.
    pub const SET: u8 = 0x31;

    /// The identifier octet of a constructed, context-specific type: `[number]`.
    #[must_use]
    pub const fn context(number: u8) -> u8 {
        0xa0 | number
    }
}

/// A DER value: tag, contents and all of its bytes (X.690, section 8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets, at most 64 KiB.
    pub contents: &'a [u8],
    /// The identifier, length and contents octets, as received.
    pub whole: &'a [u8],
    /// The offset of the contents in the outermost input.
    pub offset: usize,
}

/// Reads the next value of any tag; `what` is its place in errors, here and below.
///
/// # Errors
/// A multi-byte tag, an indefinite or non-minimal length, a length above 64 KiB or beyond the
/// input.
#[inline]
pub fn element<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Element<'a>, Error> {
    match well_formed(reader) {
        Some(element) => Ok(element),
        None => step_by_step(reader, what),
    }
}

/// Reads a well-formed value in one step.
#[inline]
fn well_formed<'a>(reader: &mut Reader<'a>) -> Option<Element<'a>> {
    let ElementHead { tag, header, size } = ElementHead::parse(reader.rest())?;
    let offset = reader.offset().saturating_add(header);
    let whole = reader.take_if_there(size)?;
    Some(Element { tag, contents: whole.get(header..)?, whole, offset })
}

/// Identifier and length octets of a well-formed value.
struct ElementHead {
    tag: u8,
    /// The length of the header in bytes.
    header: usize,
    /// The length of header and contents in bytes.
    size: usize,
}

impl ElementHead {
    #[inline]
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (tag, header, length) = match *bytes {
            [tag, length @ ..=0x7f, ..] => (tag, 2_usize, usize::from(length)),
            [tag, 0x81, length @ 0x80..=0xff, ..] => (tag, 3, usize::from(length)),
            [tag, 0x82, high @ 1..=0xff, low, ..] => (tag, 4, usize::from(u16::from_be_bytes([high, low]))),
            _ => return None,
        };
        (tag & 0x1f != 0x1f).then_some(Self { tag, header, size: header.saturating_add(length) })
    }
}

/// Tag and contents of the first value and the bytes after it, where it is well formed: for the
/// hundred small values of a certificate, which are read octet by octet only to say
/// what is wrong.
#[inline]
pub(crate) fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ElementHead { tag, header, size } = ElementHead::parse(bytes)?;
    let (whole, rest) = bytes.split_at_checked(size)?;
    Some((tag, whole.get(header..)?, rest))
}

/// Reads a value octet by octet; its error is the precise one.
#[cold]
fn step_by_step<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Element<'a>, Error> {
    let start = reader.rest();
    let before = reader.remaining();
    let tag = reader.byte(what)?;
    if tag & 0x1f == 0x1f {
        return Err(reader.error(ErrorKind::Value, what, "a tag number below 31"));
    }
    let length = length(reader, what)?;
    let offset = reader.offset();
    let contents = reader.take(length, what)?;
    let size = before.saturating_sub(reader.remaining());
    let whole = start.get(..size).unwrap_or(start);
    Ok(Element { tag, contents, whole, offset })
}

fn length(reader: &mut Reader<'_>, what: &'static str) -> Result<usize, Error> {
    let first = reader.byte(what)?;
    let (value, least) = match first {
        0..=0x7f => return Ok(usize::from(first)),
        0x81 => (usize::from(reader.byte(what)?), 0x80),
        0x82 => (usize::from(u16::from_be_bytes(*reader.array(what)?)), 0x100),
        _ => return Err(reader.error(ErrorKind::Value, what, "a definite DER length of at most 65535")),
    };
    if value < least {
        return Err(reader.error(ErrorKind::Value, what, "the shortest form of the length"));
    }
    Ok(value)
}

/// Reads the next value, which must have this tag.
///
/// # Errors
/// Those of [`element`], or another tag.
pub fn tagged<'a>(reader: &mut Reader<'a>, tag: u8, what: &'static str) -> Result<Element<'a>, Error> {
    if reader.peek().is_some_and(|found| found != tag) {
        return Err(reader.error(ErrorKind::Value, what, expected_tag(tag)));
    }
    element(reader, what)
}

const fn expected_tag(tag: u8) -> &'static str {
    match tag {
        tag::BOOLEAN => "a BOOLEAN",
        tag::INTEGER => "an INTEGER",
        tag::BIT_STRING => "a BIT STRING",
        tag::OCTET_STRING => "an OCTET STRING",
        tag::NULL => "NULL",
        tag::OBJECT_IDENTIFIER => "an OBJECT IDENTIFIER",
        tag::IA5_STRING => "an IA5String",
        tag::SEQUENCE => "a SEQUENCE",
        tag::SET => "a SET",
        _ => "another tag",
    }
}

/// Reads the next value, if it has this tag.
///
/// # Errors
/// Those of [`element`].
pub fn optional<'a>(
    reader: &mut Reader<'a>,
    tag: u8,
    what: &'static str,
) -> Result<Option<Element<'a>>, Error> {
    if reader.peek() == Some(tag) { element(reader, what).map(Some) } else { Ok(None) }
}

/// Reads the next value, which must have this tag; the closure must read its contents to their end.
///
/// # Errors
/// Those of [`tagged`] and of the closure, or contents left unread.
pub fn nested<'a, T>(
    reader: &mut Reader<'a>,
    tag: u8,
    what: &'static str,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Error> {
    tagged(reader, tag, what)?.read(what, read)
}

impl<'a> Element<'a> {
    /// Reads the contents with the closure, which must read them to their end.
    ///
    /// # Errors
    /// Those of the closure, or contents left unread.
    pub fn read<T>(
        &self,
        what: &'static str,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        Reader::all(self.contents, self.offset, what, read)
    }

    fn error(&self, kind: ErrorKind, what: &'static str, expected: &'static str) -> Error {
        Error::new(kind, what, self.offset, expected)
    }

    /// The contents of an INTEGER: two's complement, big-endian, minimal.
    ///
    /// # Errors
    /// Another tag, no contents, or a redundant leading byte.
    pub fn integer(&self, what: &'static str) -> Result<&'a [u8], Error> {
        let minimal = match self.contents {
            [] => false,
            [_] => true,
            [0x00, second, ..] => second & 0x80 != 0,
            [0xff, second, ..] => second & 0x80 == 0,
            _ => true,
        };
        if self.tag != tag::INTEGER || !minimal {
            return Err(self.error(ErrorKind::Value, what, "a minimal INTEGER"));
        }
        Ok(self.contents)
    }

    /// The magnitude of a non-negative INTEGER, big-endian without leading zero bytes; empty for 0.
    ///
    /// # Errors
    /// Those of [`Element::integer`], or a negative value.
    pub fn unsigned(&self, what: &'static str) -> Result<&'a [u8], Error> {
        match self.integer(what)? {
            [0x00, magnitude @ ..] => Ok(magnitude),
            [first, ..] if first & 0x80 != 0 => {
                Err(self.error(ErrorKind::Value, what, "an INTEGER of 0 or more"))
            }
            magnitude => Ok(magnitude),
        }
    }

    /// The value of an INTEGER from 0 to 255.
    ///
    /// # Errors
    /// Those of [`Element::unsigned`], or a larger value.
    pub fn small(&self, what: &'static str) -> Result<u8, Error> {
        match self.unsigned(what)? {
            [] => Ok(0),
            [value] => Ok(*value),
            _ => Err(self.error(ErrorKind::Value, what, "an INTEGER from 0 to 255")),
        }
    }

    /// The value of a BOOLEAN, which DER encodes as 00 or FF.
    ///
    /// # Errors
    /// Another tag, or other contents.
    pub fn boolean(&self, what: &'static str) -> Result<bool, Error> {
        match (self.tag, self.contents) {
            (tag::BOOLEAN, [0x00]) => Ok(false),
            (tag::BOOLEAN, [0xff]) => Ok(true),
            _ => Err(self.error(ErrorKind::Value, what, "a BOOLEAN of 00 or FF")),
        }
    }

    /// The octets of a BIT STRING whose length is a multiple of 8 bits.
    ///
    /// # Errors
    /// Another tag, or unused bits.
    pub fn octets_of_bits(&self, what: &'static str) -> Result<&'a [u8], Error> {
        match (self.tag, self.contents) {
            (tag::BIT_STRING, [0, octets @ ..]) => Ok(octets),
            _ => Err(self.error(ErrorKind::Value, what, "a BIT STRING without unused bits")),
        }
    }

    /// The seconds since 1970 of a UTCTime or GeneralizedTime in the form of RFC 5280, section 4.1.2.5: with
    /// seconds, `Z`, no fractions.
    ///
    /// # Errors
    /// Another tag, another form, or a date that does not exist.
    pub fn time(&self, what: &'static str) -> Result<i64, Error> {
        parse_time(self.tag, self.contents)
            .ok_or_else(|| self.error(ErrorKind::Value, what, "YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ"))
    }
}

fn parse_time(tag: u8, text: &[u8]) -> Option<i64> {
    let (year, rest) = match (tag, text) {
        (tag::UTC_TIME, [y @ .., _, _, _, _, _, _, _, _, _, _, _]) => {
            let short = digits(y)?;
            let century = if short < 50 { 2000 } else { 1900 };
            (short.checked_add(century)?, text.get(2..)?)
        }
        (tag::GENERALIZED_TIME, [y @ .., _, _, _, _, _, _, _, _, _, _, _]) if y.len() == 4 => {
            (digits(y)?, text.get(4..)?)
        }
        _ => return None,
    };
    let (fields, zulu) = rest.split_first_chunk::<10>()?;
    if zulu != b"Z" || (tag == tag::UTC_TIME && text.len() != 13) {
        return None;
    }
    let mut pairs = fields.chunks_exact(2).map(digits);
    let mut next =
        |range: core::ops::RangeInclusive<i64>| pairs.next()?.filter(|value| range.contains(value));
    let (month, day) = (next(1..=12)?, next(1..=31)?);
    let (hour, minute, second) = (next(0..=23)?, next(0..=59)?, next(0..=59)?);
    if day > days_in(year, month) {
        return None;
    }
    let days = days_from_civil(year, month, day)?;
    let seconds = hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    days.checked_mul(86_400)?.checked_add(seconds)
}

/// A number of two or four digits.
fn digits(text: &[u8]) -> Option<i64> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte & 0x0f));
    let pair = |tens, ones| Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?));
    match *text {
        [tens, ones] => pair(tens, ones).map(i64::from),
        [a, b, c, d] => Some(i64::from(pair(a, b)?.wrapping_mul(100).wrapping_add(pair(c, d)?))),
        _ => None,
    }
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = (year.rem_euclid(4) == 0 && year.rem_euclid(100) != 0) || year.rem_euclid(400) == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let (year, from_march) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let day_of_year = from_march.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    let leap_days =
        year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    year.checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(day_of_year)?
        .checked_add(day)?
        .checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (tag, text, seconds) in [
            (tag::UTC_TIME, "700101000000Z", Some(0)),
            (tag::UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (tag::UTC_TIME, "500101000000Z", Some(-631_152_000)),
            (tag::UTC_TIME, "000229000000Z", Some(951_782_400)),
            (tag::UTC_TIME, "010229000000Z", None),
            (tag::UTC_TIME, "701301000000Z", None),
            (tag::UTC_TIME, "700101240000Z", None),
            (tag::UTC_TIME, "7001010000Z", None),
            (tag::UTC_TIME, "700101000000+", None),
            (tag::UTC_TIME, "19700101000000Z", None),
            (tag::GENERALIZED_TIME, "20500910130346Z", Some(2_546_427_826)),
            (tag::GENERALIZED_TIME, "20500910130346.5Z", None),
            (tag::GENERALIZED_TIME, "500910130346Z", None),
            (tag::GENERALIZED_TIME, "20500910130346", None),
        ] {
            assert_eq!(parse_time(tag, text.as_bytes()), seconds, "{text}");
        }
    }

    #[test]
    fn lengths() {
        for (bytes, good) in [
            (&[4, 0x81, 0x7f][..], false),
            (&[4, 0x82, 0x00, 0x80], false),
            (&[4, 0x80], false),
            (&[4, 0x83, 1, 0, 0], false),
            (&[4, 1], false),
            (&[4, 1, 7], true),
            (&[0x1f, 1, 7], false),
        ] {
            let read = Reader::all(bytes, 0, "test", |r| element(r, "test"));
            assert_eq!(read.is_ok(), good, "{bytes:?}");
        }
    }
}
