//! A VM's id, in claims and in policies.

use core::fmt;
use core::str::FromStr;

use teeproof_core::{Datum, Value, from_hex, guid_bytes, no_order_no_mask};

/// A VM's id: the 16 bytes of its GUID in the order in which its digits are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VmId(pub [u8; 16]);

/// `26f8bc30-774e-4290-8e7a-535f3b672aee`.
impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(at, byte)| {
            let dash = if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")
        })
    }
}

impl Value for VmId {
    no_order_no_mask!(Self);

    fn seen(&self) -> &Self {
        self
    }

    fn show(seen: &Self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(seen, f)
    }

    fn datum(seen: &Self, take: &mut dyn FnMut(Datum<'_>)) {
        take(Datum::Text(seen));
    }
}

/// Text is no GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAGuid;

impl fmt::Display for NotAGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a GUID of 8, 4, 4, 4 and 12 hex digits with dashes between them")
    }
}

impl core::error::Error for NotAGuid {}

/// 8, 4, 4, 4 and 12 hex digits of any case, with dashes between them.
impl FromStr for VmId {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        guid_bytes(text).map(Self).ok_or(NotAGuid)
    }
}

/// Exactly `N` bytes in hexadecimal digits of any case.
pub(crate) fn hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let (pairs, odd) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !odd.is_empty() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = from_hex(*pair)?;
    }
    Some(bytes)
}
