//! Files of the cache: bounded reading, replacement by rename, modification times.

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

/// Whether this is the name of a body: a SHA-256 in lower-case hex.
pub(super) fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The key in the name of an entry's or a refusal's file.
pub(super) fn key(name: &str) -> Option<&str> {
    name.strip_suffix(".json").filter(|key| is_digest(key))
}

/// Whether this is the name of a file that is being written: two numbers.
pub(super) fn is_temporary(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('-').is_some_and(|(process, number)| is_number(process) && is_number(number))
}

/// The error of a file or folder.
pub(super) fn fault(path: &Path, error: &io::Error) -> Error {
    let (path, reason) = (path.display().to_string(), error.to_string());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::CacheFull { path, reason },
        _ => Error::Cache { path, reason },
    }
}

/// Opens a regular file, and makes it for this user alone if the options say so. No symbolic link is followed, and a
/// pipe does not wait for its other end.
pub(super) fn open(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("expected a regular file")) }
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
    let file = open(OpenOptions::new().read(true), path).ok()?;
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
        match open(options.write(true).create_new(true), &path) {
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
    let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let since = metadata.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some((metadata.len(), Time(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))))
}

/// Sets the modification time; a file that is not there any more, or of another user, stays as it is.
pub(super) fn set_time(path: &Path, now: Time) {
    if let Ok(file) = open(OpenOptions::new().append(true), path) {
        let _ = file.set_modified(system_time(now));
    }
}

/// Removes a file; whether it is gone, which it may have been already.
pub(super) fn remove(path: &Path) -> bool {
    fs::remove_file(path).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true)
}

fn system_time(time: Time) -> SystemTime {
    let since = Duration::from_secs(u64::try_from(time.0).unwrap_or_default());
    SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_no_mistake_of_usage() {
        let path = Path::new("cache/new/1-1");
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
            assert!(matches!(fault(path, &kind.into()), Error::CacheFull { .. }), "{kind}");
        }
        assert!(matches!(fault(path, &io::ErrorKind::PermissionDenied.into()), Error::Cache { .. }));
    }

    #[test]
    fn names_of_a_cache() {
        let digest = digest(b"");
        assert!(is_digest(&digest) && key(&[&digest, ".json"].concat()) == Some(&digest));
        for other in ["", "junk", &digest[1..], &digest.to_uppercase(), &[&digest, "0"].concat()] {
            assert!(!is_digest(other) && key(&[other, ".json"].concat()).is_none(), "{other}");
        }
        assert!(key(&digest).is_none() && is_temporary("1-2"));
        assert!(["", "-", "1-", "-1", "a-1", "1-2-3", "12"].iter().all(|name| !is_temporary(name)));
    }
}
