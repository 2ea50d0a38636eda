//! Which TPM is meant, and what its failures mean for the person who asked.

use clap::Args;
use teeproof_vtpm::{Address, Class, Error, Tpm};

use crate::output::fault::Fault;

/// Which TPM.
#[derive(Clone, Debug, Args)]
pub(crate) struct TpmArgs {
    /// The TPM: device:PATH, swtpm:host=…,port=…, swtpm:path=…, mssim:host=…,port=…, tpmrm:host=…,port=…,
    /// or tss:TCTI
    ///
    /// Only a character device is opened as a device. Without it, TPM2TOOLS_TCTI and TCTI are looked at, as the TPM software stack does, and then
    /// it is device:/dev/tpmrm0. `tpmrm:` is a resource manager over TCP, such as that of teeproof-twin:
    /// one connection is kept. `tss:` needs a build with the feature tss.
    #[arg(long = "tpm", global = true, value_name = "ADDRESS", env = "TEEPROOF_TPM", hide_env_values = true)]
    address: Option<String>,
}

impl TpmArgs {
    /// Where the TPM is.
    pub(crate) fn address(&self) -> Result<Address, Fault> {
        let (text, name) = match &self.address {
            Some(text) => (text.clone(), "--tpm"),
            None => match STACK_VARIABLES.iter().find_map(|name| Some((set(name)?, *name))) {
                Some(found) => found,
                None => return Ok(Address::default()),
            },
        };
        text.parse().map_err(|error| fault(&error).in_file(name))
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Box<dyn Tpm>, Fault> {
        teeproof_vtpm::open(&self.address()?).map_err(|error| fault(&error))
    }
}

/// A variable that is empty counts as one that is not set.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What tpm2-tools and the TPM software stack look at.
const STACK_VARIABLES: [&str; 2] = ["TPM2TOOLS_TCTI", "TCTI"];

/// The failure of a TPM, with its exit code.
pub(crate) fn fault(error: &Error) -> Fault {
    let (message, hint) = (error.to_string(), error.hint());
    match error.class() {
        Class::Usage => Fault::usage(message, hint),
        Class::Malformed => Fault::malformed(message, hint),
        Class::NotFresh => Fault::not_fresh(message, hint),
        Class::Unsteady => Fault::not_bound(message, hint),
        _ => Fault::device(message, hint),
    }
}
