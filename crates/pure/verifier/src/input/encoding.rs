//! The encodings in which evidence and endorsements are passed around, undone.

use alloc::string::String;
use alloc::vec::Vec;

use rustls_pki_types::pem::{PemObject, SectionKind};

use super::json::fields::Numbers;
use super::{Encoding, InputError};
use crate::bytes;

/// How many encodings may stand around a file's content: a JSON string of base64 of base64, and one more.
pub(super) const MAX_LAYERS: usize = 4;
/// The most bytes of a list of integers; nothing that is passed around so is larger.
const MAX_INTEGERS: usize = 256 * 1024;

/// The bytes as trimmed text, if they are printable ASCII; a NUL at the end is taken off, for
/// whoever writes C strings to files.
pub(super) fn text(bytes: &[u8]) -> Option<&str> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes).trim_ascii();
    let printable = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    core::str::from_utf8(bytes).ok().filter(|text| printable && !text.is_empty())
}

/// What a PEM file holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pem {
    /// Certificates and revocation lists, DER.
    Certificates(Vec<Vec<u8>>),
    /// One block of another label, which is not that of a private key.
    Other(Vec<u8>),
}

/// The content of a PEM file.
pub(super) fn pem(text: &str) -> Result<Pem, InputError> {
    let (mut known, mut other) = (0_usize, 0_usize);
    for label in text.lines().filter_map(label) {
        match label {
            "CERTIFICATE" | "X509 CRL" => known = known.saturating_add(1),
            label if is_private_key(label) => return Err(InputError::PrivateKey),
            _ => other = other.saturating_add(1),
        }
    }
    match (known, other) {
        (_, 0) => certificates(text.as_bytes()).map(Pem::Certificates),
        (0, 1) => block(text).map(Pem::Other),
        _ => Err(InputError::PemSection),
    }
}

/// The label of a line that begins a block.
fn label(line: &str) -> Option<&str> {
    line.trim().strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

/// Whether a block's label says that it holds a private key.
fn is_private_key(label: &str) -> bool {
    const NAMED: &[u8] = b"PRIVATE KEY";
    label.as_bytes().windows(NAMED.len()).any(|part| part == NAMED)
}

/// The certificates and revocation lists of a PEM text, DER.
pub(super) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, InputError> {
    let mut parts = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        match section.map_err(|_| InputError::Pem)? {
            (SectionKind::Certificate | SectionKind::Crl, der) => parts.push(der),
            _ => return Err(InputError::PemSection),
        }
    }
    if parts.is_empty() { Err(InputError::PemSection) } else { Ok(parts) }
}

/// The bytes of a text that is one block, whatever its label.
fn block(text: &str) -> Result<Vec<u8>, InputError> {
    let (first, rest) = text.split_once('\n').ok_or(InputError::Pem)?;
    let label = label(first).ok_or(InputError::Pem)?;
    let (body, after) = body(rest).ok_or(InputError::Pem)?;
    if after.trim().strip_suffix("-----") != Some(label) {
        return Err(InputError::Pem);
    }
    let compact: String = body.split_ascii_whitespace().collect();
    bytes::base64(&compact).filter(|bytes| !bytes.is_empty()).ok_or(InputError::Pem)
}

/// What stands before the line that ends a block, and the rest of that line and after it.
fn body(rest: &str) -> Option<(&str, &str)> {
    // Not `split_once`: the search of `core` for a text indexes, and an index can panic.
    rest.char_indices().find_map(|(at, _)| {
        let (body, end) = rest.split_at_checked(at)?;
        Some((body, end.strip_prefix("-----END ")?))
    })
}

/// Binary from hex, with or without `0x`, or base64 text, whatever its line breaks.
pub(super) fn binary(text: &str) -> Option<(Vec<u8>, Encoding)> {
    let compact: String = text.split_ascii_whitespace().collect();
    let digits = compact.strip_prefix("0x").or_else(|| compact.strip_prefix("0X")).unwrap_or(&compact);
    if let Some(bytes) = bytes::hex(digits) {
        return Some((bytes, Encoding::Hex));
    }
    bytes::base64(&compact).map(|bytes| (bytes, Encoding::Base64))
}

/// The content of a JSON string.
pub(super) fn quoted(text: &str) -> Result<String, InputError> {
    serde_json::from_str(text).map_err(|error| json(&error))
}

/// The bytes of a JSON list of integers.
pub(super) fn integers(text: &str) -> Result<Vec<u8>, InputError> {
    match serde_json::from_str::<Numbers<MAX_INTEGERS>>(text) {
        Ok(numbers) => Ok(numbers.0),
        Err(error) if error.is_data() => {
            Err(InputError::Integers { line: error.line(), column: error.column() })
        }
        Err(error) => Err(json(&error)),
    }
}

fn json(error: &serde_json::Error) -> InputError {
    InputError::Json { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_of_another_label_is_read_to_its_end() {
        let read = |text: &str| pem(text);
        let whole = "-----BEGIN ATTESTATION-----\nAAEC\nAw==\n-----END ATTESTATION-----";
        assert_eq!(read(whole), Ok(Pem::Other(Vec::from([0, 1, 2, 3]))));
        for (bent, error) in [
            (whole.replace("END ATTESTATION", "END OTHER"), InputError::Pem),
            (whole.replace("Aw==", "Aw=!"), InputError::Pem),
            (whole.replace("AAEC\nAw==", ""), InputError::Pem),
            (whole.replace("-----END ATTESTATION-----", ""), InputError::Pem),
            (alloc::format!("{whole}\nmore"), InputError::Pem),
            (alloc::format!("{whole}\n{whole}"), InputError::PemSection),
            (whole.replace("ATTESTATION", "EC PRIVATE KEY"), InputError::PrivateKey),
        ] {
            assert_eq!(read(&bent), Err(error), "{bent}");
        }
    }
}
