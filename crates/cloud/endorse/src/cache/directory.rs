//! The directory of a cache: its marker, its folders, and their owner.
//!
//! A cache is marked by a file of the Cache Directory Tagging Specification (<https://bford.info/cachedir/>), which
//! backups leave out, with a line of this crate. A directory with other files and without it is not a cache, and
//! nothing is written to it; one with the five folders alone is a cache of an older version.

use std::collections::BTreeSet;
use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::files::{self, fault};
use crate::Error;

/// The folders of a cache.
pub(super) const FOLDERS: [&str; 5] = ["objects", "entries", "refusals", "locks", "new"];
const TAG: &str = "CACHEDIR.TAG";
/// The signature of the specification, and the line of this crate.
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n# teeproof cache of endorsements\n";
/// The folder of recovered files at the root of a file system.
const RECOVERED: &str = "lost+found";
/// The bits of a mode that let others write, and those that let group and others write.
const OTHERS: u32 = 0o002;
const GROUP_AND_OTHERS: u32 = 0o022;

/// What is done in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Entries are read. The directory may be one of root, as in a system image.
    Read,
    /// Entries are written.
    Write,
}

/// What a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// A cache.
    Cache,
    /// The five folders of a cache and nothing else: of an older version, which wrote no marker.
    Unmarked,
    /// Nothing, or a marker that is being written.
    Empty,
    /// The files of somebody else.
    Foreign,
}

/// Makes the directory of a cache and its folders, as far as they are missing, for this user alone.
///
/// # Errors
/// [`Error::Cache`] or [`Error::CacheFull`]: they cannot be made. [`Error::CacheRefused`]: a symbolic link, a directory
/// of another user or one that others may write, or a directory with other files.
pub(super) fn prepare(directory: &Path) -> Result<(), Error> {
    files::make_folder(directory).map_err(|error| fault(directory, &error))?;
    check(directory, OTHERS, Use::Write)?;
    match content(directory)? {
        Content::Cache => {}
        Content::Empty | Content::Unmarked => mark(directory)?,
        Content::Foreign => return Err(foreign(directory)),
    }
    for folder in FOLDERS {
        let path = directory.join(folder);
        files::make_folder(&path).map_err(|error| fault(&path, &error))?;
        check(&path, GROUP_AND_OTHERS, Use::Write)?;
    }
    Ok(())
}

/// Whether the directory is a cache. Nothing is made.
///
/// # Errors
/// Those of [`prepare`], and a directory that cannot be read.
pub(super) fn is_cache(directory: &Path) -> Result<bool, Error> {
    let is_missing =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
    match fs::symlink_metadata(directory) {
        Err(error) if is_missing(&error) => return Ok(false),
        _ => check(directory, OTHERS, Use::Read)?,
    }
    match content(directory)? {
        Content::Cache | Content::Unmarked => {}
        Content::Empty => return Ok(false),
        Content::Foreign => return Err(foreign(directory)),
    }
    for path in FOLDERS.map(|folder| directory.join(folder)) {
        if fs::symlink_metadata(&path).is_ok() {
            check(&path, GROUP_AND_OTHERS, Use::Read)?;
        }
    }
    Ok(true)
}

/// The names first and then the marker: whoever makes a cache writes the marker before the folders.
fn content(directory: &Path) -> Result<Content, Error> {
    let (mut is_empty, mut is_own, mut folders) = (true, true, BTreeSet::new());
    for entry in fs::read_dir(directory).map_err(|error| fault(directory, &error))? {
        let name = entry.map_err(|error| fault(directory, &error))?.file_name();
        if name == TAG || name == RECOVERED {
            continue;
        }
        is_empty = false;
        match FOLDERS.iter().find(|folder| name == **folder) {
            Some(folder) => folders.insert(folder),
            None => {
                is_own = false;
                break;
            }
        };
    }
    let tag = files::read(&directory.join(TAG), MAX_TAG);
    Ok(match tag.as_deref() {
        Some(tag) if tag.starts_with(TAG_TEXT.as_bytes()) => Content::Cache,
        // Another process is writing it, or was killed while it did.
        Some(tag) if is_own && TAG_TEXT.as_bytes().starts_with(tag) => Content::Empty,
        None if is_empty => Content::Empty,
        None if is_own && folders.len() == FOLDERS.len() => Content::Unmarked,
        _ => Content::Foreign,
    })
}

/// The most bytes of a marker.
const MAX_TAG: u64 = 4096;

fn mark(directory: &Path) -> Result<(), Error> {
    let path = directory.join(TAG);
    // Not truncated: another process may be writing the same text.
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    files::open(&mut options, &path)
        .and_then(|mut file| file.write_all(TAG_TEXT.as_bytes()))
        .map_err(|error| fault(&path, &error))
}

fn foreign(directory: &Path) -> Error {
    refused(directory, format!("has other files, and no {TAG} of teeproof"))
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::CacheRefused { path: path.display().to_string(), reason: reason.into() }
}

fn check(path: &Path, writable: u32, used: Use) -> Result<(), Error> {
    let metadata = fs::symlink_metadata(path).map_err(|error| fault(path, &error))?;
    if metadata.is_symlink() {
        return Err(refused(path, "expected a directory, got a symbolic link"));
    }
    if !metadata.is_dir() {
        return Err(refused(path, "expected a directory, got a file"));
    }
    check_owner(&metadata, writable, used).map_err(|reason| refused(path, reason))
}

#[cfg(unix)]
fn check_owner(metadata: &Metadata, writable: u32, used: Use) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;
    let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != user && !(used == Use::Read && owner == 0) {
        return Err(format!("belongs to user {owner}, and this process is of user {user}"));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & writable != 0 {
        return Err(format!("other users may write to it (owner {owner}, mode {mode:04o})"));
    }
    Ok(())
}

/// Other systems have no owner and mode here.
#[cfg(not(unix))]
fn check_owner(_: &Metadata, _: u32, _: Use) -> Result<(), String> {
    Ok(())
}
