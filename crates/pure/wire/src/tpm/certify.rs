//! TPMS_ATTEST of TPM2_Certify: the certification of a key in the same TPM.

use super::{Head, MAX_NAME, head, sized, whole};
use crate::Error;

/// The certification of a key, unverified. It borrows its input.
///
/// Shape: TPMS_ATTEST with TPMS_CERTIFY_INFO, big-endian: [`Head`], two TPM2B_NAME. With a nonce of n bytes
/// and Names of SHA-256 it has 141 + n bytes.
///
/// Source: TCG TPM 2.0 Library, Part 2, section 10.12.3 (TPMS_CERTIFY_INFO).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification<'a> {
    /// The signer, the nonce and the clock.
    pub head: Head<'a>,
    /// `name`, up to 66 bytes: the Name of the key, algorithm (2 bytes) and digest of its TPMT_PUBLIC.
    pub name: &'a [u8],
    /// `qualifiedName`, up to 66 bytes: the Qualified Name of the key, which depends on its parents.
    pub qualified_name: &'a [u8],
}

impl<'a> Certification<'a> {
    /// Parses a certification, which must fill `bytes`, without the size of a TPM2B_ATTEST: see
    /// [`attest_bytes`](super::attest_bytes).
    ///
    /// # Errors
    /// More than [`MAX_BYTES`](super::MAX_BYTES); another magic or type of attestation; a length out of its bounds; a `safe`
    /// other than 0 or 1; bytes after the end.
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
