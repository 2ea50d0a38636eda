//! An address opened as a TPM, over the transports that this build has.

use crate::{Address, Error, Tpm};

/// Opens the TPM at an address.
///
/// # Errors
/// The device is missing or may not be used, nobody listens, or this build cannot reach such an
/// address.
pub fn open(address: &Address) -> Result<Box<dyn Tpm>, Error> {
    match address {
        #[cfg(feature = "tss")]
        Address::Tss(tcti) => Ok(Box::new(crate::tss::Stack::open(tcti)?)),
        #[cfg(not(feature = "tss"))]
        Address::Tss(_) => Err(not_built(address, "tss")),
        // No library of the stack keeps a connection to a socket.
        #[cfg(not(feature = "direct"))]
        Address::Tpmrm(..) => Err(not_built(address, "direct")),
        #[cfg(feature = "direct")]
        _ => Ok(Box::new(crate::direct::Direct::open(address)?)),
        #[cfg(all(feature = "tss", not(feature = "direct")))]
        _ => Ok(Box::new(crate::tss::Stack::open(&address.to_string())?)),
        #[cfg(not(any(feature = "tss", feature = "direct")))]
        _ => Err(not_built(address, "direct")),
    }
}

#[cfg(not(all(feature = "tss", feature = "direct")))]
fn not_built(address: &Address, feature: &'static str) -> Error {
    Error::NotBuilt { address: address.to_string(), feature }
}
