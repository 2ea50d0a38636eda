//! What comes from the attester: a quote and the registers beside it, a key and its certification.
//! Nothing here is believed.

/// A quote as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote<'a> {
    /// TPMS_ATTEST, or the same behind its size (TPM2B_ATTEST).
    pub message: &'a [u8],
    /// The signature over the TPMS_ATTEST: 256 bytes, or a TPMT_SIGNATURE that holds them.
    pub signature: &'a [u8],
}

impl<'a> Quote<'a> {
    /// A quote of this TPMS_ATTEST (or TPM2B_ATTEST) with its signature.
    #[must_use]
    pub const fn new(message: &'a [u8], signature: &'a [u8]) -> Self {
        Self { message, signature }
    }
}

/// The values of registers as they came beside a quote. The quote holds their digest alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PcrValues<'a> {
    /// Each value with its register's number. Those of registers that the quote did not sign are
    /// dropped.
    Indexed(&'a [Option<[u8; 32]>; 24]),
    /// Values of 32 bytes one after the other, in the order of the quote's own selection; their
    /// numbers are those that the quote signed.
    InSelectionOrder(&'a [u8]),
}

/// A key that was made in the TPM, and the TPM's word for it, as they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificationEvidence<'a> {
    /// TPMS_ATTEST of TPM2_Certify, or the same behind its size (TPM2B_ATTEST).
    pub message: &'a [u8],
    /// The signature over the TPMS_ATTEST: 256 bytes, or a TPMT_SIGNATURE that holds them.
    pub signature: &'a [u8],
    /// The key's TPMT_PUBLIC, or the same behind its size (TPM2B_PUBLIC).
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
