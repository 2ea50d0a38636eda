//! Text around bytes: base64url, hexadecimal, and the list that `tpm2_pcrread` prints.

use base64ct::{Base64Url, Base64UrlUnpadded, Encoding};

use super::Evidence;
use crate::azure::{Json, Letters};

/// Whether base64url ends with `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    Padded,
    Unpadded,
}

impl Padding {
    pub(super) fn base64url(self, bytes: &[u8]) -> Json {
        Json::Text(match self {
            Self::Padded => Base64Url::encode_string(bytes),
            Self::Unpadded => Base64UrlUnpadded::encode_string(bytes),
        })
    }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> Json {
    Json::Text(Letters::Lower.hex(bytes))
}

impl Evidence {
    /// The registers as `tpm2_pcrread sha256` prints them.
    #[must_use]
    pub fn pcrs_yaml(&self) -> String {
        let line = |(register, value): (usize, &[u8; 32])| {
            format!("    {register:<2}: 0x{}\n", Letters::Upper.hex(value))
        };
        let lines: String = self.pcrs.iter().enumerate().map(line).collect();
        format!("  sha256:\n{lines}")
    }
}
