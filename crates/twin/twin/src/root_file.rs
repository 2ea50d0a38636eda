//! The file of the twin's trust anchor: written atomically, and never over another program's file.

use core::error::Error;
use core::fmt;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use teeproof_twin::is_twin_root;

/// Most running twins of one folder without `--root`.
const MAX_TWINS: u32 = 64;
/// Read limit. No certificate of a twin is as large.
const MAX_BYTES: u64 = 64 * 1024;

/// The file with the trust anchor of this process. It is locked until this is dropped, so that other twins
/// do not replace it; the file remains.
#[derive(Debug)]
pub(crate) struct RootFile {
    pub(crate) path: PathBuf,
    /// What happened to an existing file, for the user.
    pub(crate) remark: Option<String>,
    _lock: File,
}

/// Error of writing the file.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The path is taken: a usage error.
    Usage(String),
    /// The file system failed.
    Io(String),
}

/// What exists at a path.
enum There {
    Nothing,
    /// The root of a running twin.
    Living,
    /// The root of a twin that has ended, locked against replacement by other twins.
    Ended(#[expect(dead_code, reason = "kept for its lock")] File),
    Other(&'static str),
}

impl RootFile {
    /// Writes a trust anchor to this path, which is `flag`'s value.
    pub(crate) fn write_to(path: &Path, flag: &str, root: &[u8]) -> Result<Self, Refused> {
        Self::at(path, flag, root)?.ok_or_else(|| {
            let what = "is the trust anchor of a twin that is running: give another";
            Refused::Usage(format!("{} {what} {flag}", path.display()))
        })
    }

    /// Writes a trust anchor to this path, or to the first default name that no running twin has locked.
    pub(crate) fn write(path: Option<&Path>, root: &[u8]) -> Result<Self, Refused> {
        const FLAG: &str = "--root";
        if let Some(path) = path {
            return Self::write_to(path, FLAG, root);
        }
        let first = default_path(1);
        for number in 1..=MAX_TWINS {
            if let Some(mut written) = Self::at(&default_path(number), FLAG, root)? {
                if number > 1 {
                    let remark = "is the trust anchor of another twin that is running";
                    written.remark = Some(format!("{} {remark}, and stays as it is", first.display()));
                }
                return Ok(written);
            }
        }
        let what = "all default names for the trust anchor belong to twins that are running: give --root";
        Err(Refused::Usage(what.to_owned()))
    }

    /// Writes to this path; `None` if a running twin has locked it.
    fn at(path: &Path, flag: &str, root: &[u8]) -> Result<Option<Self>, Refused> {
        let failed = |error: io::Error| Refused::Io(format!("writing {}: {error}", path.display()));
        loop {
            let there = There::look(path).map_err(failed)?;
            let remark = match &there {
                There::Living => return Ok(None),
                There::Other(what) => {
                    let what = format!("{} {what}: give another {flag}, or move it away", path.display());
                    return Err(Refused::Usage(what));
                }
                There::Nothing => None,
                There::Ended(_) => {
                    Some(format!("{}: replaced the trust anchor of a twin that has ended", path.display()))
                }
            };
            let part = Part::write(path, root).map_err(failed)?;
            let moved = if remark.is_some() { part.replace(path) } else { part.place(path) };
            match moved {
                Ok(lock) => return Ok(Some(Self { path: path.to_owned(), remark, _lock: lock })),
                // Another twin was faster: inspect its file.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
    }
}

impl There {
    fn look(path: &Path) -> io::Result<Self> {
        loop {
            match fs::symlink_metadata(path) {
                Ok(there) if there.is_file() => {}
                Ok(_) => return Ok(Self::Other("is no regular file")),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::Nothing),
                Err(error) => return Err(error),
            }
            let file = File::open(path)?;
            let mut bytes = Vec::new();
            (&file).take(MAX_BYTES).read_to_end(&mut bytes)?;
            if !is_twin_root(&bytes) {
                return Ok(Self::Other("is there already and is not the trust anchor of a twin"));
            }
            match file.try_lock() {
                // Else another twin replaced it before it was locked.
                Ok(()) if is_at(&file, path)? => return Ok(Self::Ended(file)),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Self::Living),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// Whether an open file is still the one at this path.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(there) => Ok((opened.dev(), opened.ino()) == (there.dev(), there.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A complete and locked temporary file in the target's folder, removed on drop.
struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    fn write(target: &Path, bytes: &[u8]) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(target.file_name().ok_or(ErrorKind::InvalidInput)?);
        name.push(format!(".{}.part", std::process::id()));
        let path = target.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        let mut part = Self { path, file };
        part.file.try_lock().map_err(io::Error::from)?;
        part.file.write_all(bytes)?;
        part.file.sync_all()?;
        Ok(part)
    }

    /// Links it to its target; [`ErrorKind::AlreadyExists`] if there is a file. The lock lasts until the
    /// result is dropped.
    fn place(&self, target: &Path) -> io::Result<File> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => self.file.try_clone(),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
            // A file system without hard links: two twins that start at once may replace each other's file.
            Err(_) => self.replace(target),
        }
    }

    /// Replaces the target with it.
    fn replace(&self, target: &Path) -> io::Result<File> {
        fs::rename(&self.path, target)?;
        self.file.try_clone()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It fails after a rename, when nothing is left to remove.
        let _ = fs::remove_file(&self.path);
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Io(what) => f.write_str(what),
        }
    }
}

impl Error for Refused {}

/// `twin-root.der`, `twin-root-2.der` and so on.
fn default_path(number: u32) -> PathBuf {
    if number == 1 { "twin-root.der".into() } else { format!("twin-root-{number}.der").into() }
}
