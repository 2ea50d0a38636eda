//! The encodings in which evidence and endorsements are passed around, undone.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rustls_pki_types::pem::{PemObject, SectionKind};
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use teeproof_core::from_hex;

use crate::bytes;
use crate::{Encoding, InputError, tpm_quote};

/// How many encodings may stand around a file's content: a JSON string of base64 of base64, and one more.
pub(crate) const MAX_LAYERS: usize = 4;
/// The most bytes of a list of integers; nothing that is passed around so is larger.
const MAX_INTEGERS: usize = 256 * 1024;

/// The bytes as trimmed text, if they are printable ASCII, or UTF-8 without control characters with a PEM block
/// or the output of `tpm2_quote` in it.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    let bytes = plain(bytes);
    let text = core::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())?;
    let printable = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let readable = || text.chars().all(|char| !char.is_control() || char.is_ascii_whitespace());
    (printable || (readable() && (has_pem(text) || tpm_quote::is_quote_text(text)))).then_some(text)
}

/// The text of a JSON object, if bytes begin like one.
pub(crate) fn object_text(bytes: &[u8]) -> Option<&str> {
    let bytes = plain(bytes);
    bytes.starts_with(b"{").then(|| core::str::from_utf8(bytes).ok()).flatten()
}

/// The bytes without what is written around text: a byte order mark of UTF-8, whitespace, and a NUL at the end,
/// for whoever writes C strings to files.
pub(crate) fn plain(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    bytes.strip_suffix(&[0]).unwrap_or(bytes).trim_ascii()
}

/// Whether a line of text begins a PEM block; other text may stand around it (RFC 7468, 5.2).
pub(crate) fn has_pem(text: &str) -> bool {
    text.lines().any(|line| label(line).is_some())
}

/// The content of a PEM file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pem {
    /// Certificates and revocation lists, DER.
    Certificates(Vec<Vec<u8>>),
    /// One block of another label, which is not that of a private key.
    Other(Vec<u8>),
}

/// Decodes a PEM file.
pub(crate) fn pem(text: &str) -> Result<Pem, InputError> {
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

/// PEM in URL encoding (RFC 3986, section 2.1), decoded: the value of the header `TCB-Info-Issuer-Chain` of Intel's
/// service. A plus sign is itself. `None` for other text.
///
/// # Errors
/// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
pub(crate) fn url_encoded_pem(text: &str) -> Option<Result<String, InputError>> {
    text.starts_with("-----BEGIN%20").then(|| {
        let (mut bytes, mut decoded) = (text.bytes(), Vec::with_capacity(text.len()));
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'%' => {
                    let digits = bytes.next().zip(bytes.next()).map(|(high, low)| [high, low]);
                    digits.and_then(from_hex).ok_or(InputError::Pem)?
                }
                byte => byte,
            });
        }
        String::from_utf8(decoded).map_err(|_| InputError::Pem)
    })
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
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<Vec<u8>>, InputError> {
    let mut parts = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(text) {
        match section.map_err(|_| InputError::Pem)? {
            (SectionKind::Certificate | SectionKind::Crl, der) => parts.push(der),
            _ => return Err(InputError::PemSection),
        }
    }
    if parts.is_empty() { Err(InputError::PemSection) } else { Ok(parts) }
}

/// The certificates (DER) of PEM text that a structure carries; empty where the text is not PEM.
#[must_use]
pub fn pem_chain(text: &[u8]) -> Vec<Vec<u8>> {
    certificates(text).unwrap_or_default()
}

/// The bytes of the one block of a text, whatever its label.
fn block(text: &str) -> Result<Vec<u8>, InputError> {
    let mut lines = text.lines().skip_while(|line| label(line).is_none());
    let label = lines.next().and_then(label).ok_or(InputError::Pem)?;
    let end = alloc::format!("-----END {label}-----");
    let (mut compact, mut ended) = (String::new(), false);
    for line in lines.map(str::trim) {
        if line == end {
            ended = true;
            break;
        }
        compact.extend(line.split_ascii_whitespace());
    }
    if !ended {
        return Err(InputError::Pem);
    }
    bytes::base64(&compact).filter(|bytes| !bytes.is_empty()).ok_or(InputError::Pem)
}

/// Binary from hex, with or without `0x`, byte by byte with colons or as a list of `0x..`, or base64 text,
/// whatever its line breaks.
pub(crate) fn binary(text: &str) -> Option<(Vec<u8>, Encoding)> {
    if let Some(bytes) = separated_hex(text) {
        return Some((bytes, Encoding::Hex));
    }
    let compact: String = text.split_ascii_whitespace().collect();
    let digits = compact.strip_prefix("0x").or_else(|| compact.strip_prefix("0X")).unwrap_or(&compact);
    if let Some(bytes) = bytes::hex(digits) {
        return Some((bytes, Encoding::Hex));
    }
    bytes::base64(&compact).map(|bytes| (bytes, Encoding::Base64))
}

