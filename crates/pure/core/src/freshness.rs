//! Freshness: the nonce that evidence must carry, or the reason why it needs none.

use core::fmt;

use subtle::ConstantTimeEq;

/// A verifier's nonce: 1 to 1024 bytes. SNP reports and Azure's user-data have room for 64 of them, TPM
/// quotes for 50; Nitro documents of more than 512 are rare.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Nonce<'a>(&'a [u8]);

/// A nonce that is empty or longer than [`Nonce::MAX_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonceLengthError {
    /// The length in bytes.
    pub found_bytes: usize,
}

impl<'a> Nonce<'a> {
    /// The size limit of a nonce in bytes: that of the largest field of evidence for one.
    pub const MAX_BYTES: usize = 1024;

    /// A nonce of these bytes. Use sixteen or more random bytes, once.
    ///
    /// # Errors
    /// No bytes, which evidence without a nonce would match, or more than [`Nonce::MAX_BYTES`].
    pub const fn from_bytes(bytes: &'a [u8]) -> Result<Self, NonceLengthError> {
        match bytes.len() {
            1..=Self::MAX_BYTES => Ok(Self(bytes)),
            found_bytes => Err(NonceLengthError { found_bytes }),
        }
    }

    /// The bytes of the nonce.
    #[must_use]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether these bytes equal the whole nonce, compared in constant time.
    #[must_use]
    pub fn is(self, bytes: &[u8]) -> bool {
        equal(self.0, bytes)
    }
}

impl<'a> TryFrom<&'a [u8]> for Nonce<'a> {
    type Error = NonceLengthError;

    fn try_from(bytes: &'a [u8]) -> Result<Self, NonceLengthError> {
        Self::from_bytes(bytes)
    }
}

impl fmt::Debug for Nonce<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonce({})", crate::Hex(self.0))
    }
}

impl fmt::Display for NonceLengthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.found_bytes {
            0 => f.write_str("the nonce is empty"),
            bytes => write!(f, "nonce: expected at most {} bytes, got {bytes}", Nonce::MAX_BYTES),
        }
    }
}

impl core::error::Error for NonceLengthError {}

/// The freshness that the relying party requires of evidence: a nonce, or the reason of a waiver.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Freshness<'a> {
    /// The evidence must carry exactly this nonce.
    Nonce(Nonce<'a>),
    /// The evidence may be of any age, for this reason, which the result repeats as a waiver.
    Waived(&'a str),
}

impl<'a> Freshness<'a> {
    /// The evidence must carry exactly these bytes as its nonce.
    ///
    /// # Errors
    /// The same as [`Nonce::from_bytes`].
    pub fn nonce(bytes: &'a [u8]) -> Result<Self, NonceLengthError> {
        Nonce::from_bytes(bytes).map(Self::Nonce)
    }
}

impl<'a> From<Nonce<'a>> for Freshness<'a> {
    fn from(nonce: Nonce<'a>) -> Self {
        Self::Nonce(nonce)
    }
}

impl fmt::Debug for Freshness<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce(nonce) => nonce.fmt(f),
            Self::Waived(reason) => write!(f, "Waived({reason:?})"),
        }
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_has_1_to_1024_bytes() {
        let bytes = [7; Nonce::MAX_BYTES + 1];
        for length in [1, 16, 64, Nonce::MAX_BYTES] {
            let nonce = Nonce::from_bytes(&bytes[..length]).unwrap();
            assert_eq!(nonce.as_bytes(), &bytes[..length]);
            assert!(nonce.is(&bytes[..length]));
            assert!(!nonce.is(&bytes[..length - 1]));
            assert!(!nonce.is(&bytes[..length + 1]));
        }
        for found_bytes in [0, Nonce::MAX_BYTES + 1] {
            assert_eq!(Freshness::nonce(&bytes[..found_bytes]), Err(NonceLengthError { found_bytes }));
        }
    }
}
