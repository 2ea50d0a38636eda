//! The paths of outputs, and how a file is told from another whatever it is called.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::builder::{TypedValueParser, ValueParserFactory};

use crate::output::fault::Fault;

/// A path on the command line that is written, which [`crate::input::overlap`] tells by its type from those that are
/// read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputPath(pub(crate) PathBuf);

impl ValueParserFactory for OutputPath {
    type Parser = clap::builder::MapValueParser<clap::builder::PathBufValueParser, fn(PathBuf) -> Self>;

    fn value_parser() -> Self::Parser {
        clap::builder::PathBufValueParser::new().map(Self)
    }
}

/// What may be done with a file that has the name already, and who may read the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// The file is replaced, and the one behind a link in its stead. Its mode and its owner stay.
    Replace,
    /// The same, and a link is refused: nobody named this file, but the directory that it is in.
    ReplaceEntry,
    /// The file is replaced by one that only the owner may read; a link is refused.
    Private,
    /// There must be nothing of this name.
    NewOnly,
}

/// Whether the path means a standard stream: `-`.
pub(crate) fn is_standard_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// A file cannot be written. That the disk is full is a failure of the output; all else is for the person to
/// change.
pub(crate) fn unwritable(error: &io::Error, path: &Path, placement: Placement) -> Fault {
    let message = format!("cannot be written: {error}");
    let fault = match (error.kind(), placement) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge, _) => {
            Fault::output(message, "make room, or name a file elsewhere; what was there is as it was")
        }
        // EBUSY.
        (ErrorKind::ResourceBusy, _) => Fault::usage(
            message,
            "a file that something is mounted on cannot be replaced: leave the option away, and redirect standard output into it with > FILE",
        ),
        (_, Placement::NewOnly) => {
            Fault::usage(message, "no file is written over; name a new directory, or an empty one")
        }
        _ => Fault::usage(
            message,
            "name a file that can be written, in a directory in which files can be made; what was there is as it was",
        ),
    };
    fault.in_file(path.display())
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

    /// Whether both are of one file, device or pipe.
    #[cfg(unix)]
    pub(crate) fn is_same(one: &Metadata, other: &Metadata) -> bool {
        use std::os::unix::fs::MetadataExt;
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }

    #[cfg(unix)]
    pub(crate) fn of_metadata(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        metadata.is_file().then(|| Self((metadata.dev(), metadata.ino())))
    }

    /// Whether both are of one file.
    #[cfg(not(unix))]
    pub(crate) const fn is_same(_: &Metadata, _: &Metadata) -> bool {
        true
    }

    /// The file that a path leads to. A second name of it is not noticed here.
    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let path = fs::canonicalize(path).ok()?;
        path.is_file().then_some(Self(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_replaced_or_has_no_room_says_what_to_do() {
        let said = |kind: ErrorKind| {
            let fault = unwritable(&kind.into(), Path::new("target"), Placement::Replace);
            (fault.exit, format!("{fault:?}"))
        };
        let (exit, busy) = said(ErrorKind::ResourceBusy);
        assert!(exit == 2 && busy.contains("mounted on") && busy.contains("> FILE"), "{busy}");
        assert_eq!(said(ErrorKind::StorageFull).0, 1);
        assert_eq!(said(ErrorKind::PermissionDenied).0, 2);
    }
}
