//! Reading what a person named: a bounded number of bytes, and standard input once.

use std::cell::Cell;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read, Stdin};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use clap::ColorChoice;

use crate::input::overlap::{NamedFiles, output_is_input};
use crate::output::fault::Fault;
use crate::output::files::path::{FileIdentity, is_standard_stream};
use crate::output::page::Page;
use crate::output::streams;

/// Where files are read.
#[derive(Debug)]
pub(crate) struct Source {
    announce: bool,
    stdin_taken: Cell<bool>,
    /// What the command line names.
    named: NamedFiles,
}

impl Source {
    /// `announce` says after a second what is being waited for.
    pub(crate) fn new(announce: bool) -> Self {
        Self { announce, stdin_taken: Cell::new(false), named: NamedFiles::default() }
    }

    /// Refuses from now on to read the outputs of a command line, and to write its inputs.
    pub(crate) fn keep_apart(&mut self, named: NamedFiles) {
        self.named = named;
    }

    /// Refuses to write a file that the command line names as an input: one of those that are written into a
    /// directory, of which only the verb knows the names.
    pub(crate) fn refuse_input(&self, path: &Path) -> Result<(), Fault> {
        match FileIdentity::of(path) {
            Some(found) if self.named.inputs.contains(&found) => {
                Err(output_is_input("it is written as", path))
            }
            _ => Ok(()),
        }
    }

    fn refuse_output(&self, found: Option<FileIdentity>, path: &Path) -> Result<(), Fault> {
        match found {
            Some(found) if self.named.outputs.contains(&found) => {
                Err(output_is_input("it is read as", Path::new(&name(path))))
            }
            _ => Ok(()),
        }
    }

    /// Whether somebody is there to be told what is being waited for.
    pub(crate) const fn announces(&self) -> bool {
        self.announce
    }

    /// Reads a file, or standard input for `-`.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, Fault> {
        if is_standard_stream(path) {
            let stdin = self.stdin()?;
            return self.waiting("standard input", || bounded(stdin));
        }
        let is_file = metadata(path)?.is_file();
        self.refuse_output(FileIdentity::of(path), path)?;
        if is_file { read_file(path) } else { self.waiting(&name(path), || read_file(path)) }
    }

    /// Opens a file of any length, or standard input for `-`, to be read piece by piece.
    pub(crate) fn stream(&self, path: &Path) -> Result<Box<dyn Read>, Fault> {
        if is_standard_stream(path) {
            return Ok(Box::new(self.stdin()?));
        }
        metadata(path)?;
        self.refuse_output(FileIdentity::of(path), path)?;
        let file = File::open(path).map_err(|error| named_wrongly(&error).in_file(path.display()))?;
        Ok(Box::new(file))
    }

    /// The regular files of a directory, sorted.
    pub(crate) fn files_of(path: &Path) -> Result<Vec<PathBuf>, Fault> {
        let wrong = |error: std::io::Error| named_wrongly(&error).in_file(path.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(wrong)? {
            let file = entry.map_err(wrong)?.path();
            // What a link leads to counts; one that leads nowhere is no file.
            if std::fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
                files.push(file);
            }
            if files.len() > MAX_FILES {
                return Err(Fault::usage(
                    format!("the directory has more than {MAX_FILES} files"),
                    "name a directory that holds the endorsements of this evidence",
                )
                .in_file(path.display()));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Standard input, for the one who reads it.
    fn stdin(&self) -> Result<Stdin, Fault> {
        if self.stdin_taken.replace(true) {
            return Err(Fault::usage(
                "standard input was named twice",
                "it can be read once; give the other input as a file",
            ));
        }
        let stdin = std::io::stdin();
        self.refuse_output(stdin_identity(&stdin), Path::new("-"))?;
        Ok(stdin)
    }

    fn waiting(&self, name: &str, read: impl FnOnce() -> Result<Vec<u8>, Fault>) -> Result<Vec<u8>, Fault> {
        if !self.announce {
            return read().map_err(|fault| fault.in_file(name));
        }
        std::thread::scope(|scope| {
            let (done, waiting) = mpsc::channel::<()>();
            scope.spawn(move || {
                if waiting.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                    let line = Page::of_line(format_args!("waiting for {name} …"));
                    streams::tell(&line, ColorChoice::Never);
                }
            });
            let bytes = read().map_err(|fault| fault.in_file(name));
            drop(done);
            bytes
        })
    }
}

/// The file that standard input was redirected from.
#[cfg(unix)]
fn stdin_identity(stdin: &Stdin) -> Option<FileIdentity> {
    use std::os::fd::AsFd;
    let file = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
    FileIdentity::of_metadata(&file.metadata().ok()?)
}

#[cfg(not(unix))]
const fn stdin_identity(_: &Stdin) -> Option<FileIdentity> {
    None
}

/// What a path is called in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_standard_stream(path) { "standard input".to_string() } else { path.display().to_string() }
}

/// Reads a file that is not standard input. One that is too large is not read at all where its
/// size is known, and not beyond the bound where it is not.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    let metadata = metadata(path)?;
    if metadata.is_file() && metadata.len() > MAX_BYTES {
        return Err(too_large().in_file(path.display()));
    }
    File::open(path)
        .map_err(|error| named_wrongly(&error))
        .and_then(bounded)
        .map_err(|fault| fault.in_file(path.display()))
}

fn metadata(path: &Path) -> Result<Metadata, Fault> {
    let metadata = std::fs::metadata(path).map_err(|error| named_wrongly(&error));
    let metadata = metadata.map_err(|fault| fault.in_file(path.display()))?;
    if metadata.is_dir() {
        return Err(Fault::usage(
            "this is a directory, a file is expected",
            "only --endorsements takes a directory",
        )
        .in_file(path.display()));
    }
    Ok(metadata)
}

fn bounded(stream: impl Read) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let limit = MAX_BYTES.saturating_add(1);
    let read = stream.take(limit).read_to_end(&mut bytes);
    match read {
        Ok(count) if u64::try_from(count).is_ok_and(|count| count <= MAX_BYTES) => Ok(bytes),
        Ok(_) => Err(too_large()),
        Err(error) => Err(Fault::internal(format!("cannot be read: {error}"))),
    }
}

fn too_large() -> Fault {
    Fault::malformed(
        format!("the file is larger than {} MiB", MAX_BYTES >> 20),
        "evidence has a few kilobytes, a boot log some hundred; check which file this is",
    )
}

fn named_wrongly(error: &std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => Fault::usage(
            "there is no such file",
            "check the path; a relative one is taken from the current directory",
        ),
        ErrorKind::PermissionDenied => Fault::usage(
            "there is no permission to read it",
            "check the owner and the mode of the file and of its directories",
        ),
        _ => Fault::usage(format!("cannot be opened: {error}"), "check the path"),
    }
}

/// The largest bundle, as JSON; nothing else comes near it.
const MAX_BYTES: u64 = 9 << 20;
/// No directory of endorsements for one machine comes near it.
const MAX_FILES: usize = 1000;
/// Nobody wonders about a shorter silence.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
