//! Errors of a TD quote: structure, offset, expected and got, for each field that can be wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod quotes;

use quotes::{quote_4, version_4, version_5};
use teeproof_wire::ErrorKind::{TooLarge, Trailing, Truncated, Unsupported, Value};
use teeproof_wire::tdx::TdQuote;
use teeproof_wire::tdx::quote::MAX_BYTES;
use teeproof_wire::{Error, ErrorKind};

/// Where the signature data begin, in version 4 and in version 5 with a body of type 3.
const DATA_4: usize = 636;
const DATA_5: usize = 706;

fn error(bytes: &[u8]) -> Error {
    TdQuote::parse(bytes).unwrap_err()
}

/// The quote with these bytes at an offset.
fn patched(mut quote: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    quote[at..at + bytes.len()].copy_from_slice(bytes);
    quote
}

#[track_caller]
fn refused(bytes: &[u8], kind: ErrorKind, what: &str, offset: usize, expected: &str, got: u32) {
    let error = error(bytes);
    assert_eq!((error.kind, error.what, error.offset), (kind, what, offset), "{error}");
    assert_eq!((error.expected, error.got()), (expected, Some(got)), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("{what}: ")) && text.contains(&format!("got {got}")), "{text}");
    assert!(text.contains(&format!("offset {offset:#x}, expected {expected}")), "{text}");
}

#[test]
fn the_header() {
    for quote in [version_4(), version_5(3, 648)] {
        for version in [0, 1, 2, 3, 6, 0x0104] {
            let bytes = patched(quote.clone(), 0, &u16::to_le_bytes(version));
            refused(&bytes, Unsupported, "TD quote: version", 0, "version 4 or 5", u32::from(version));
        }
        for key in [0_u16, 1, 3, 0x0102] {
            let (bytes, what) =
                (patched(quote.clone(), 2, &key.to_le_bytes()), "TD quote: attestation key type");
            refused(&bytes, Unsupported, what, 2, "2, ECDSA over P-256", u32::from(key));
        }
        for tee in [0_u32, 1, 0x80, 0x0100_0081] {
            let bytes = patched(quote.clone(), 4, &tee.to_le_bytes());
            refused(&bytes, Unsupported, "TD quote: TEE type", 4, "0x81, TDX", tee);
        }
    }
    let tee = patched(version_4(), 4, &[0x10, 0, 0, 0]);
    let text = "TD quote: TEE type: not supported at offset 0x4, expected 0x81, TDX, got 16 (0x10)";
    assert_eq!(error(&tee).to_string(), text);
}

#[test]
fn type_and_size_of_the_body() {
    for (kind, body, wanted) in [
        (2, 648, Some("584 bytes, the size of type 2")),
        (2, 0, Some("584 bytes, the size of type 2")),
        (3, 584, Some("648 bytes, the size of type 3")),
        (3, 649, Some("648 bytes, the size of type 3")),
        (1, 384, None),
        (4, 648, None),
        (0, 0, None),
    ] {
        let (bytes, size) = (version_5(kind, body), u32::try_from(body).unwrap());
        match wanted {
            Some(expected) => refused(&bytes, Value, "TD quote: body size", 50, expected, size),
            None => {
                let expected = match kind {
                    1 => "2 (TDX 1.0) or 3 (TDX 1.5), not the report of an SGX enclave",
                    4 => "2 (TDX 1.0) or 3 (TDX 1.5), not the extended body of TDX 1.5",
                    _ => "2 (TDX 1.0) or 3 (TDX 1.5)",
                };
                refused(&bytes, Unsupported, "TD quote: body type", 48, expected, u32::from(kind));
            }
        }
    }
    let huge = patched(version_5(3, 648), 50, &[0xff; 4]);
    refused(&huge, Value, "TD quote: body size", 50, "648 bytes, the size of type 3", u32::MAX);
}

#[test]
fn sizes_that_say_more_or_less_than_there_is() {
    const AS_SIZED: &str = "as many bytes as its size says";
    for (quote, data) in [(version_4(), DATA_4), (version_5(3, 648), DATA_5)] {
        let left = |at: usize| u32::try_from(quote.len() - at).unwrap();
        let with = |at: usize, size: u32| patched(quote.clone(), at, &size.to_le_bytes());
        for more in [left(data) + 1, 0x7fff_ffff, u32::MAX] {
            let what = "TD quote: signature data";
            refused(&with(data - 4, more), Truncated, what, data, AS_SIZED, left(data));
            let what = "TD quote: certification data";
            refused(&with(data + 130, more), Truncated, what, data + 134, AS_SIZED, left(data + 134));
            let at = data + 589;
            let what = "TD quote: inner certification data";
            refused(&with(at, more), Truncated, what, at + 4, AS_SIZED, left(at + 4));
        }
        let authentication = patched(quote.clone(), data + 582, &[0xff, 0xff]);
        let what = "TD quote: authentication data";
        refused(&authentication, Truncated, what, data + 584, AS_SIZED, left(data + 584));
        // A size that is too small leaves the rest of its structure unread.
        let (what, expected) = ("TD quote: certification data", "the end of the inner certification data");
        let at = data + 589;
        let less = left(at + 4) - 1;
        refused(&with(at, less), Trailing, what, quote.len() - 1, expected, 1);
        let (what, expected) = ("TD quote: signature data", "the end of the certification data");
        let less = [with(data + 130, left(data + 134) - 1), with(at, less)];
        let [inner, _] = less;
        let both = patched(inner, at, &(left(at + 4) - 1).to_le_bytes());
        refused(&both, Trailing, what, quote.len() - 1, expected, 1);
    }
}

