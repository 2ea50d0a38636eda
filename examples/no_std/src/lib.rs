//! A verifier without std: no files, no clock; evidence, nonce and time are the caller's.
//!
//! ```sh
//! cargo build -p teeproof-example-no-std --target thumbv7em-none-eabihf
//! ```
#![no_std]

use teeproof::{
    Evidence, Freshness, NonceLengthError, Policy, Request, RequestError, Technology, Time, verify,
};

/// Why evidence could not be verified at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The nonce is empty or too long.
    Nonce(NonceLengthError),
    /// The request makes no sense.
    Request(RequestError),
}

/// Whether a Nitro document was made for this nonce by an enclave in production mode; `now` in seconds since
/// 1970.
///
/// # Errors
/// Those of a request that makes no sense; a document that is not accepted is no error.
pub fn is_genuine(document: &[u8], nonce: &[u8], now: i64) -> Result<bool, Error> {
    let policy = Policy::genuine();
    let freshness = Freshness::nonce(nonce).map_err(Error::Nonce)?;
    let request =
        Request::new(Technology::Nitro, freshness, Time(now), &teeproof_rustcrypto::TABLE).policy(&policy);
    let result = verify(&Evidence::Nitro(document), &request).map_err(Error::Request)?;
    Ok(result.accepted().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &[u8] = include_bytes!("../../../testdata/nitro/production-us-east-2-2024-12.cose");

    #[test]
    fn only_the_document_with_the_nonce_is_genuine() {
        assert_eq!(is_genuine(DOCUMENT, b"another nonce of ours", 1_733_000_000), Ok(false));
        assert_eq!(is_genuine(DOCUMENT, b"", 0), Err(Error::Nonce(NonceLengthError { found_bytes: 0 })));
    }
}
