//! Certificates that stand as PEM among other bytes, as in a TD quote.

use alloc::vec::Vec;
use core::ops::Range;

use base64ct::{Base64, Encoding};

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// A certificate in PEM.
pub(super) struct Embedded {
    pub(super) der: Vec<u8>,
    /// Where each character of its base64 stands.
    characters: Vec<usize>,
}

/// The certificates, wherever they stand.
pub(super) fn embedded(bytes: &[u8]) -> Vec<Embedded> {
    let mut found = Vec::new();
    let mut at = 0_usize;
    while let Some(body) = body(bytes, at) {
        at = body.end;
        let text = body.clone().zip(bytes.get(body).unwrap_or_default());
        let (characters, text): (Vec<_>, Vec<_>) =
            text.filter(|(_, byte)| !byte.is_ascii_whitespace()).map(|(at, byte)| (at, *byte)).unzip();
        let der = core::str::from_utf8(&text).ok().and_then(|text| Base64::decode_vec(text).ok());
        found.extend(der.map(|der| Embedded { der, characters }));
    }
    found
}

/// Between the next two lines that enclose a certificate.
fn body(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let find = |from: usize, line: &[u8]| {
        let at = bytes.get(from..)?.windows(line.len()).position(|window| window == line)?;
        from.checked_add(at)
    };
    let start = find(from, BEGIN)?.checked_add(BEGIN.len())?;
    Some(start..find(start, END)?)
}

impl Embedded {
    /// Writes the certificate where it stood, and tells where its bytes of this place stand.
    pub(super) fn write(&self, bytes: &mut [u8], place: &Range<usize>) -> Option<Range<usize>> {
        for (at, character) in self.characters.iter().zip(Base64::encode_string(&self.der).bytes()) {
            *bytes.get_mut(*at)? = character;
        }
        let first = place.start.checked_mul(8)?.checked_div(6)?;
        let last = place.end.checked_mul(8)?.checked_sub(1)?.checked_div(6)?;
        Some(*self.characters.get(first)?..self.characters.get(last)?.checked_add(1)?)
    }
}
