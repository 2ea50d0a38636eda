//! The crate `attestation-doc-validation`: an attestation document of a Nitro enclave at the time
//! that the system's clock says, see [`crate::clock`].

use ::attestation_doc_validation::attestation_doc::decode_attestation_document;
use ::attestation_doc_validation::error::{AttestError, AttestationError};
use ::attestation_doc_validation::validate_attestation_doc;

use crate::{Outcome, sentence};

/// What it is called.
pub const NAME: &str = "attestation-doc-validation 0.10.1";

/// Parses and verifies a document now.
///
/// # Errors
/// The peer's own words.
pub fn verify(document: &[u8]) -> Outcome {
    validate_attestation_doc(document).map_err(sentence)
}

/// Reads the document and checks its structure, without certificates and signatures.
///
/// # Errors
/// The peer's own words.
pub fn reads(document: &[u8]) -> Outcome {
    decode_attestation_document(document).map(drop).map_err(sentence)
}

/// Whether its chain holds now, whatever its own signature is worth.
///
/// # Errors
/// The peer's own words, where it stopped before the document's signature.
pub fn chain(document: &[u8]) -> Outcome {
    match validate_attestation_doc(document) {
        Err(AttestError::AttestationError(AttestationError::InvalidCoseSignature)) => Ok(()),
        outcome => outcome.map_err(sentence),
    }
}
