//! A TPM's word that a key is its own: TPMS_ATTEST of TPM2_Certify.

use super::{Head, MAX_NAME, head, sized, whole};
use crate::Error;

/// What a TPM attests of a key in it, unverified. It borrows the bytes it was read from.
///
/// Shape: TPMS_ATTEST, big-endian. A certification with a nonce of n bytes and names of SHA-256 has
/// 141 + n bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.3 (TPMS_CERTIFY_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification<'a> {
    /// Who signed, for which question, and when.
    pub head: Head<'a>,
    /// The name of the key: an algorithm, and the digest of its public area.
    pub name: &'a [u8],
    /// The name of the key under those of its parents.
    pub qualified_name: &'a [u8],
}

impl<'a> Certification<'a> {
    /// Reads a certification, which must fill `bytes`; a size prefix (TPM2B_ATTEST) is not part of
    /// it: see [`attest_bytes`](super::attest_bytes).
    ///
    /// # Errors
    /// Another magic or another kind of attestation; a length out of its bounds; a `safe` that is
    /// neither 0 nor 1; bytes after the end.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        whole(bytes, |reader| {
            Ok(Self {
                head: Head::read(reader, &head::CERTIFICATION)?,
                name: sized(reader, "TPMS_ATTEST: name", MAX_NAME)?,
                qualified_name: sized(reader, "TPMS_ATTEST: qualifiedName", MAX_NAME)?,
            })
        })
    }
}
