//! Errors of minting. A wrong value is never an error.

use core::fmt;

/// Why something could not be made.
///
/// Wrong values are no errors here: making wrong evidence is half of what this crate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The cryptographic library could not make this kind of key.
    KeyGeneration(crate::Kind),
    /// A key of this kind cannot sign in this way.
    Signing(crate::Kind, crate::Scheme),
    /// A patch reaches over the end of what it patches.
    OutOfRange {
        /// Where the patch begins.
        offset: usize,
        /// How many bytes it has.
        len: usize,
    },
    /// A chain without any certificate.
    EmptyChain,
    /// A CBOR value that cannot be written.
    Cbor,
    /// Bytes that are not one CBOR map, as the payload of an attestation document is.
    NotAPayload,
    /// A text to be replaced in a JSON document is not part of it.
    AbsentText,
    /// Something needs the modulus of a key that has none.
    NoModulus(crate::Kind),
    /// Only the public half of the key is known.
    NoPrivateKey(crate::Kind),
    /// A number of this many bytes is no modulus of a kind of key that is known here.
    Modulus(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyGeneration(kind) => write!(f, "cannot make a key of kind {kind:?}"),
            Self::Signing(kind, scheme) => {
                write!(f, "a key of kind {kind:?} cannot sign with {scheme:?}")
            }
            Self::OutOfRange { offset, len } => {
                write!(f, "a patch of {len} bytes at offset {offset:#x} reaches over the end")
            }
            Self::EmptyChain => f.write_str("a chain without any certificate"),
            Self::Cbor => f.write_str("a CBOR value that cannot be written"),
            Self::NotAPayload => f.write_str("payload of an attestation document: expected one CBOR map"),
            Self::AbsentText => f.write_str("a text to be replaced is not part of the JSON document"),
            Self::NoModulus(kind) => write!(f, "a key of kind {kind:?} has no modulus"),
            Self::NoPrivateKey(kind) => {
                write!(f, "only the public half of this key of kind {kind:?} is known: it cannot sign")
            }
            Self::Modulus(len) => write!(f, "{len} bytes are no modulus of a known kind of key"),
        }
    }
}

impl core::error::Error for Error {}

/// Overwrites bytes at offsets, which must lie inside.
pub(crate) fn patch(bytes: &mut [u8], patches: &[(usize, Vec<u8>)]) -> Result<(), Error> {
    for (offset, patch) in patches {
        let (offset, len) = (*offset, patch.len());
        offset
            .checked_add(len)
            .and_then(|end| bytes.get_mut(offset..end))
            .ok_or(Error::OutOfRange { offset, len })?
            .copy_from_slice(patch);
    }
    Ok(())
}
