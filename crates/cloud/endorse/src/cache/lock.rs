//! Locks among processes, by files.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::files;

/// A lock of one object. It ends when the value is dropped, and when the process ends.
#[derive(Debug)]
#[must_use = "the lock ends with the value"]
pub struct CacheLock {
    /// Closing the file ends the lock.
    file: File,
    contended: bool,
}

impl CacheLock {
    /// Whether another process or thread had the lock first.
    #[must_use]
    pub const fn was_contended(&self) -> bool {
        self.contended
    }

    /// The locked file.
    pub(super) const fn file(&self) -> &File {
        &self.file
    }
}

/// How often a lock that another process has is attempted again.
const INTERVAL: Duration = Duration::from_millis(15);

/// Locks the file, which is made if it is missing; `None` if another process or thread has the lock for longer.
pub(super) fn wait(path: &Path, patience: Duration) -> io::Result<Option<CacheLock>> {
    let mut options = OpenOptions::new();
    let file = files::open(options.read(true).write(true).create(true).truncate(false), path)?;
    let begun = Instant::now();
    let mut contended = false;
    loop {
        if attempt(&file)? {
            return Ok(Some(CacheLock { file, contended }));
        }
        contended = true;
        let Some(left) = patience.checked_sub(begun.elapsed()).filter(|left| !left.is_zero()) else {
            return Ok(None);
        };
        std::thread::sleep(INTERVAL.min(left));
    }
}

/// Locks an open file by flock(2): the lock belongs to this open file, so threads of one process exclude each other
/// too.
#[cfg(unix)]
fn attempt(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::Errno;
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Other systems have no lock here: processes may fetch one object twice, and each stores it whole.
#[cfg(not(unix))]
fn attempt(_file: &File) -> io::Result<bool> {
    Ok(true)
}
