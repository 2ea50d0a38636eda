//! Hint for evidence that carries the nonce as text, in hexadecimal or base64, in place of its bytes: a
//! frequent mistake of attesters of every technology.

use alloc::string::{String, ToString};

use teeproof_core::{Check, Hex};

use teeproof_evidence::bytes;

use crate::Evidence;

/// The hint for hexadecimal digits.
const HEXADECIMAL: &str = "The evidence carries the nonce as text, its hexadecimal digits: have the attester \
                               decode the nonce before it hands it in. The nonce as UTF-8 text verifies what was made so.";

/// The hint for base64.
const BASE64: &str = "The evidence carries the nonce as text, in base64: have the attester decode the nonce \
                      before it hands it in. The nonce as UTF-8 text verifies what was made so.";

/// The text of a shorter nonce, in digits or base64, could stand anywhere by accident: 7 bytes are ten characters of
/// base64 and 14 digits.
const MIN_NONCE_BYTES: usize = 7;

/// No evidence has room for a longer nonce (Nitro's 512 bytes), so none carries one as text.
const MAX_NONCE_BYTES: usize = 512;

/// Whether a check compares the nonce.
pub(crate) fn is_nonce_check(check: &Check) -> bool {
    let checks = [
        teeproof_snp::checks::NONCE,
        teeproof_tdx::checks::NONCE,
        teeproof_tpm::checks::NONCE,
        teeproof_hcl::checks::USER_DATA,
        teeproof_nitro::checks::NONCE,
        teeproof_nitro::nitrotpm::checks::NONCE,
    ];
    checks.contains(&check)
}

/// The hint for evidence that has the nonce as text: as digits of either case, or in base64 of either alphabet,
/// padded or not. Nothing but a hint rests on the answer.
pub(crate) fn hint(evidence: &Evidence<'_>, nonce: &[u8]) -> Option<&'static str> {
    if !(MIN_NONCE_BYTES..=MAX_NONCE_BYTES).contains(&nonce.len()) {
        return None;
    }
    if carries_digits(evidence, nonce) {
        return Some(HEXADECIMAL);
    }
    let url = bytes::to_base64url(nonce);
    let standard = url.replace('-', "+").replace('_', "/");
    [url, standard].iter().any(|text| carries_text(evidence, text.as_bytes())).then_some(BASE64)
}

/// Whether the evidence has this text where a nonce stands.
fn carries_text(evidence: &Evidence<'_>, text: &[u8]) -> bool {
    // User-data stands in the claims in hex.
    let digits = Hex(text).to_string().into_bytes();
    let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len().max(1)).any(|window| window == text);
    let has_digits =
        |bytes: &[u8]| bytes.windows(digits.len().max(1)).any(|window| window.eq_ignore_ascii_case(&digits));
    match evidence {
        Evidence::Snp(bytes) | Evidence::Nitro(bytes) | Evidence::NitroTpm(bytes) => has(bytes, text),
        Evidence::Tdx { quote, .. } => has(quote.bytes(), text),
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence) => {
            evidence.quote.as_ref().is_some_and(|quote| has(quote.message, text))
                || has_digits(evidence.report)
        }
        Evidence::Redacted(_) => false,
    }
}

/// Whether the evidence has the nonce's digits where a nonce stands, in either case.
fn carries_digits(evidence: &Evidence<'_>, nonce: &[u8]) -> bool {
    let digits = Hex(nonce).to_string();
    // User-data stands in the claims in hex again.
    let [lower, upper] =
        [digits.clone(), digits.to_ascii_uppercase()].map(|text| Hex(text.as_bytes()).to_string());
    let has = |bytes: &[u8], text: &String| {
        let mut windows = bytes.windows(text.len().max(1));
        !text.is_empty() && windows.any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    };
    match evidence {
        Evidence::Snp(bytes) | Evidence::Nitro(bytes) | Evidence::NitroTpm(bytes) => has(bytes, &digits),
        Evidence::Tdx { quote, .. } => has(quote.bytes(), &digits),
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence) => {
            let quoted = evidence.quote.as_ref().is_some_and(|quote| has(quote.message, &digits));
            quoted || has(evidence.report, &lower) || has(evidence.report, &upper)
        }
        Evidence::Redacted(_) => false,
    }
}
