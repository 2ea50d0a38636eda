//! Keys in a TPM, and what they sign.

/// The public part of an object: TPM2_ReadPublic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicObject {
    /// TPMT_PUBLIC, in bytes.
    pub public: Vec<u8>,
    /// Algorithm and digest of the public area.
    pub name: Vec<u8>,
    /// The name of the object under its hierarchy.
    pub qualified_name: Vec<u8>,
}

/// A primary key that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Where it is until it is flushed.
    pub handle: u32,
    /// TPMT_PUBLIC, in bytes.
    pub public: Vec<u8>,
    /// Algorithm and digest of the public area.
    pub name: Vec<u8>,
}

/// What a TPM attests, and the signature over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// TPMS_ATTEST, exactly the bytes that were signed.
    pub message: Vec<u8>,
    /// TPMT_SIGNATURE, in bytes.
    pub signature: Vec<u8>,
}
