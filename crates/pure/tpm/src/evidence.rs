//! Untrusted evidence of an attester: a quote and its PCR values, a key and its certification.

/// An unverified quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote<'a> {
    /// TPMS_ATTEST, or the same after its size (TPM2B_ATTEST).
    pub message: &'a [u8],
    /// The signature over the TPMS_ATTEST: 256 bytes, or a TPMT_SIGNATURE that contains them.
    pub signature: &'a [u8],
}

impl<'a> Quote<'a> {
    /// A quote of this TPMS_ATTEST (or TPM2B_ATTEST) with its signature.
    #[must_use]
    pub const fn new(message: &'a [u8], signature: &'a [u8]) -> Self {
        Self { message, signature }
    }
}

/// The unverified PCR values of a quote, which itself has only their digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcrValues<'a> {
    /// Values by PCR index, 0 to 23. Those of PCRs that the quote does not select are dropped.
    Indexed(&'a [Option<[u8; 32]>; 24]),
    /// Values of 32 bytes each, concatenated in ascending order of the PCRs that the quote selects.
    InSelectionOrder(&'a [u8]),
}

/// An unverified certification of a key by TPM2_Certify, with the key's public area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificationEvidence<'a> {
    /// TPMS_ATTEST of TPM2_Certify, or the same after its size (TPM2B_ATTEST).
    pub message: &'a [u8],
    /// The signature over the TPMS_ATTEST: 256 bytes, or a TPMT_SIGNATURE that contains them.
    pub signature: &'a [u8],
    /// The key's TPMT_PUBLIC, or the same after its size (TPM2B_PUBLIC).
    pub public: &'a [u8],
}

impl<'a> CertificationEvidence<'a> {
    /// A TPMS_ATTEST of TPM2_Certify (or TPM2B_ATTEST), its signature, and the TPMT_PUBLIC (or TPM2B_PUBLIC) of
    /// the certified key.
    #[must_use]
    pub const fn new(message: &'a [u8], signature: &'a [u8], public: &'a [u8]) -> Self {
        Self { message, signature, public }
    }
}
