//! Evidence that carries the nonce as text: its hexadecimal digits in place of its bytes. A frequent mistake
//! of attesters, and told as what it is, for every technology here.

use alloc::string::{String, ToString};

use teeproof_core::{Check, Hex};

use crate::Evidence;

/// What to do about it.
pub(crate) const HINT: &str = "The evidence carries the nonce as text, its hexadecimal digits: have the attester \
                               decode the nonce before it hands it in. --nonce utf8:DIGITS verifies what was made so.";

/// Whether a check is one that holds evidence against the nonce.
pub(crate) fn is_nonce_check(check: &Check) -> bool {
    let checks = [
        teeproof_snp::checks::NONCE,
        teeproof_tpm::checks::NONCE,
        teeproof_hcl::checks::USER_DATA,
        teeproof_nitro::checks::NONCE,
    ];
    checks.contains(&check)
}

/// Whether the evidence has the nonce's digits where a nonce stands, in either case. Nothing but a hint rests
/// on the answer.
pub(crate) fn carries(evidence: &Evidence<'_>, nonce: &[u8]) -> bool {
    let digits = Hex(nonce).to_string();
    // User-data stands in the claims in hex again.
    let [lower, upper] =
        [digits.clone(), digits.to_ascii_uppercase()].map(|text| Hex(text.as_bytes()).to_string());
    let has = |bytes: &[u8], text: &String| {
        let mut windows = bytes.windows(text.len().max(1));
        !text.is_empty() && windows.any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    };
    match evidence {
        Evidence::Snp(bytes) | Evidence::Nitro(bytes) => has(bytes, &digits),
        Evidence::AzureSnp(evidence) | Evidence::AzureTdx(evidence) => {
            let quoted = evidence.quote.as_ref().is_some_and(|quote| has(quote.message, &digits));
            quoted || has(evidence.report, &lower) || has(evidence.report, &upper)
        }
        Evidence::Redacted(_) => false,
    }
}