#[test]
fn type_of_the_certification_data() {
    for (quote, data) in [(version_4(), DATA_4), (version_5(3, 648), DATA_5)] {
        for kind in [0_u16, 1, 2, 3, 4, 5, 7, 0x0106] {
            let bytes = patched(quote.clone(), data + 128, &kind.to_le_bytes());
            let (what, expected) =
                ("TD quote: certification data type", "6, a report of the quoting enclave");
            refused(&bytes, Unsupported, what, data + 128, expected, u32::from(kind));
        }
    }
}

/// Where each field begins, and what the parser expects of a quote that ends in it.
#[test]
fn quotes_that_end_in_a_field() {
    const AS_SIZED: &str = "as many bytes as its size says";
    let quote = version_5(3, 648);
    for (from, to, what, expected) in [
        (0, 48, "TD quote: header", "48 bytes"),
        (48, 50, "TD quote: body type", "2 bytes"),
        (50, 54, "TD quote: body size", "4 bytes"),
        (54, 702, "TD quote: body", "648 bytes"),
        (702, 706, "TD quote: signature data size", "4 bytes"),
        (706, quote.len(), "TD quote: signature data", AS_SIZED),
    ] {
        for length in from..to {
            let got = u32::try_from(length - from).unwrap();
            refused(&quote[..length], Truncated, what, from, expected, got);
        }
    }
    // The same of data inside, whose size ends them there.
    let sized = |from: usize, length: usize| {
        let size = u32::try_from(length - from).unwrap().to_le_bytes();
        patched(quote.clone(), from - 4, &size)
    };
    for (from, to, what, expected) in [
        (706, 770, "TD quote: signature", "64 bytes"),
        (770, 834, "TD quote: attestation key", "64 bytes"),
        (834, 836, "TD quote: certification data type", "2 bytes"),
        (836, 840, "TD quote: certification data size", "4 bytes"),
        (840, quote.len(), "TD quote: certification data", AS_SIZED),
    ] {
        for length in from..to {
            let got = u32::try_from(length - from).unwrap();
            refused(&sized(706, length), Truncated, what, from, expected, got);
        }
    }
    for (from, to, what, expected) in [
        (840, 1224, "TD quote: report of the quoting enclave", "384 bytes"),
        (1224, 1288, "TD quote: signature of the quoting enclave's report", "64 bytes"),
        (1288, 1290, "TD quote: authentication data size", "2 bytes"),
        (1290, 1293, "TD quote: authentication data", AS_SIZED),
        (1293, 1295, "TD quote: inner certification data type", "2 bytes"),
        (1295, 1299, "TD quote: inner certification data size", "4 bytes"),
        (1299, quote.len(), "TD quote: inner certification data", AS_SIZED),
    ] {
        for length in from..to {
            let got = u32::try_from(length - from).unwrap();
            refused(&sized(840, length), Truncated, what, from, expected, got);
        }
    }
    let quote = version_4();
    refused(&quote[..600], Truncated, "TD quote: body", 48, "584 bytes", 552);
}

#[test]
fn more_than_a_quote() {
    let quote = quote_4(&[1; 32], 5, b"PEM");
    let with = |length: usize| [&quote[..], &vec![0; length - quote.len()]].concat();
    let most = with(MAX_BYTES);
    TdQuote::parse(&most).unwrap().check_trailing().unwrap();
    let limit = u32::try_from(MAX_BYTES).unwrap();
    refused(&with(MAX_BYTES + 1), TooLarge, "TD quote", 0, "at most 16384 bytes", limit + 1);
    for at in quote.len()..quote.len() + 70 {
        let mut longer = with(quote.len() + 70);
        longer[at] = 0x5a;
        let parsed = TdQuote::parse(&longer).unwrap();
        let error = parsed.check_trailing().unwrap_err();
        assert_eq!((error.kind, error.offset, error.got()), (Trailing, at, Some(0x5a)));
        assert_eq!((error.what, error.expected), ("TD quote: rest of the buffer", "zero"));
    }
}
