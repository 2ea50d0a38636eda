//! What lies beside the TPM: the boot log, the metadata service.

use std::path::Path;

use teeproof_endorse::azure_metadata_answers;
use teeproof_vtpm::read_event_log;

use super::Probe;
use crate::beside::http;
use crate::context::Context;

/// Whether there is a boot log.
pub(super) fn event_log(path: &Path) -> Probe {
    const NAME: &str = "boot log";
    match read_event_log(path) {
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
    match azure_metadata_answers(&http(context), url) {
        Ok(()) => Probe::good(NAME, format!("{url} answers")),
        Err(error) => {
            let fix = format!("{}; without it, hand the VCEK's chain to the verifier", error.hint());
            Probe::poor(NAME, error.to_string(), fix)
        }
    }
}
