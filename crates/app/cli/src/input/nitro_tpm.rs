//! The NitroTPM that is meant.

use std::io::ErrorKind;
use std::path::PathBuf;

use clap::Args;
use teeproof_vtpm::nitro_tpm::NitroTpmError;
use teeproof_vtpm::{Address, Class, Error, Tpm};

use super::tpm::tpm_fault;
use crate::output::fault::Fault;

/// The NitroTPM that is used.
#[derive(Clone, Debug, Args)]
pub(crate) struct NitroTpmArgs {
    /// The NitroTPM: device:PATH, swtpm:host=…,port=…, swtpm:path=…, mssim:host=…,port=… or tpmrm:host=…,port=…
    ///
    /// Without this option, the device is that of TPM_DEVICE, a path, as in AWS' nitro-tpm-attest, and otherwise /dev/tpm0:
    /// the kernel's resource manager, /dev/tpmrm0, may withhold the command. Sockets are those of teeproof-twin nitro-tpm.
    /// The TPM software stack (tss:) sends no commands of vendors.
    #[arg(long = "tpm", value_name = "ADDRESS", env = "TEEPROOF_TPM", hide_env_values = true)]
    address: Option<String>,
}

impl NitroTpmArgs {
    /// The address of the NitroTPM.
    fn address(&self) -> Result<Address, Fault> {
        if let Some(text) = self.address.as_ref().filter(|text| !text.is_empty()) {
            return text.parse().map_err(|error| tpm_fault(&error).in_file("--tpm"));
        }
        let named = std::env::var_os(TPM_DEVICE).filter(|path| !path.is_empty());
        Ok(Address::Device(named.map_or_else(|| NITRO_TPM.into(), PathBuf::from)))
    }

    /// Opens the NitroTPM.
    pub(crate) fn open(&self) -> Result<Box<dyn Tpm>, Fault> {
        teeproof_vtpm::open(&self.address()?).map_err(|error| match &error {
            Error::Open { source, .. } if source.kind() == ErrorKind::ResourceBusy => {
                Fault::device(error.to_string(), BUSY)
            }
            error => tpm_fault(error),
        })
    }
}

/// The variable of AWS' nitro-tpm-attest: the path of a device.
const TPM_DEVICE: &str = "TPM_DEVICE";
/// The device of a NitroTPM, without the kernel's resource manager.
const NITRO_TPM: &str = "/dev/tpm0";

/// The hint for a device that another program has open: the resource manager's is not another way to it.
const BUSY: &str = "another program has the device open: end it, and try again";

/// The fault of an error of a NitroTPM, with its exit code.
pub(crate) fn nitro_tpm_fault(error: &NitroTpmError) -> Fault {
    if let NitroTpmError::Tpm(error) = error {
        return tpm_fault(error);
    }
    let (message, hint) = (error.to_string(), error.hint());
    match error.class() {
        Class::Usage => Fault::usage(message, hint),
        Class::Malformed => Fault::malformed(message, hint),
        _ => Fault::device(message, hint),
    }
}
