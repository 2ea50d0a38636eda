//! The crate `dcap-qvl`: TD quotes under Intel's collateral, at a time that it is given, over ring.

use crate::Outcome;

/// What it is called.
pub const NAME: &str = "dcap-qvl 0.7.1";

/// Its collateral: texts as a provisioning certification service sends them.
pub use ::dcap_qvl::QuoteCollateralV3 as Collateral;

/// Reads collateral from its own JSON.
///
/// # Errors
/// The peer's own words.
pub fn collateral(json: &str) -> Outcome<Collateral> {
    serde_json::from_str(json).map_err(crate::sentence)
}

/// Verifies a quote under collateral at `at`, in seconds since 1970. Debug TDs and TDs with service TDs are refused, as
/// it does by default; every TCB status is accepted.
///
/// # Errors
/// The peer's own words.
pub fn verify(quote: &[u8], collateral: &Collateral, at: u64) -> Outcome {
    ::dcap_qvl::verify::verify(quote, collateral, at).map(drop).map_err(|error| format!("{error:#}"))
}

/// The same under another root than Intel's, DER.
///
/// # Errors
/// The peer's own words.
pub fn verify_under(root: &[u8], quote: &[u8], collateral: &Collateral, at: u64) -> Outcome {
    let verifier: ::dcap_qvl::verify::QuoteVerifier = ::dcap_qvl::verify::QuoteVerifier::new(root.to_vec());
    verifier.verify(quote, collateral, at).map(drop).map_err(|error| format!("{error:#}"))
}
