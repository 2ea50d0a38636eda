//! The certificates of a TD quote, which stand in it as PEM.
//!
//! What identifies in them is found by reading them, so nothing is passed over: the quote holds blocks of
//! certificates and white space, and a block is base64 from its first to its last line.

use alloc::vec::Vec;
use core::ops::Range;

use base64ct::{Base64, Encoding};
use teeproof_wire::tdx::TdQuote;
use teeproof_wire::{Error, ErrorKind};

use super::identifiers::{fault, place_of};

const WHAT: &str = "TD quote: certificates of the platform";
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
/// Certification data that are a chain of PCK certificates.
const PCK_CHAIN: u16 = 5;

/// A certificate in PEM.
pub(super) struct Embedded {
    pub(super) der: Vec<u8>,
    /// Where each character of its base64 stands.
    characters: Vec<usize>,
}

/// The certificates of a quote, in their order.
pub(super) fn of_quote(bytes: &[u8]) -> Result<Vec<Embedded>, Error> {
    let quote = TdQuote::parse(bytes)?;
    quote.check_trailing()?;
    let data = quote.certification.data;
    let place = place_of(bytes, data).unwrap_or_default();
    if quote.certification.kind != PCK_CHAIN {
        return Err(fault(ErrorKind::Unsupported, WHAT, place.start, "certification data of type 5, PEM"));
    }
    let mut found = Vec::new();
    let mut at = blank(data, 0);
    while data.get(at..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) {
        let offset = place.start.saturating_add(at);
        let wrong =
            fault(ErrorKind::Value, WHAT, offset, "a PEM block of a certificate, and nothing between blocks");
        let body = body(data, at).ok_or(wrong)?;
        at = blank(data, body.end.saturating_add(END.len()));
        let text = body.clone().zip(data.get(body).unwrap_or_default());
        let text = text.filter(|(_, byte)| !byte.is_ascii_whitespace());
        let (characters, text): (Vec<_>, Vec<_>) =
            text.map(|(at, byte)| (place.start.saturating_add(at), *byte)).unzip();
        let der = core::str::from_utf8(&text).ok().and_then(|text| Base64::decode_vec(text).ok());
        let der = der.ok_or_else(|| fault(ErrorKind::Value, WHAT, offset, "base64 in each PEM block"))?;
        found.push(Embedded { der, characters });
    }
    if found.is_empty() {
        return Err(fault(ErrorKind::Missing, WHAT, place.start, "a certificate"));
    }
    Ok(found)
}

/// Where the white space ends that begins here.
fn blank(data: &[u8], at: usize) -> usize {
    let rest = data.get(at..).unwrap_or_default();
    let blank = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
    at.saturating_add(blank)
}

/// Between the two lines of the block that begins here.
fn body(data: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = data.get(at..)?.strip_prefix(BEGIN)?;
    let end = rest.windows(END.len()).position(|window| window == END)?;
    let start = at.checked_add(BEGIN.len())?;
    Some(start..start.checked_add(end)?)
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
