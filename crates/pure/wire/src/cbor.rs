//! CBOR: the deterministic subset of attestation documents.
//!
//! Integers and lengths in their shortest form; no tags, floats or chunked strings; null is the
//! only simple value. Maps and arrays may be of indefinite length, with a bound on their entries.
//! Source: RFC 8949, sections 3 and 4.2.1.

use crate::{Error, ErrorKind, Reader};

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const NULL: u8 = 0xf6;
const BREAK: u8 = 0xff;

/// The head of a data item: its major type and its argument; no argument means indefinite length.
type Head = (u8, Option<u64>);

fn head(reader: &mut Reader<'_>, what: &'static str) -> Result<Head, Error> {
    let initial = reader.byte(what)?;
    let major = initial >> 5;
    let (argument, least) = match initial & 0x1f {
        value @ 0..=23 => return Ok((major, Some(u64::from(value)))),
        24 => (u64::from(reader.byte(what)?), 24),
        25 => (u64::from(u16::from_be_bytes(*reader.array(what)?)), 1 << 8),
        26 => (u64::from(u32::from_be_bytes(*reader.array(what)?)), 1 << 16),
        27 => (u64::from_be_bytes(*reader.array(what)?), 1 << 32),
        31 if matches!(major, ARRAY | MAP) => return Ok((major, None)),
        _ => return Err(reader.error(ErrorKind::Value, what, "a CBOR item of definite length")),
    };
    if argument < least {
        return Err(reader.error(ErrorKind::Value, what, "the shortest form of a CBOR integer or length"));
    }
    Ok((major, Some(argument)))
}

fn argument(
    reader: &mut Reader<'_>,
    major: u8,
    what: &'static str,
    expected: &'static str,
) -> Result<u64, Error> {
    if reader.peek().is_some_and(|initial| initial >> 5 != major) {
        return Err(reader.error(ErrorKind::Value, what, expected));
    }
    match head(reader, what)? {
        (_, Some(argument)) => Ok(argument),
        (_, None) => Err(reader.error(ErrorKind::Value, what, "a definite length")),
    }
}

fn string<'a>(
    reader: &mut Reader<'a>,
    major: u8,
    what: &'static str,
    expected: &'static str,
) -> Result<&'a [u8], Error> {
    let length = argument(reader, major, what, expected)?;
    // A length that does not fit a usize is longer than any input.
    reader.take(usize::try_from(length).unwrap_or(usize::MAX), what)
}

/// Reads an unsigned integer; `what` is its place in errors, here and below.
///
/// # Errors
/// Another type, or a longer form than needed.
pub fn unsigned(reader: &mut Reader<'_>, what: &'static str) -> Result<u64, Error> {
    argument(reader, UNSIGNED, what, "a CBOR unsigned integer")
}

/// Reads a byte string of definite length.
///
/// # Errors
/// Another type, or a length beyond the input.
pub fn bytes<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a [u8], Error> {
    string(reader, BYTES, what, "a CBOR byte string")
}

/// Reads a byte string of definite length, or null as `None`.
///
/// # Errors
/// Those of [`bytes`].
pub fn bytes_or_null<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<Option<&'a [u8]>, Error> {
    if reader.peek() == Some(NULL) {
        reader.byte(what)?;
        return Ok(None);
    }
    bytes(reader, what).map(Some)
}

/// Reads a text string of definite length, in UTF-8.
///
/// # Errors
/// Another type, a length beyond the input, or bytes that are not UTF-8.
pub fn text<'a>(reader: &mut Reader<'a>, what: &'static str) -> Result<&'a str, Error> {
    let bytes = string(reader, TEXT, what, "a CBOR text string")?;
    core::str::from_utf8(bytes).map_err(|_| reader.error(ErrorKind::Value, what, "UTF-8 text"))
}

/// Reads the head of an array with exactly this number of entries.
///
/// # Errors
/// Another type or another count.
pub fn array_of(
    reader: &mut Reader<'_>,
    count: u64,
    what: &'static str,
    expected: &'static str,
) -> Result<(), Error> {
    let start = reader.error(ErrorKind::Value, what, expected);
    if argument(reader, ARRAY, what, expected)? == count { Ok(()) } else { Err(start) }
}

/// Reads an array of at most `limit` entries; the closure reads one entry.
///
/// # Errors
/// Another type, more entries, or the closure's error.
pub fn array<'a>(
    reader: &mut Reader<'a>,
    limit: u64,
    what: &'static str,
    entry: impl FnMut(&mut Reader<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    entries(reader, ARRAY, limit, what, "a CBOR array", entry)
}

/// Reads a map of at most `limit` entries; the closure reads one key and its value, and must detect repeated
/// keys itself.
///
/// # Errors
/// Another type, more entries, or the closure's error.
pub fn map<'a>(
    reader: &mut Reader<'a>,
    limit: u64,
    what: &'static str,
    entry: impl FnMut(&mut Reader<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    entries(reader, MAP, limit, what, "a CBOR map", entry)
}

fn entries<'a>(
    reader: &mut Reader<'a>,
    major: u8,
    limit: u64,
    what: &'static str,
    expected: &'static str,
    mut entry: impl FnMut(&mut Reader<'a>) -> Result<(), Error>,
) -> Result<(), Error> {
    if reader.peek().is_some_and(|initial| initial >> 5 != major) {
        return Err(reader.error(ErrorKind::Value, what, expected));
    }
    let declared = head(reader, what)?.1;
    let mut count = 0_u64;
    while declared != Some(count) {
        if declared.is_none() && reader.peek() == Some(BREAK) {
            reader.byte(what)?;
            break;
        }
        if count >= limit || declared.is_some_and(|declared| declared > limit) {
            return Err(reader.error(ErrorKind::TooLarge, what, "fewer entries"));
        }
        entry(reader)?;
        count = count.saturating_add(1);
    }
    Ok(())
}

/// Skips one data item of any type, without recursion; nested items must have a definite length.
///
/// # Errors
/// An item outside of the subset, or beyond the end of the input.
pub fn skip(reader: &mut Reader<'_>, what: &'static str) -> Result<(), Error> {
    // Each round consumes at least one byte, so a large count only ends at the end of the input.
    let mut pending = 1_u64;
    while let Some(left) = pending.checked_sub(1) {
        pending = left;
        if reader.peek() == Some(NULL) {
            reader.byte(what)?;
            continue;
        }
        let (major, argument) = head(reader, what)?;
        let argument = argument.ok_or_else(|| reader.error(ErrorKind::Value, what, "a definite length"))?;
        match major {
            UNSIGNED | 1 => {}
            BYTES | TEXT => {
                reader.take(usize::try_from(argument).unwrap_or(usize::MAX), what)?;
            }
            ARRAY => pending = pending.saturating_add(argument),
            MAP => pending = pending.saturating_add(argument.saturating_mul(2)),
            _ => {
                return Err(reader.error(
                    ErrorKind::Value,
                    what,
                    "no CBOR tag, float or simple value but null",
                ));
            }
        }
    }
    Ok(())
}
