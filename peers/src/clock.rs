//! Clock of the peers that read the system's time instead of taking it as an argument. `cargo xtask peers` starts
//! them under Debian's libfaketime, which reads the time from a file written here.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Outcome;

/// Makes the system's clock say `at`, in seconds since 1970, for this whole process.
///
/// # Errors
/// The process does not run under libfaketime with a file that names the time.
pub fn set(at: u64) -> Outcome {
    let path = std::env::var_os(FILE).map(PathBuf::from);
    let path = path.ok_or_else(|| format!("{FILE} is not set: run through `cargo xtask peers`"))?;
    std::fs::write(&path, format!("{at}\n")).map_err(|e| format!("{}: {e}", path.display()))?;
    if reads(at) { Ok(()) } else { Err(format!("the clock does not follow {FILE}")) }
}

/// Whether the system's clock says `at`, to a few seconds.
#[must_use]
pub fn reads(at: u64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    now.abs_diff(at) < 5
}

/// The variable that names libfaketime's file.
const FILE: &str = "FAKETIME_TIMESTAMP_FILE";
