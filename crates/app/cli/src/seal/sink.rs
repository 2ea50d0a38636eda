//! Where data of any length goes: a file that appears whole or not at all, or standard output.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IsTerminal, Stdout, Write};
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::fault::Fault;

/// Where data go.
pub(super) enum Sink {
    /// A file beside the one that was named, which takes its place at the end.
    File { file: File, part: PathBuf, path: PathBuf },
    /// Standard output.
    Stdout(Stdout),
}

impl Sink {
    /// Opens it. Nobody but the owner may read the file: what is opened is a secret.
    pub(super) fn open(context: &Context) -> Result<Self, Fault> {
        let Some(path) = context.output() else {
            if io::stdout().is_terminal() {
                return Err(Fault::usage(
                    "the product is not text, and standard output is a terminal",
                    "name a file with --output, or redirect",
                ));
            }
            return Ok(Self::Stdout(io::stdout()));
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(|error| unwritable(&error, path))?;
        Ok(Self::File { file, part, path: path.to_path_buf() })
    }

    /// All of it was written, or nothing is to stay of it.
    pub(super) fn close<T>(mut self, outcome: Result<T, Fault>) -> Result<T, Fault> {
        let flushed = self.flush();
        match (self, outcome) {
            (Self::Stdout(_), outcome) => outcome,
            (Self::File { file, part, path }, Ok(done)) => {
                drop(file);
                let placed = flushed.and_then(|()| fs::rename(&part, &path));
                placed.map(|()| done).map_err(|error| unwritable(&error, &path))
            }
            (Self::File { part, .. }, Err(fault)) => {
                // What was written so far is not to be used; if it cannot be removed, it has another name.
                let _ = fs::remove_file(part);
                Err(fault)
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File { file, .. } => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File { file, .. } => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

fn unwritable(error: &io::Error, path: &Path) -> Fault {
    Fault::usage(format!("cannot be written: {error}"), "name a file that can be written with --output")
        .in_file(path.display())
}
