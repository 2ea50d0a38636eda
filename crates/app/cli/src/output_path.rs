//! Where an output goes: what its path leads to, and whether that is something which the run reads.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::builder::{TypedValueParser, ValueParserFactory};

use crate::fault::Fault;
use crate::output_file::Placement;

/// A path on the command line that is written, which [`crate::overlap`] tells by its type from those that are
/// read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputPath(pub(crate) PathBuf);

impl ValueParserFactory for OutputPath {
    type Parser = clap::builder::MapValueParser<clap::builder::PathBufValueParser, fn(PathBuf) -> Self>;

    fn value_parser() -> Self::Parser {
        clap::builder::PathBufValueParser::new().map(Self)
    }
}

/// What an output's path leads to.
#[derive(Debug)]
pub(crate) enum OutputPlace {
    /// A file, or a place for one, behind all links.
    File { target: PathBuf, existing: Option<Metadata> },
    /// An open descriptor of this process under its name: /dev/stdout, /dev/fd/3.
    Descriptor,
    /// A device, a pipe or a socket.
    Device,
}

impl OutputPlace {
    /// Follows the path, as far as the placement allows it.
    pub(crate) fn find(path: &Path, placement: Placement) -> Result<Self, Fault> {
        let wrong = |error: io::Error| unwritable(&error, path, placement);
        let mut target = path.to_path_buf();
        for links in 0..MOST_LINKS {
            if is_descriptor(&target) {
                return Ok(Self::Descriptor);
            }
            let found = match fs::symlink_metadata(&target) {
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                found => Some(found.map_err(wrong)?),
            };
            match found {
                Some(found) if found.is_symlink() && placement != Placement::NewOnly => {
                    let behind = fs::read_link(&target).map_err(wrong)?;
                    target = target.parent().unwrap_or(Path::new("")).join(behind);
                }
                Some(_) if placement == Placement::NewOnly => {
                    return Err(wrong(ErrorKind::AlreadyExists.into()));
                }
                Some(found) if found.is_dir() => return Err(wrong(ErrorKind::IsADirectory.into())),
                Some(found) if !found.is_file() => return Ok(Self::Device),
                _ if links > 0 && placement == Placement::Private => return Err(linked(path)),
                None if ends_as_directory(&target) => return Err(wrong(ErrorKind::IsADirectory.into())),
                existing => return Ok(Self::File { target, existing }),
            }
        }
        Err(wrong(io::Error::other("too many links, one after the other")))
    }
}

/// A file cannot be written.
pub(crate) fn unwritable(error: &io::Error, path: &Path, placement: Placement) -> Fault {
    let hint = match placement {
        Placement::NewOnly => "no file is written over; name a new directory, or an empty one",
        Placement::Replace | Placement::Private => {
            "name a file that can be written, in a directory in which files can be made; what was there is as it was"
        }
    };
    Fault::usage(format!("cannot be written: {error}"), hint).in_file(path.display())
}

/// Whoever made the link chose who can read the file behind it.
fn linked(path: &Path) -> Fault {
    Fault::usage(
        "this is a link, and what may be secret is not written through links",
        "name the file itself, or remove the link",
    )
    .in_file(path.display())
}

/// Whether the path names an open descriptor, which is opened again as it is: appended to, never replaced.
fn is_descriptor(path: &Path) -> bool {
    let directory = path.parent().and_then(|parent| fs::canonicalize(parent).ok());
    directory.is_some_and(|directory| {
        directory == Path::new("/dev/fd") || (directory.starts_with("/proc") && directory.ends_with("fd"))
    })
}

fn ends_as_directory(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// Whether two paths are one entry of one directory, whatever is there.
pub(crate) fn is_same_entry(one: &Path, other: &Path) -> bool {
    let entry = |path: &Path| {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => fs::canonicalize(parent),
            _ => fs::canonicalize("."),
        };
        Some((directory.ok()?, path.file_name()?.to_owned()))
    };
    one == other || entry(one).is_some_and(|one| entry(other) == Some(one))
}

/// So many links does Linux follow.
const MOST_LINKS: usize = 40;

/// Which file this is, whatever it is called: of regular files only, for reading from and writing to one
/// device is in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity(Identity);

#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = PathBuf;

impl FileIdentity {
    /// The file that a path leads to.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().and_then(|metadata| Self::of_metadata(&metadata))
    }

    #[cfg(unix)]
    pub(crate) fn of_metadata(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file().then(|| Self((metadata.dev(), metadata.ino())))
    }

    /// The file that a path leads to. A second name of it is not noticed here.
    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        path.is_file().then_some(Self(path))
    }
}
