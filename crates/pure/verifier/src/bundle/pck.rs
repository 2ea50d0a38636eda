//! What identifies a platform in a TD quote: in its header, and in the certificates that stand as
//! PEM inside of it.

use alloc::vec::Vec;
use core::ops::Range;

use base64ct::{Base64, Encoding};

/// Where a quote's header has the id of the quoting enclave, by which one platform is told from
/// another.
const QE_ID: Range<usize> = 28..44;
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
/// Before the PPID and the platform instance id in Intel's extension (1.2.840.113741.1.13.1.1 and
/// .6): the OID, and the header of an OCTET STRING of 16 bytes.
const IDS: [[u8; 14]; 2] = [member(1), member(6)];

const fn member(last: u8) -> [u8; 14] {
    [0x06, 0x0a, 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, last, 0x04, 0x10]
}

/// A certificate in PEM among other bytes.
pub(super) struct Embedded {
    pub(super) der: Vec<u8>,
    /// Where each character of its base64 stands.
    characters: Vec<usize>,
}

/// The ids of a quote's platform; nothing where the quote brings no certificate.
pub(super) fn ids(quote: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut ids = Vec::from([quote.get(QE_ID)?.to_vec()]);
    let certificates = embedded(quote);
    for certificate in &certificates {
        for prefix in &IDS {
            let der = certificate.der.as_slice();
            let at = der.windows(prefix.len()).position(|window| window == prefix);
            let id = at.and_then(|at| der.get(at.checked_add(prefix.len())?..)?.first_chunk::<16>());
            ids.extend(id.map(|id| id.to_vec()));
        }
    }
    (!certificates.is_empty()).then_some(ids)
}

/// The certificates in PEM, wherever they stand.
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
    /// Writes the certificate where it stood, and tells between which two bytes it differs.
    pub(super) fn write(&self, bytes: &mut [u8]) -> Option<Range<usize>> {
        let mut changed: Option<Range<usize>> = None;
        for (at, character) in self.characters.iter().zip(Base64::encode_string(&self.der).bytes()) {
            let place = bytes.get_mut(*at)?;
            if *place != character {
                *place = character;
                let start = changed.as_ref().map_or(*at, |range| range.start);
                changed = Some(start..at.saturating_add(1));
            }
        }
        changed
    }
}
