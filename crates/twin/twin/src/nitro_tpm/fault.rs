//! Faults of a NitroTPM.

use clap::ValueEnum;

/// What goes wrong. All but [`Fault::Taken`] and [`Fault::Undefine`] concern the vendor command alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Fault {
    /// The TPM does not have the vendor command: TPM_RC_COMMAND_CODE
    NoCommand,
    /// A resource manager withholds the vendor command
    ResourceManager,
    /// The vendor command fails: TPM_RC_FAILURE
    Failure,
    /// The vendor command is to be sent again, twice: TPM_RC_RETRY
    Retry,
    /// The HMAC of the response is wrong
    ResponseHmac,
    /// The response is cut after its header, and says that it has more
    ResponseCut,
    /// The command succeeds, and the buffer still has the request
    NoAnswer,
    /// The answer says that it has 60,000 bytes
    TooLong,
    /// The answer is cut in the middle of the document
    Cut,
    /// The answer is not CBOR
    Garbage,
    /// The answer is the error InternalError
    InternalError,
    /// The document has another nonce
    Nonce,
    /// The first index is defined by another program just before
    Taken,
    /// The index cannot be undefined: TPM_RC_NV_AUTHORIZATION
    Undefine,
}
