//! Standard output and standard error: the only code that writes to them, and text to the file of --output; and
//! messages.
//!
//! A [`Page`], [`Json`] or other text passes [`only_ours`] or [`only_lines`] last, so that no control character
//! reaches a terminal; binary content is not written to a terminal. `clippy.toml` refuses the streams of the
//! standard library everywhere else.

use std::cell::Cell;
use std::io::{self, ErrorKind, IsTerminal, Stderr, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::AutoStream;
use clap::ColorChoice;

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::json::Json;
use crate::output::page::{Page, only_lines, only_ours};
use crate::output::product::Content;

/// The file of --output, or standard output.
#[derive(Debug)]
pub(crate) struct Stream {
    file: Option<OutputFile>,
    color: ColorChoice,
}

impl Stream {
    /// This file, or standard output.
    pub(crate) const fn to(file: Option<OutputFile>, color: ColorChoice) -> Self {
        Self { file, color }
    }

    /// Writes content.
    pub(crate) fn write(&mut self, content: &Content) -> Result<(), Fault> {
        let text = match content {
            Content::Page(page) => only_ours(page.as_str()),
            Content::Json(json) => only_lines(json.as_str()),
            Content::Text(text) => only_lines(text),
            Content::Bytes(bytes) => return self.write_bytes(bytes),
            Content::Nothing => return Ok(()),
        };
        let Some(file) = &mut self.file else {
            let mut stream = AutoStream::new(stdout(), choice(self.color));
            return write_result(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()));
        };
        let mut plain = AutoStream::new(Vec::new(), choice(self.color));
        // Writing to memory does not fail.
        let _ = plain.write_all(text.as_bytes());
        file.put(&plain.into_inner())
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if let Some(file) = &mut self.file {
            return file.put(bytes);
        }
        let mut stream = bare_stdout()?;
        write_result(stream.write_all(bytes).and_then(|()| stream.flush()))
    }

    /// The file, to be placed together with others.
    pub(crate) fn into_file(self) -> Option<OutputFile> {
        self.file
    }

    /// Puts the file in its place.
    pub(crate) fn end(self) -> Result<(), Fault> {
        self.file.map_or(Ok(()), OutputFile::commit)
    }
}

/// Whether standard error is given up: a thread waits in a write to it, and holds its lock.
static ABANDONED: AtomicBool = AtomicBool::new(false);

/// Gives standard error up: from now on, nothing is written to it.
pub(crate) fn abandon_stderr() {
    ABANDONED.store(true, Ordering::Relaxed);
}

fn is_abandoned() -> bool {
    ABANDONED.load(Ordering::Relaxed)
}

/// Writes a page to standard error. Failures are ignored.
pub(crate) fn write_stderr(page: &Page, color: ColorChoice) {
    if is_abandoned() {
        return;
    }
    let mut stream = AutoStream::new(stderr(), choice(color));
    let _ = stream.write_all(only_ours(page.as_str()).as_bytes());
}

/// Writes JSON to standard error. Failures are ignored.
pub(crate) fn write_stderr_json(json: &Json) {
    if is_abandoned() {
        return;
    }
    let _ = stderr().write_all(only_lines(json.as_str()).as_bytes());
}

/// Overwrites the unfinished line on standard error; returns the width of the new one.
///
/// Uses no escape sequence, which not every terminal supports.
pub(crate) fn write_over(width: usize, line: &str) -> usize {
    let line = only_lines(line);
    let mut stream = stderr();
    let wiped = if width > 0 { format!("\r{:width$}\r", "") } else { String::new() };
    let _ = stream.write_all(format!("{wiped}{line}").as_bytes()).and_then(|()| stream.flush());
    line.chars().count()
}

/// Whether standard error is a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    stderr().is_terminal()
}

/// Standard output for binary content, unless it is a terminal.
pub(crate) fn bare_stdout() -> Result<Stdout, Fault> {
    let stream = stdout();
    if stream.is_terminal() {
        return Err(Fault::usage(
            "the output is binary, and standard output is a terminal",
            "give a file with --output, or redirect standard output",
        ));
    }
    Ok(stream)
}

/// The result of writing to standard output. A closed pipe is not an error.
pub(crate) fn write_result(written: io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fault::internal(format!("cannot write standard output: {error}")))
        }
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "the only place")]
fn stdout() -> Stdout {
    io::stdout()
}

#[expect(clippy::disallowed_methods, reason = "the only place")]
fn stderr() -> Stderr {
    io::stderr()
}

/// The choice as a value of anstream.
const fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// Messages on standard error, under the settings of the run.
#[derive(Debug)]
pub(crate) struct Messages {
    quiet: bool,
    /// Whether waiting is reported.
    announces: bool,
    color: ColorChoice,
    /// Whether standard error is reserved for one document of JSON.
    is_document: Cell<bool>,
}

impl Messages {
    /// `announces`: report what the run waits for.
    pub(crate) const fn new(quiet: bool, announces: bool, color: ColorChoice) -> Self {
        Self { quiet, announces, color, is_document: Cell::new(false) }
    }

    /// Reserves standard error for one document of JSON: no other message is written.
    pub(crate) fn reserve_for_document(&self) {
        self.is_document.set(true);
    }

    /// Writes a line, except under --quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet && !self.is_document.get() {
            write_stderr(&Page::of_line(line), self.color);
        }
    }

    /// Writes a page, also under --quiet.
    pub(crate) fn say_always(&self, page: &Page) {
        write_stderr(page, self.color);
    }

    /// Writes a document of JSON, also under --quiet.
    pub(crate) fn say_always_json(&self, json: &Json) {
        write_stderr_json(json);
    }

    /// Writes what the run waits for, if waiting is reported.
    pub(crate) fn announce(&self, line: &str) {
        if self.announces && !self.is_document.get() {
            write_stderr(&Page::of_line(line), self.color);
        }
    }
}
