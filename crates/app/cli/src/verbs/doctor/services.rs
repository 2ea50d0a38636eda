//! What lies beside the TPM: the boot log, the metadata service.

use std::path::Path;

use teeproof_endorse::azure_metadata_answers;
use teeproof_vtpm::NoLog;

use super::probe::Probe;
use crate::input::azure::http;
use crate::settings::context::Context;

/// Whether whoever runs this may use what collecting uses.
pub(super) fn permissions(opened: bool, log: &Result<Vec<u8>, NoLog>) -> Probe {
    const NAME: &str = "permissions";
    match log {
        _ if !opened => Probe::skipped(NAME, "the TPM could not be opened: see there"),
        Err(none @ NoLog::Denied(_)) => {
            Probe::poor(NAME, "the TPM may be used, the boot log not", none.hint())
        }
        _ => Probe::good(NAME, "the TPM may be used, and nothing was denied"),
    }
}

/// Whether there is a boot log.
pub(super) fn event_log(path: &Path, log: Result<Vec<u8>, NoLog>) -> Probe {
    const NAME: &str = "boot log";
    match log {
        Ok(log) => Probe::good(NAME, format!("{}, {} bytes", path.display(), log.len())),
        Err(none) => Probe::poor(NAME, format!("none: {none}"), none.hint()),
    }
}

/// Whether Azure's instance metadata answers.
pub(super) fn metadata(url: &str, context: &Context) -> Probe {
    const NAME: &str = "instance metadata";
    if context.offline {
        return Probe::skipped(NAME, "not asked, --offline was given");
    }
    match azure_metadata_answers(&http(context.timeout), url) {
        Ok(()) => Probe::good(NAME, format!("{url} answers")),
        Err(error) => {
            let fix = format!("{}; without it, hand the VCEK's chain to the verifier", error.hint());
            Probe::poor(NAME, error.to_string(), fix)
        }
    }
}
