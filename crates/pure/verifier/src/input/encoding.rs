//! The encodings in which evidence and endorsements are passed around, undone.

use alloc::string::String;
use alloc::vec::Vec;

use rustls_pki_types::pem::{PemObject, SectionKind};

use super::{Encoding, InputError};
use crate::bytes;

/// The bytes as trimmed text, if they are printable ASCII; a NUL at the end is taken off, for
/// whoever writes C strings to files.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes).trim_ascii();
    let printable = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    core::str::from_utf8(bytes).ok().filter(|text| printable && !text.is_empty())
}

/// The certificates and revocation lists of a PEM file, DER.
pub(super) fn pem(text: &[u8]) -> Result<Vec<Vec<u8>>, InputError> {
    let mut parts = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        match section.map_err(|_| InputError::Pem)? {
            (SectionKind::Certificate | SectionKind::Crl, der) => parts.push(der),
            _ => return Err(InputError::PemSection),
        }
    }
    if parts.is_empty() { Err(InputError::PemSection) } else { Ok(parts) }
}

/// Binary from hex or base64 text, whatever its line breaks.
pub(super) fn binary(text: &str) -> Option<(Vec<u8>, Encoding)> {
    let compact: String = text.split_ascii_whitespace().collect();
    if let Some(bytes) = bytes::hex(&compact) {
        return Some((bytes, Encoding::Hex));
    }
    bytes::base64(&compact).map(|bytes| (bytes, Encoding::Base64))
}
