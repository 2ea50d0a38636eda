//! Paths of outputs, and the identity of files whatever their names.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use clap::builder::{TypedValueParser, ValueParserFactory};

use crate::output::fault::Fault;

/// A path on the command line that is written. [`crate::input::overlap`] distinguishes it by this type from paths that
/// are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputPath(pub(crate) PathBuf);

impl ValueParserFactory for OutputPath {
    type Parser = clap::builder::MapValueParser<clap::builder::PathBufValueParser, fn(PathBuf) -> Self>;

    fn value_parser() -> Self::Parser {
        clap::builder::PathBufValueParser::new().map(Self)
    }
}

/// Treatment of an existing file, and access to the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// The file is replaced, or the target of a link. Mode and owner are kept.
    Replace,
    /// The same, and a link is refused: the command line names only the directory.
    ReplaceEntry,
    /// The file is replaced by one of mode 0600; a link is refused.
    Private,
    /// The file must not exist.
    NewOnly,
}

/// Whether the path is `-`, a standard stream.
pub(crate) fn is_standard_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// The fault of a file that cannot be written: a full disk is a failure of the output, everything else of usage.
pub(crate) fn unwritable(error: &io::Error, path: &Path, placement: Placement) -> Fault {
    let message = format!("cannot be written: {error}");
    let fault = match (error.kind(), placement) {
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge, _) => Fault::output(
            message,
            "free some space, or give a file on another disk; the existing file is unchanged",
        ),
        // EBUSY.
        (ErrorKind::ResourceBusy, _) => Fault::usage(
            message,
            "leave the option out and redirect standard output with > FILE: a mount point cannot be replaced",
        ),
        (_, Placement::NewOnly) => {
            Fault::usage(message, "give a new or an empty directory: existing files are not overwritten")
        }
        _ => Fault::usage(
            message,
            "give a writable file in a writable directory; the existing file is unchanged",
        ),
    };
    fault.in_file(path.display())
}

/// Whether two paths are one entry of one directory, whether it exists or not.
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

/// The identity of a regular file, whatever its name. Devices have none: a run may read and write one device.
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

    /// Whether both are one file, device or pipe.
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

    /// Whether both are one file.
    #[cfg(not(unix))]
    pub(crate) const fn is_same(_: &Metadata, _: &Metadata) -> bool {
        true
    }

    /// The file that a path leads to. Hard links are not recognised on this system.
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
        assert!(exit == 2 && busy.contains("mount point") && busy.contains("> FILE"), "{busy}");
        assert_eq!(said(ErrorKind::StorageFull).0, 1);
        assert_eq!(said(ErrorKind::PermissionDenied).0, 2);
    }
}
