//! What can be said of an attestation document without verifying it: that it has the frame of one, and whose nonce it
//! carries.

use core::fmt;

use teeproof_core::{Hex, equal};
use teeproof_wire::cose::Sign1;
use teeproof_wire::nitro::{Document, Limits};

/// A document that is no answer to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocumentError {
    /// Not a COSE_Sign1 under ES384 around the payload of an enclave's document.
    Form(teeproof_wire::Error),
    /// Another nonce than the requested one.
    Nonce {
        /// The requested nonce.
        expected: Vec<u8>,
        /// The nonce of the document.
        got: Option<Vec<u8>>,
    },
}

impl DocumentError {
    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Form(_) => {
                "inspect what it is; a module that does not sign, such as QEMU's, has no evidence to give"
            }
            Self::Nonce { .. } => "request it again with a fresh nonce; this document may be a replay",
        }
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(error) => write!(f, "not an attestation document: {error}"),
            Self::Nonce { expected, got } => {
                write!(f, "nonce of the document: expected {}, got ", Hex(expected))?;
                match got {
                    Some(got) => Hex(got).fmt(f),
                    None => f.write_str("none"),
                }
            }
        }
    }
}

impl core::error::Error for DocumentError {}

/// Checks that these bytes have the frame of an attestation document, and that it carries this nonce; `None`: any.
///
/// This is not verification: neither the signature nor the certificates are read, and anybody can make such bytes.
///
/// # Errors
/// Another form, or another nonce.
pub fn check_document(document: &[u8], nonce: Option<&[u8]>) -> Result<(), DocumentError> {
    let frame = Sign1::parse(document).map_err(DocumentError::Form)?;
    let payload = Document::parse_with_unknown_keys(
        frame.payload(),
        frame.payload_offset(),
        &Limits::of_fields(crate::MAX_REQUEST),
        &mut |_, _| {},
    )
    .map_err(DocumentError::Form)?;
    match (nonce, payload.nonce) {
        (None, _) => Ok(()),
        (Some(expected), Some(got)) if equal(expected, got) => Ok(()),
        (Some(expected), got) => {
            Err(DocumentError::Nonce { expected: expected.to_vec(), got: got.map(<[u8]>::to_vec) })
        }
    }
}
