//! VM ids of claims and policies.

use core::fmt;
use core::str::FromStr;

use teeproof_core::{Datum, PolicyValue, from_hex, guid_bytes, no_order_no_mask};

/// A VM's id in Azure: the 16 bytes of its GUID, in the order of its written digits.
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

impl PolicyValue for VmId {
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

/// A text that is not a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidVmId;

impl fmt::Display for InvalidVmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a GUID: 8, 4, 4, 4 and 12 hex digits separated by dashes")
    }
}

impl core::error::Error for InvalidVmId {}

/// 8, 4, 4, 4 and 12 hex digits of either case, separated by dashes.
impl FromStr for VmId {
    type Err = InvalidVmId;

    fn from_str(text: &str) -> Result<Self, InvalidVmId> {
        guid_bytes(text).map(Self).ok_or(InvalidVmId)
    }
}

/// Exactly `N` bytes in hexadecimal digits of either case.
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
