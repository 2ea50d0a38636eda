//! The crate `nitro_attest`: an attestation document of a Nitro enclave at a time that it is given,
//! under the root whose fingerprint it was built with.

use ::nitro_attest::{Error, UnparsedAttestationDoc};
use time::OffsetDateTime;

use crate::{Outcome, sentence};

/// What it is called.
pub const NAME: &str = "nitro_attest 0.2.0";

/// Parses and verifies a document at `at`, in seconds since 1970.
///
/// # Errors
/// The peer's own words.
pub fn verify(document: &[u8], at: u64) -> Outcome {
    ask(document, at)?.map_err(sentence)
}

/// Whether it can read the document, whatever its certificates and signatures are worth.
///
/// # Errors
/// The peer's own words, where it stopped at the form of the document.
pub fn reads(document: &[u8], at: u64) -> Outcome {
    match ask(document, at)? {
        Err(
            error @ (Error::CoseSignatureMalformed(_)
            | Error::CosePayloadMissing
            | Error::CosePayloadMalformed { .. }),
        ) => Err(sentence(error)),
        _ => Ok(()),
    }
}

/// Whether its chain holds, whatever its own signature is worth.
///
/// # Errors
/// The peer's own words, where it stopped before the document's signature.
pub fn chain(document: &[u8], at: u64) -> Outcome {
    match ask(document, at)? {
        Err(Error::CoseSignatureVerificationFailed() | Error::CoseTimestampInvalid { .. }) => Ok(()),
        outcome => outcome.map_err(sentence),
    }
}

fn ask(document: &[u8], at: u64) -> Outcome<::nitro_attest::Result<()>> {
    let at = i64::try_from(at).map_err(sentence)?;
    let at = OffsetDateTime::from_unix_timestamp(at).map_err(sentence)?;
    Ok(UnparsedAttestationDoc::from(document).parse_and_verify(at).map(drop))
}
