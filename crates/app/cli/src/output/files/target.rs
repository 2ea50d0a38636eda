//! Targets of output paths, and the links that are followed to them.
//!
//! A link of another user in a world-writable directory is refused, as Linux does if `fs.protected_symlinks` is set.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::output::fault::Fault;
use crate::output::files::path::Placement;
use crate::output::files::path::unwritable;

/// The target of an output path.
#[derive(Debug)]
pub(crate) enum OutputPlace {
    /// A file, existing or not, behind all links.
    File { target: PathBuf, existing: Option<Metadata> },
    /// An open descriptor of a process: /dev/stdout, /dev/fd/3.
    Descriptor,
    /// A device, a pipe or a socket.
    Device { target: PathBuf, existing: Metadata },
}

impl OutputPlace {
    /// Follows the path, as far as the placement allows.
    pub(crate) fn find(path: &Path, placement: Placement) -> Result<Self, Fault> {
        let wrong = |error: io::Error| unwritable(&error, path, placement);
        if is_own_descriptor(path) {
            return writable_descriptor(path).map(|()| Self::Descriptor).map_err(wrong);
        }
        // The last component of a private output is checked below.
        let way = if placement == Placement::Replace { Some(path) } else { path.parent() };
        way.map_or(Ok(()), refuse_foreign_links).map_err(wrong)?;
        let mut target = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            if placement == Placement::Replace && is_descriptor(&target) {
                return writable_descriptor(&target).map(|()| Self::Descriptor).map_err(wrong);
            }
            let found = match fs::symlink_metadata(&target) {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                found => Some(found.map_err(wrong)?),
            };
            match found {
                Some(_) if placement == Placement::NewOnly => {
                    return Err(wrong(ErrorKind::AlreadyExists.into()));
                }
                Some(found) if found.is_symlink() => {
                    if placement != Placement::Replace {
                        return Err(linked(path, placement));
                    }
                    let behind = fs::read_link(&target).map_err(wrong)?;
                    target = target.parent().unwrap_or(Path::new("")).join(behind);
                }
                Some(found) if found.is_dir() => return Err(wrong(ErrorKind::IsADirectory.into())),
                Some(existing) if !existing.is_file() => {
                    access::check_owner(&target, &existing, placement).map_err(wrong)?;
                    return Ok(Self::Device { target, existing });
                }
                None if ends_as_directory(&target) => return Err(wrong(ErrorKind::IsADirectory.into())),
                None if target != path => {
                    return Err(wrong(io::Error::other("it is a link to a file that does not exist")));
                }
                existing => return Ok(Self::File { target, existing }),
            }
        }
        Err(wrong(too_many_links()))
    }
}

/// The fault of a link that is not followed: its owner chose the file behind it.
fn linked(path: &Path, placement: Placement) -> Fault {
    let message = match placement {
        Placement::Private => "expected a file, found a link: secrets are not written through links",
        _ => "expected a file, found a link: links in this directory are not followed",
    };
    Fault::usage(message, "give the file itself, or remove the link").in_file(path.display())
}

/// Whether the path is the literal name of a descriptor of this process, which no other user can have made.
fn is_own_descriptor(path: &Path) -> bool {
    let own = PathBuf::from(format!("/proc/{}/fd", std::process::id()));
    let directory = path.parent().unwrap_or(Path::new(""));
    STANDARD.iter().any(|standard| path == Path::new(standard))
        || DIRECTORIES.iter().any(|fixed| directory == Path::new(fixed))
        || directory == own
}

/// Whether the path names an open descriptor of some process, which is appended to and never replaced.
fn is_descriptor(path: &Path) -> bool {
    let directory = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    is_own_descriptor(path)
        || directory.is_some_and(|directory| {
            directory == Path::new("/dev/fd") || (directory.starts_with("/proc") && directory.ends_with("fd"))
        })
}

