//! TPMS_ATTEST of TPM2_Certify: the certification of a key in the same TPM.

use super::{Head, MAX_NAME, head, sized, whole};
use crate::Error;

/// The certification of a key, unverified. It borrows its input.
///
/// Shape: TPMS_ATTEST, big-endian. A certification with a nonce of n bytes and names of SHA-256 has
/// 141 + n bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.3 (TPMS_CERTIFY_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification<'a> {
    /// The signer, the nonce and the clock.
    pub head: Head<'a>,
    /// The Name of the key: algorithm (2 bytes) and digest of its public area, up to 66 bytes.
    pub name: &'a [u8],
    /// The Qualified Name of the key, which depends on its parents too: up to 66 bytes.
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
