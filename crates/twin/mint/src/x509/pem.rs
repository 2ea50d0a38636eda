//! Certificates as text.

use base64ct::{Base64, Encoding};

/// A certificate in PEM: lines of 64 characters, each ended by a line feed.
#[must_use]
pub fn pem(der: &[u8]) -> String {
    let encoded = Base64::encode_string(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (at, character) in encoded.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            out.push('\n');
        }
        out.push(character);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}
