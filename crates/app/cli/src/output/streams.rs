//! The streams: the one place that writes to standard output and to standard error, and text to the file of
//! --output.
//!
//! What goes through here is a [`Page`], [`Json`] or a text of a kind of its own, and passes
//! [`only_ours`] or [`only_lines`] last; a file of ours is not text, and terminals are spared it. `clippy.toml` refuses
//! the streams of the standard library everywhere else.

use std::cell::Cell;
use std::io::{self, ErrorKind, IsTerminal, Stderr, Stdout, Write};

use anstream::AutoStream;
use clap::ColorChoice;

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::json::Json;
use crate::output::page::{Page, only_lines, only_ours};
use crate::output::product::Content;

/// Where a product goes, whole or while it is made: the file of --output, or standard output.
#[derive(Debug)]
pub(crate) struct Stream {
    file: Option<OutputFile>,
    color: ColorChoice,
}

impl Stream {
    /// To this file, or to standard output.
    pub(crate) const fn to(file: Option<OutputFile>, color: ColorChoice) -> Self {
        Self { file, color }
    }

    /// Writes more of it.
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

    /// The file that has it, to get its place together with others.
    pub(crate) fn into_file(self) -> Option<OutputFile> {
        self.file
    }

    /// All of it was written: the file takes its place.
    pub(crate) fn end(self) -> Result<(), Fault> {
        self.file.map_or(Ok(()), OutputFile::commit)
    }
}

/// Writes to standard error. If nobody reads it, there is nobody to tell.
pub(crate) fn tell(page: &Page, color: ColorChoice) {
    let mut stream = AutoStream::new(stderr(), choice(color));
    let _ = stream.write_all(only_ours(page.as_str()).as_bytes());
}

/// The same of JSON.
pub(crate) fn tell_json(json: &Json) {
    let _ = stderr().write_all(only_lines(json.as_str()).as_bytes());
}

/// Writes a line over the one that stands on standard error without an end, or takes that away; gives back
/// how wide the new one is.
///
/// Without an escape sequence, which not every screen obeys.
pub(crate) fn write_over(width: usize, line: &str) -> usize {
    let line = only_lines(line);
    let mut stream = stderr();
    let wiped = if width > 0 { format!("\r{:width$}\r", "") } else { String::new() };
    let _ = stream.write_all(format!("{wiped}{line}").as_bytes()).and_then(|()| stream.flush());
    line.chars().count()
}

/// Whether a person reads standard error.
pub(crate) fn stderr_is_terminal() -> bool {
    stderr().is_terminal()
}

/// Standard output for bytes that are no text, unless it is a terminal, which is spared them.
pub(crate) fn bare_stdout() -> Result<Stdout, Fault> {
    let stream = stdout();
    if stream.is_terminal() {
        return Err(Fault::usage(
            "the product is not text, and standard output is a terminal",
            "name a file with --output, or redirect",
        ));
    }
    Ok(stream)
}

/// A reader who has seen enough and went away is no error.
pub(crate) fn write_result(written: io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fault::internal(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn stdout() -> Stdout {
    io::stdout()
}

#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn stderr() -> Stderr {
    io::stderr()
}

/// The choice in the streams' own words.
const fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}

/// Who wants to read messages, and how.
#[derive(Debug)]
pub(crate) struct Messages {
    quiet: bool,
    /// Whether a person waits at a terminal.
    announces: bool,
    color: ColorChoice,
    /// Whether standard error is for one document of JSON alone.
    is_document: Cell<bool>,
}

impl Messages {
    /// `announces` says what is being waited for.
    pub(crate) const fn new(quiet: bool, announces: bool, color: ColorChoice) -> Self {
        Self { quiet, announces, color, is_document: Cell::new(false) }
    }

    /// Keeps standard error for one document of JSON: no other message is written.
    pub(crate) fn keep_for_document(&self) {
        self.is_document.set(true);
    }

    /// Writes a line, except under --quiet.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet && !self.is_document.get() {
            tell(&Page::of_line(line), self.color);
        }
    }

    /// Writes a page, also under --quiet.
    pub(crate) fn insist(&self, page: &Page) {
        tell(page, self.color);
    }

    /// Writes a document of JSON, also under --quiet.
    pub(crate) fn insist_json(&self, json: &Json) {
        tell_json(json);
    }

    /// Writes a line on what is being waited for, if a person waits.
    pub(crate) fn announce(&self, line: &str) {
        if self.announces && !self.is_document.get() {
            tell(&Page::of_line(line), self.color);
        }
    }
}
