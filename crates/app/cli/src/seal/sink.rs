//! Where data of any length goes: a file that appears whole or not at all, or standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Stdout, Write};
use std::path::{Path, PathBuf};

use super::fault;
use crate::context::Context;
use crate::fault::Fault;
use crate::streams::{bare_stdout, told, unwritable};

/// Where data go, and what went wrong on the way.
pub(super) struct Sink {
    place: Place,
    /// The library that writes knows neither the file's name nor who reads.
    failed: Option<io::Error>,
}

enum Place {
    /// A file beside the one that was named, which takes its place at the end.
    Part { file: File, part: PathBuf, path: PathBuf },
    /// What was named exists and is no file: a device, a pipe, a link. It is not replaced.
    There { file: File, path: PathBuf },
    /// Standard output.
    Stdout(Stdout),
}

impl Sink {
    /// Opens it. Nobody but the owner may read a new file: what is opened is a secret.
    pub(super) fn open(context: &Context) -> Result<Self, Fault> {
        let place = match context.output() {
            Some(path) => Place::open(path).map_err(|error| unwritable(&error, path))?,
            None => Place::Stdout(bare_stdout()?),
        };
        Ok(Self { place, failed: None })
    }

    /// All of it was written, or nothing is to stay of it.
    pub(super) fn close(mut self, outcome: Result<(), Fault>) -> Result<(), Fault> {
        let outcome = outcome.and_then(|()| self.flush().map_err(|error| fault(&error.into())));
        let outcome = match self.failed.take() {
            Some(error) => self.place.unwritable(error),
            None => outcome,
        };
        let Place::Part { file, part, path } = self.place else { return outcome };
        drop(file);
        let placed =
            outcome.and_then(|()| fs::rename(&part, &path).map_err(|error| unwritable(&error, &path)));
        if placed.is_err() {
            // What was written so far is not to be used; if it cannot be removed, it has another name.
            let _ = fs::remove_file(part);
        }
        placed
    }

    fn keep<T>(&mut self, written: io::Result<T>) -> io::Result<T> {
        written.map_err(|error| {
            let kind = error.kind();
            // Whoever was interrupted tries again.
            if kind != ErrorKind::Interrupted {
                self.failed.get_or_insert(error);
            }
            kind.into()
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.place.stream().write(bytes);
        self.keep(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.place.stream().flush();
        self.keep(flushed)
    }
}

impl Place {
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        if fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = options.create(true).truncate(true).open(path)?;
            return Ok(Self::There { file, path: path.to_path_buf() });
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        // A mode counts for a new file only, so that what an earlier run left behind has to go.
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = options.create_new(true).open(&part)?;
        Ok(Self::Part { file, part, path: path.to_path_buf() })
    }

    fn stream(&mut self) -> &mut dyn Write {
        match self {
            Self::Part { file, .. } | Self::There { file, .. } => file,
            Self::Stdout(stdout) => stdout,
        }
    }

    /// What a failure to write means. A reader who went away is no error, of a pipe with a name neither.
    fn unwritable(&self, error: io::Error) -> Result<(), Fault> {
        match self {
            Self::Part { path, .. } => Err(unwritable(&error, path)),
            Self::There { path, .. } if error.kind() != ErrorKind::BrokenPipe => {
                Err(unwritable(&error, path))
            }
            Self::There { .. } | Self::Stdout(_) => told(Err(error)),
        }
    }
}