/// Refuses a descriptor that is open only for reading, because opening its file again would allow writing.
#[cfg(target_os = "linux")]
fn writable_descriptor(path: &Path) -> io::Result<()> {
    let path = match STANDARD.iter().position(|standard| path == Path::new(standard)) {
        Some(number) => PathBuf::from(format!("/proc/self/fd/{number}")),
        None => path.to_path_buf(),
    };
    let (Some(directory), Some(number)) = (path.parent(), path.file_name()) else {
        return Err(ErrorKind::NotFound.into());
    };
    let about = fs::canonicalize(directory)?.with_file_name("fdinfo").join(number);
    let text = fs::read_to_string(about)?;
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    match flags {
        // O_WRONLY and O_RDWR.
        Some(flags) if matches!(flags & 3, 1 | 2) => Ok(()),
        _ => Err(io::Error::new(ErrorKind::PermissionDenied, "the descriptor is not open for writing")),
    }
}

#[cfg(not(target_os = "linux"))]
fn writable_descriptor(_: &Path) -> io::Result<()> {
    Ok(())
}

fn ends_as_directory(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// Refuses each link on the path that belongs to another user in a world-writable directory.
fn refuse_foreign_links(path: &Path) -> io::Result<()> {
    let components = |path: &Path| -> Vec<OsString> {
        path.components().rev().map(|component| component.as_os_str().to_owned()).collect()
    };
    let (mut way, mut rest, mut links) = (PathBuf::new(), components(path), 0_usize);
    while let Some(name) = rest.pop() {
        way.push(name);
        // Opening it reports a missing file.
        let Ok(found) = fs::symlink_metadata(&way) else { return Ok(()) };
        if !found.is_symlink() {
            continue;
        }
        access::check_link(&way, &found)?;
        links = links.saturating_add(1);
        if links > MOST_LINKS {
            return Err(too_many_links());
        }
        // Links of procfs do not always have a path as their target.
        if !way.starts_with("/proc") {
            let behind = fs::read_link(&way)?;
            way.pop();
            rest.extend(components(&behind));
        }
    }
    Ok(())
}

fn too_many_links() -> io::Error {
    io::Error::other("too many levels of links")
}

#[cfg(target_os = "linux")]
mod access {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use super::{ErrorKind, Metadata, Path, Placement, fs, io};

    /// The rule of `fs.protected_symlinks`.
    pub(super) fn check_link(path: &Path, link: &Metadata) -> io::Result<()> {
        let directory = directory(path)?;
        let is_shared = directory.mode() & (STICKY | OTHERS_WRITE) == (STICKY | OTHERS_WRITE);
        if is_shared && link.uid() != user() && link.uid() != directory.uid() {
            return Err(denied("a link in its path belongs to another user, in a world-writable directory"));
        }
        Ok(())
    }

    /// Secrets are written only to pipes and devices of this user or root; other output to those that
    /// `fs.protected_fifos` allows.
    pub(super) fn check_owner(path: &Path, found: &Metadata, placement: Placement) -> io::Result<()> {
        let is_ours = found.uid() == user();
        if placement == Placement::Private && !is_ours && found.uid() != 0 {
            return Err(denied("it belongs to another user, and the output may be secret"));
        }
        let directory = directory(path)?;
        let is_shared =
            directory.mode() & STICKY != 0 && directory.mode() & (OTHERS_WRITE | GROUP_WRITE) != 0;
        if found.file_type().is_fifo() && is_shared && !is_ours && found.uid() != directory.uid() {
            return Err(denied("it is a pipe of another user, in a world-writable directory"));
        }
        Ok(())
    }

    fn directory(path: &Path) -> io::Result<Metadata> {
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => fs::metadata(parent),
            _ => fs::metadata("."),
        }
    }

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn denied(what: &str) -> io::Error {
        io::Error::new(ErrorKind::PermissionDenied, what)
    }

    const STICKY: u32 = 0o1000;
    const OTHERS_WRITE: u32 = 0o002;
    const GROUP_WRITE: u32 = 0o020;
}

#[cfg(not(target_os = "linux"))]
mod access {
    use super::{Metadata, Path, Placement, io};

    pub(super) fn check_link(_: &Path, _: &Metadata) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn check_owner(_: &Path, _: &Metadata, _: Placement) -> io::Result<()> {
        Ok(())
    }
}

/// The number of links that Linux follows.
const MOST_LINKS: usize = 40;
/// The standard streams, by number.
const STANDARD: [&str; 3] = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
const DIRECTORIES: [&str; 2] = ["/dev/fd", "/proc/self/fd"];
