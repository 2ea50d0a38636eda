//! Files of the cache: bounded reading, replacement by rename, modification times.

use core::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use teeproof_core::{Hex, Time};

use crate::Error;

/// The SHA-256 of bytes, in lower-case hex.
pub(super) fn digest(bytes: &[u8]) -> String {
    Hex(Sha256::digest(bytes).as_slice()).to_string()
}

pub(super) fn fault(path: &Path, reason: &dyn fmt::Display) -> Error {
    Error::Cache { path: path.display().to_string(), reason: reason.to_string() }
}

/// Makes a folder and those above it, for this user alone.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// The content of a file of at most so many bytes.
pub(super) fn read(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let file = File::open(path).ok()?;
    let mut content = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut content).ok()?;
    (u64::try_from(content.len()).ok()? <= limit).then_some(content)
}

/// Writes a file under a new name in `folder`, gives it the time, and renames it to `path`.
pub(super) fn replace(folder: &Path, path: &Path, content: &[u8], now: Time) -> io::Result<()> {
    let (temporary, mut file) = create(folder)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.set_modified(system_time(now)))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        remove(&temporary);
    }
    written
}

/// A new file that no other process has.
fn create(folder: &Path) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    const ATTEMPTS: u32 = 1000;
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for _ in 0..ATTEMPTS {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(file) => return Ok((path, file)),
            // Left by a process of the same number, or used by one in another container.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// The names of the files in a folder; empty if it cannot be read.
pub(super) fn names(folder: &Path) -> impl Iterator<Item = String> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// Size and modification time.
pub(super) fn size_and_time(path: &Path) -> Option<(u64, Time)> {
    let metadata = fs::metadata(path).ok()?;
    let since = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some((metadata.len(), Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))))
}

/// Sets the modification time; a file that is not there any more, or of another user, stays as it is.
pub(super) fn set_time(path: &Path, now: Time) {
    if let Ok(file) = OpenOptions::new().append(true).open(path) {
        let _ = file.set_modified(system_time(now));
    }
}

/// Removes a file; it may be gone already.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path);
}

fn system_time(time: Time) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(time.0).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}
