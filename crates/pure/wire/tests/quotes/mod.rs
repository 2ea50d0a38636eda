//! TD quotes whose every byte differs from its neighbours, for the tests of the parser and of the description.

#![allow(dead_code, reason = "each test file uses its part")]

/// `count` bytes that differ from their neighbours and begin with `first`.
pub(crate) fn bytes(first: u8, count: usize) -> Vec<u8> {
    (0..count).map(|at| first.wrapping_add(u8::try_from(at % 251).unwrap())).collect()
}

pub(crate) fn size(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len()).unwrap().to_le_bytes()
}

pub(crate) fn header(version: u8) -> Vec<u8> {
    [&[version, 0, 2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0][..], &bytes(0x30, 16), &bytes(0x60, 20)].concat()
}

/// Signature data whose outer and inner certification data have these types.
pub(crate) fn signature_data(outer: u8, inner: u16, data: &[u8]) -> Vec<u8> {
    with_authentication(outer, &[0xa, 0xb, 0xc], inner, data)
}

fn with_authentication(outer: u8, authentication: &[u8], inner: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(authentication.len()).unwrap().to_le_bytes();
    let inner =
        [&bytes(9, 384)[..], &bytes(8, 64), &length, authentication, &inner.to_le_bytes(), &size(data), data]
            .concat();
    [&bytes(6, 64)[..], &bytes(7, 64), &[outer, 0], &size(&inner), &inner].concat()
}

/// A quote of version 4 with these data.
pub(crate) fn quote_4(authentication: &[u8], inner: u16, data: &[u8]) -> Vec<u8> {
    let data = with_authentication(6, authentication, inner, data);
    [&header(4)[..], &bytes(1, 584), &size(&data), &data].concat()
}

pub(crate) fn version_4() -> Vec<u8> {
    quote_4(&[0xa, 0xb, 0xc], 5, b"PEM\0")
}

pub(crate) fn version_5(kind: u8, body: usize) -> Vec<u8> {
    let data = signature_data(6, 5, b"PEM");
    let body = bytes(1, body);
    [&header(5)[..], &[kind, 0], &size(&body), &body, &size(&data), &data].concat()
}
