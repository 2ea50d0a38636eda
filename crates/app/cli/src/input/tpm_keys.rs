//! The two keys of a TPM that have certificates: attestation key and endorsement key.

use teeproof_vtpm::{Error, Tpm, ak_certificate, ek_certificate, handles};

use crate::input::tpm::fault;
use crate::output::fault::Fault;

/// Reads a certificate, if there is one.
type Fetch = fn(&mut dyn Tpm) -> Result<Option<Vec<u8>>, Error>;

/// TpmKey of the two keys.
pub(crate) struct TpmKey {
    pub(crate) handle: u32,
    pub(crate) name: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) certificate: Fetch,
}

/// The attestation key.
pub(crate) const AK: TpmKey = TpmKey {
    handle: handles::AK,
    name: "attestation key",
    hint: "the paravisor of a confidential VM makes one; teeproof doctor tells which TPM this is",
    certificate: ak_certificate,
};

/// The endorsement key.
pub(crate) const EK: TpmKey = TpmKey {
    handle: handles::EK,
    name: "endorsement key",
    hint: "Azure's paravisor does not keep it at a handle; the operating system may",
    certificate: ek_certificate,
};

/// What was asked of the key failed; that there is no such key is said in words of its own.
pub(crate) fn failed(which: &TpmKey, error: &Error) -> Fault {
    if error.is_absent() {
        return Fault::device(format!("this TPM has no {} ({:#010x})", which.name, which.handle), which.hint);
    }
    fault(error)
}
