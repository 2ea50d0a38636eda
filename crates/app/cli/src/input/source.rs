//! Reader of input files: bounded in bytes, and standard input only once.

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

/// Reads files and standard input.
#[derive(Debug)]
pub(crate) struct Source {
    announce: bool,
    stdin_taken: Cell<bool>,
    /// The files that the command line names.
    named: NamedFiles,
}

impl Source {
    /// `announce`: report after a second what the run waits for.
    pub(crate) fn new(announce: bool) -> Self {
        Self { announce, stdin_taken: Cell::new(false), named: NamedFiles::default() }
    }

    /// Sets the files of the command line: from now on, its outputs are not read and its inputs not written.
    pub(crate) fn keep_apart(&mut self, named: NamedFiles) {
        self.named = named;
    }

    /// Refuses to write a file into an output directory if the command line names it as an input.
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
                Err(output_is_input("it is read as", Path::new(&path_name(path))))
            }
            _ => Ok(()),
        }
    }

    /// Whether waiting is reported.
    pub(crate) const fn announces(&self) -> bool {
        self.announce
    }

    /// Reads a file, or standard input for `-`.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, Fault> {
        self.read_within(path, &EVIDENCE)
    }

    /// Reads a file with a limit of its own, or standard input for `-`.
    pub(crate) fn read_within(&self, path: &Path, limit: &Limit) -> Result<Vec<u8>, Fault> {
        if is_standard_stream(path) {
            let stdin = self.stdin()?;
            return self.waiting("standard input", || bounded(stdin, limit));
        }
        let is_file = metadata(path)?.is_file();
        self.refuse_output(FileIdentity::of(path), path)?;
        let read = || read_file_within(path, limit);
        if is_file { read() } else { self.waiting(&path_name(path), read) }
    }

    /// Reads a file of at most `most` bytes, or standard input for `-`; `None` if it has more.
    pub(crate) fn read_short(&self, path: &Path, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let stream = self.stream(path)?;
        let bytes = self.waiting(&path_name(path), || {
            let mut bytes = Vec::new();
            match stream.take(limit).read_to_end(&mut bytes) {
                Ok(_) => Ok(bytes),
                Err(error) => Err(Fault::internal(format!("cannot be read: {error}"))),
            }
        })?;
        Ok(Some(bytes).filter(|bytes| bytes.len() <= most))
    }

    /// Opens a file of any length, or standard input for `-`, to be read as a stream.
    pub(crate) fn stream(&self, path: &Path) -> Result<Box<dyn Read>, Fault> {
        if is_standard_stream(path) {
            return Ok(Box::new(self.stdin()?));
        }
        metadata(path)?;
        self.refuse_output(FileIdentity::of(path), path)?;
        let file = File::open(path).map_err(|error| open_fault(&error).in_file(path.display()))?;
        Ok(Box::new(file))
    }

    /// The regular files of a directory, sorted.
    pub(crate) fn files_of(path: &Path) -> Result<Vec<PathBuf>, Fault> {
        let wrong = |error: std::io::Error| open_fault(&error).in_file(path.display());
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(wrong)? {
            let file = entry.map_err(wrong)?.path();
            // Links are followed; a dangling link is not a file.
            if std::fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
                files.push(file);
            }
            if files.len() > MAX_FILES {
                return Err(Fault::usage(
                    format!("expected a directory of at most {MAX_FILES} files, got more"),
                    "give a directory with only the endorsements of this evidence",
                )
                .in_file(path.display()));
            }
        }
        files.sort();
        Ok(files)
    }

    /// Standard input, once.
    fn stdin(&self) -> Result<Stdin, Fault> {
        if self.stdin_taken.replace(true) {
            return Err(Fault::usage(
                "standard input: expected once, got - twice",
                "give the other input as a file: standard input can be read once",
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
                    streams::write_stderr(&line, ColorChoice::Never);
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

/// The name of a path in messages.
pub(crate) fn path_name(path: &Path) -> String {
    if is_standard_stream(path) { "standard input".to_string() } else { path.display().to_string() }
}

/// Reads a file that is not standard input. A file that is too large is refused by its size, or after the bound if its
/// size is not known.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, Fault> {
    read_file_within(path, &EVIDENCE)
}

fn read_file_within(path: &Path, limit: &Limit) -> Result<Vec<u8>, Fault> {
    let metadata = metadata(path)?;
    if metadata.is_file() && metadata.len() > limit.as_u64() {
        return Err(limit.fault().in_file(path.display()));
    }
    File::open(path)
        .map_err(|error| open_fault(&error))
        .and_then(|file| bounded(file, limit))
        .map_err(|fault| fault.in_file(path.display()))
}

fn metadata(path: &Path) -> Result<Metadata, Fault> {
    let metadata = std::fs::metadata(path).map_err(|error| open_fault(&error));
    let metadata = metadata.map_err(|fault| fault.in_file(path.display()))?;
    if metadata.is_dir() {
        return Err(Fault::usage(
            "expected a file, got a directory",
            "give a file; only --endorsements takes a directory",
        )
        .in_file(path.display()));
    }
    Ok(metadata)
}

fn bounded(stream: impl Read, limit: &Limit) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    let read = stream.take(limit.as_u64().saturating_add(1)).read_to_end(&mut bytes);
    match read {
        Ok(count) if count <= limit.bytes => Ok(bytes),
        Ok(_) => Err(limit.fault()),
        Err(error) => Err(Fault::internal(format!("cannot be read: {error}"))),
    }
}

/// The size limit of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    /// The most bytes, whole KiB.
    pub(crate) bytes: usize,
    /// The hint for a larger file.
    pub(crate) hint: &'static str,
}

impl Limit {
    fn as_u64(&self) -> u64 {
        u64::try_from(self.bytes).unwrap_or(u64::MAX)
    }

    fn fault(&self) -> Fault {
        let size = match self.bytes >> 10 {
            kib if kib.is_multiple_of(1024) => format!("{} MiB", kib >> 10),
            kib => format!("{kib} KiB"),
        };
        Fault::malformed(format!("expected at most {size}, got more"), self.hint)
    }
}

fn open_fault(error: &std::io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => {
            Fault::usage("no such file", "check the path, which is relative to the current directory")
        }
        ErrorKind::PermissionDenied => Fault::usage(
            "no permission to read the file",
            "check owner and mode of the file and of its directories",
        ),
        _ => Fault::usage(format!("cannot be opened: {error}"), "check the path"),
    }
}

/// Evidence and what belongs to it. The largest bundle, as JSON; nothing else comes near it.
const EVIDENCE: Limit = Limit {
    bytes: 9 << 20,
    hint: "check which file this is: evidence has a few kilobytes, an event log some hundred; enclave images are for teeproof eif",
};
/// No directory of endorsements for one machine comes near it.
const MAX_FILES: usize = 1000;
/// The wait before it is reported.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);
