//! Bytes as people write them, read in one place for files, policies and the command line.

use alloc::string::String;
use alloc::vec::Vec;

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding};
use teeproof_core::from_hex;

/// Bytes from hexadecimal digits of either case, two for each byte and nothing between them.
#[must_use]
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    pairs.iter().map(|pair| from_hex(*pair)).collect()
}

/// Bytes from base64, in the standard or the URL-safe alphabet, padded or not.
#[must_use]
pub fn base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text)
        .or_else(|_| Base64Unpadded::decode_vec(text))
        .or_else(|_| Base64Url::decode_vec(text))
        .or_else(|_| Base64UrlUnpadded::decode_vec(text))
        .ok()
}

/// Bytes as base64url without padding, the form in which this project writes them.
#[must_use]
pub fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