/// Bytes as hex with something between them: `84:44:a1` or `0x84, 0x44, 0xa1`, the list in brackets or not.
fn separated_hex(text: &str) -> Option<Vec<u8>> {
    let digits = |byte: &str| match bytes::hex(byte)?.as_slice() {
        [byte] => Some(*byte),
        _ => None,
    };
    if text.contains(':') {
        let compact: String = text.split_ascii_whitespace().collect();
        return compact.split(':').map(digits).collect();
    }
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    let list = list.strip_suffix(',').unwrap_or(list);
    if !list.contains(',') {
        return None;
    }
    list.split(',').map(|byte| digits(byte.trim().strip_prefix("0x")?)).collect()
}

/// The one string of a JSON list that has nothing else.
pub(crate) fn only_string(text: &str) -> Option<String> {
    serde_json::from_str::<[String; 1]>(text).ok().map(|[text]| text)
}

/// The content of a JSON string.
pub(crate) fn quoted(text: &str) -> Result<String, InputError> {
    serde_json::from_str(text).map_err(|error| json(&error))
}

/// The bytes of a JSON list of integers.
pub(crate) fn integers(text: &str) -> Result<Vec<u8>, InputError> {
    match serde_json::from_str::<Numbers<MAX_INTEGERS>>(text) {
        Ok(numbers) if numbers.0.is_empty() => Err(InputError::EmptyList),
        Ok(numbers) => Ok(numbers.0),
        Err(error) if error.is_data() => {
            Err(InputError::Integers { line: error.line(), column: error.column() })
        }
        Err(error) => Err(json(&error)),
    }
}

/// How the error about a list with more numbers begins.
pub(crate) const TOO_MANY: &str = "too many numbers";

/// At most this many bytes as a JSON list of numbers.
pub(crate) struct Numbers<const MAX: usize>(pub(crate) Vec<u8>);

impl<'de, const MAX: usize> Deserialize<'de> for Numbers<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes<const MAX: usize>;

        impl<'de, const MAX: usize> Visitor<'de> for Bytes<MAX> {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of bytes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<u8>, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = entries.next_element()? {
                    if bytes.len() >= MAX {
                        return Err(A::Error::custom(TOO_MANY));
                    }
                    bytes.push(byte);
                }
                Ok(bytes)
            }
        }

        deserializer.deserialize_seq(Bytes::<MAX>).map(Self)
    }
}

fn json(error: &serde_json::Error) -> InputError {
    InputError::Json { line: error.line(), column: error.column() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_in_url_encoding_is_decoded() {
        let read = |text: &str| url_encoded_pem(text).map(|read| read.map_err(|_| ()));
        let decoded = "-----BEGIN CERTIFICATE-----\nAA+/\n-----END CERTIFICATE-----";
        let encoded = "-----BEGIN%20CERTIFICATE-----%0AAA+%2f%0a-----END%20CERTIFICATE-----";
        assert_eq!(read(encoded), Some(Ok(decoded.into())));
        for bent in ["-----BEGIN%20%", "-----BEGIN%20%0", "-----BEGIN%20%0g", "-----BEGIN%20%ff"] {
            assert_eq!(read(bent), Some(Err(())), "{bent}");
        }
        assert_eq!(read(decoded), None);
        assert_eq!(read("-----BEGIN%2"), None);
    }

    #[test]
    fn one_block_of_another_label_is_read_to_its_end() {
        let read = |text: &str| pem(text);
        let whole = "-----BEGIN ATTESTATION-----\nAAEC\nAw==\n-----END ATTESTATION-----";
        assert_eq!(read(whole), Ok(Pem::Other(Vec::from([0, 1, 2, 3]))));
        assert_eq!(
            read(&alloc::format!("before: it\n{whole}\nafter")),
            Ok(Pem::Other(Vec::from([0, 1, 2, 3])))
        );
        for (bent, error) in [
            (whole.replace("END ATTESTATION", "END OTHER"), InputError::Pem),
            (whole.replace("Aw==", "Aw=!"), InputError::Pem),
            (whole.replace("AAEC\nAw==", ""), InputError::Pem),
            (whole.replace("-----END ATTESTATION-----", ""), InputError::Pem),
            (alloc::format!("{whole}\n{whole}"), InputError::PemSection),
            (whole.replace("ATTESTATION", "EC PRIVATE KEY"), InputError::PrivateKey),
        ] {
            assert_eq!(read(&bent), Err(error), "{bent}");
        }
    }
}
