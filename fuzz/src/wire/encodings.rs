//! DER and CBOR: every value of any shape, at any depth.

use teeproof_wire::certificate::{SignatureAlgorithm, ecdsa_fixed};
use teeproof_wire::{Error, ErrorKind, Reader, cbor as reader_of_cbor, der as reader_of_der};

use super::{is_within, taken};
use crate::bounds;
use crate::cost::bounded;
use crate::quiet::says_something;

/// How deep values are looked into.
const DEPTH: usize = 16;
const WHAT: &str = "a value";

/// `der`: every element, read as everything that it could be.
pub fn der(input: &[u8]) -> bool {
    bounded(&bounds::DER, input.len(), || {
        let read = Reader::all(input, 0, WHAT, |reader| {
            while !reader.is_empty() {
                element(input, reader, DEPTH)?;
            }
            Ok(())
        });
        taken(read, 0, input).is_some() && !input.is_empty()
    })
}

fn element<'a>(input: &[u8], reader: &mut Reader<'a>, depth: usize) -> Result<(), Error> {
    let before = reader.offset();
    let one = reader_of_der::element(reader, WHAT)?;
    assert!(is_within(one.whole, input) && one.whole.ends_with(one.contents));
    assert_eq!(reader.offset() - before, one.whole.len());
    assert_eq!(input.get(one.offset..one.offset + one.contents.len()), Some(one.contents));
    let (number, magnitude) = (one.integer(WHAT), one.unsigned(WHAT));
    assert!(number.is_ok() || magnitude.is_err());
    assert!(magnitude.is_ok() || one.small(WHAT).is_err());
    let _ = (one.boolean(WHAT), one.octets_of_bits(WHAT), one.time(WHAT));
    assert!(says_something(&SignatureAlgorithm::parse(&one).unwrap_or(SignatureAlgorithm::Unknown)));
    // Constructed values hold others.
    if one.tag & 0x20 != 0 && depth > 0 {
        one.read(WHAT, |reader| {
            while !reader.is_empty() {
                element(input, reader, depth - 1)?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// `ecdsa_fixed` for both curves: a signature that is read is written again as DER.
pub fn ecdsa_signature(input: &[u8]) -> bool {
    let (long, short) =
        bounded(&bounds::ECDSA, input.len(), || (ecdsa_fixed::<96>(input), ecdsa_fixed::<64>(input)));
    // What fits the shorter curve fits the longer one.
    assert!(short.is_none() || long.is_some());
    let Some(fixed) = long else { return false };
    let number = |half: &[u8]| {
        let zeros = half.iter().take_while(|byte| **byte == 0).count();
        let digits = &half[zeros..];
        let sign = if digits.first().is_none_or(|first| first & 0x80 != 0) { &[0][..] } else { &[] };
        let length = u8::try_from(sign.len() + digits.len()).unwrap_or(u8::MAX);
        [&[2, length], sign, digits].concat()
    };
    let body = [number(&fixed[..48]), number(&fixed[48..])].concat();
    let length = u8::try_from(body.len()).unwrap_or(u8::MAX);
    assert_eq!([&[0x30, length], &body[..]].concat(), input);
    true
}

/// `cbor`: every item, read as what it is, and stepped over.
pub fn cbor(input: &[u8]) -> bool {
    bounded(&bounds::CBOR, input.len(), || {
        let read = Reader::all(input, 0, WHAT, |reader| item(reader, DEPTH));
        let skipped = Reader::all(input, 0, WHAT, |reader| reader_of_cbor::skip(reader, WHAT));
        // Reading finds every fault that skipping finds, except for lengths that are
        // not reported: those end on their own.
        assert!(read.is_err() || skipped.is_ok() || input.contains(&0xff));
        let _ = taken(skipped, 0, input);
        taken(read, 0, input).is_some()
    })
}

fn item(reader: &mut Reader<'_>, depth: usize) -> Result<(), Error> {
    const LIMIT: u64 = 64;
    let Some(first) = reader.peek() else {
        return Err(reader.error(ErrorKind::Truncated, WHAT, "an item"));
    };
    if depth == 0 {
        return reader_of_cbor::skip(reader, WHAT);
    }
    match first >> 5 {
        0 => reader_of_cbor::unsigned(reader, WHAT).map(drop),
        2 => reader_of_cbor::bytes(reader, WHAT).map(drop),
        3 => reader_of_cbor::text(reader, WHAT).map(drop),
        4 => reader_of_cbor::array(reader, LIMIT, WHAT, |reader| item(reader, depth - 1)),
        5 => reader_of_cbor::map(reader, LIMIT, WHAT, |reader| {
            item(reader, depth - 1)?;
            item(reader, depth - 1)
        }),
        7 => reader_of_cbor::bytes_or_null(reader, WHAT).map(drop),
        _ => reader_of_cbor::skip(reader, WHAT),
    }
}
