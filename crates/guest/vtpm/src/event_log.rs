//! The TCG event log, as the kernel exports it.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use teeproof_wire::eventlog::MAX_BYTES;

/// Where Linux shows the log of its first TPM.
pub const EVENT_LOG: &str = "/sys/kernel/security/tpm0/binary_bios_measurements";

/// The event log is missing or cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoLog {
    /// There is no such file: the firmware passed no log on, or securityfs is not mounted.
    Absent(PathBuf),
    /// The file is empty, as on some of Azure's machines.
    Empty(PathBuf),
    /// Only the superuser may read it.
    Denied(PathBuf),
    /// It is longer than any log.
    TooLarge(PathBuf),
    /// It cannot be read.
    Unreadable(PathBuf, io::Error),
}

impl core::fmt::Display for NoLog {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Absent(path) => write!(f, "{} is not there", path.display()),
            Self::Empty(path) => write!(f, "{} is empty", path.display()),
            Self::Denied(path) => write!(f, "{} may not be read", path.display()),
            Self::TooLarge(path) => write!(f, "{} has more than {MAX_BYTES} bytes", path.display()),
            Self::Unreadable(path, error) => write!(f, "{} cannot be read: {error}", path.display()),
        }
    }
}

impl core::error::Error for NoLog {}

impl NoLog {
    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Absent(_) => {
                "mount -t securityfs none /sys/kernel/security; in a container, pass that folder in"
            }
            Self::Denied(_) => "run as root, or let a service that may read it hand it over",
            Self::Empty(_) => "verify without the log: the PCRs are quoted all the same",
            Self::TooLarge(_) | Self::Unreadable(..) => "name another file",
        }
    }
}

/// Reads the log, at most [`MAX_BYTES`] of it.
///
/// # Errors
/// The log is missing, or it cannot be read.
pub fn read_event_log(path: &Path) -> Result<Vec<u8>, NoLog> {
    let mut log = Vec::new();
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    // The kernel says that its files have no length, so the size is not requested first.
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut log));
    match read {
        Ok(0) => Err(NoLog::Empty(path.into())),
        Ok(_) if log.len() > MAX_BYTES => Err(NoLog::TooLarge(path.into())),
        Ok(_) => Ok(log),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoLog::Absent(path.into())),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(NoLog::Denied(path.into())),
        Err(error) => Err(NoLog::Unreadable(path.into(), error)),
    }
}
