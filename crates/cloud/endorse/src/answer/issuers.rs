//! The header with the certificates above a signer: PEM in URL encoding, and nothing else.
//!
//! Source: Intel, "Provisioning Certification Service for ECDSA Attestation", version 4: `TCB-Info-Issuer-Chain`.

use base64ct::{Base64, Encoding};
use teeproof_core::from_hex;
use teeproof_wire::certificate::Certificate;

use super::MAX_CERTIFICATES;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// The certificates of a header, DER: one to eight, with white space around each.
pub(crate) fn certificates(header: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = decoded(header).ok_or("expected two hexadecimal digits after each %")?;
    let (mut rest, mut found) = (text.trim_ascii(), Vec::new());
    while !rest.is_empty() {
        if found.len() == MAX_CERTIFICATES {
            return Err(format!("expected at most {MAX_CERTIFICATES} certificates, got more"));
        }
        let number = found.len().saturating_add(1);
        let (der, after) = first(rest).ok_or_else(|| {
            format!("certificate {number}: expected PEM in URL encoding, got something else")
        })?;
        Certificate::parse(&der).map_err(|error| format!("certificate {number}: {error}"))?;
        found.push(der);
        rest = after.trim_ascii_start();
    }
    if found.is_empty() {
        return Err("expected certificates, got none".to_owned());
    }
    Ok(found)
}

/// The first certificate of a PEM text, and the text after it.
fn first(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let text = text.strip_prefix(BEGIN)?;
    let (letters, rest) = text.split_at_checked(text.iter().position(|byte| *byte == b'-')?)?;
    let letters: Vec<u8> = letters.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = Base64::decode_vec(core::str::from_utf8(&letters).ok()?).ok()?;
    Some((der, rest.strip_prefix(END)?))
}

/// URL encoding undone (RFC 3986, section 2.1), where a plus sign is itself: `None` for a % without two digits.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut decoded) = (text.bytes(), Vec::with_capacity(text.len()));
    while let Some(byte) = bytes.next() {
        decoded.push(if byte == b'%' { from_hex([bytes.next()?, bytes.next()?])? } else { byte });
    }
    Some(decoded)
}
