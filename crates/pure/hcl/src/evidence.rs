//! What came from the machine, unbelieved.

use teeproof_tpm::{PcrValues, Quote};

/// The evidence of an Azure confidential VM, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The paravisor's report, from NV index 0x01400001 of the vTPM.
    pub report: &'a [u8],
    /// The quote that Azure's service made of the TDREPORT (TDX).
    pub td_quote: Option<&'a [u8]>,
    /// A quote of the vTPM under its attestation key.
    pub quote: Option<Quote<'a>>,
    /// Register values beside the quote.
    pub pcrs: Option<PcrValues<'a>>,
    /// The binary boot log.
    pub log: Option<&'a [u8]>,
    /// Whether the protocol that carried this says that the nonce is the claims' user-data too, as
    /// version 2 of Confidential Containers does.
    pub nonce_in_user_data: bool,
}
