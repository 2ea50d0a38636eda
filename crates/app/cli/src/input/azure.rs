//! What lies beside the TPM of an Azure VM, and where: the boot log, the instance metadata.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use teeproof_endorse::{AZURE_METADATA, Http};
use teeproof_vtpm::EVENT_LOG;

/// Where the boot log is.
#[derive(Debug, Args)]
pub(crate) struct EventLogArgs {
    /// The boot log
    #[arg(long, value_name = "FILE", default_value = EVENT_LOG)]
    #[arg(env = "TEEPROOF_EVENT_LOG", hide_env_values = true)]
    pub(crate) event_log: PathBuf,
}

/// Where Azure's instance metadata is.
#[derive(Debug, Args)]
pub(crate) struct MetadataArgs {
    /// Azure's instance metadata, which has the VCEK's chain
    #[arg(long, value_name = "URL", default_value = AZURE_METADATA)]
    #[arg(env = "TEEPROOF_IMDS", hide_env_values = true)]
    pub(crate) imds: String,
}

/// How long the metadata service is waited for. It is on the same host.
const PATIENCE: Duration = Duration::from_secs(3);

/// The client of the metadata service.
pub(crate) fn http(timeout: Option<Duration>) -> Http {
    Http::new(timeout.unwrap_or(PATIENCE))
}
