//! Freshness: was this evidence made for the question that was asked?

use subtle::ConstantTimeEq;

/// What the relying party demands of the evidence's freshness. There is no silent third way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freshness<'a> {
    /// The evidence must carry exactly this nonce. An empty one asks nothing and is refused.
    Nonce(&'a [u8]),
    /// The relying party wrote that it does without, and why.
    Waived(&'a str),
}

impl core::fmt::Debug for Freshness<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Nonce(nonce) => write!(f, "Nonce({})", crate::Hex(nonce)),
            Self::Waived(reason) => write!(f, "Waived({reason:?})"),
        }
    }
}

/// Whether two byte strings are the same, whole, in a time that depends on their lengths alone.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
