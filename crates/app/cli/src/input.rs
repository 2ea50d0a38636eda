//! What verbs read: files and standard input, bytes and nonces on the command line, times, the TPM, the Nitro security
//! module. Imports `output` alone.

pub(crate) mod bytes;
pub(crate) mod evidence_files;
pub(crate) mod image_file;
#[cfg(feature = "direct")]
pub(crate) mod nitro_tpm;
pub(crate) mod nsm;
pub(crate) mod overlap;
pub(crate) mod policy_file;
pub(crate) mod source;
pub(crate) mod time;
pub(crate) mod tpm;
