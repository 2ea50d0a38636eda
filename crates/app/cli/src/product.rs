//! What a verb makes, and how it leaves: standard output is the product, standard error is talk.

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use anstream::AutoStream;
use clap::ColorChoice;

use crate::fault::Fault;

/// What goes to standard output, or to the file of --output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// For people, or JSON.
    Text(String),
    /// A file of ours; terminals are spared it.
    Bytes(Vec<u8>),
    /// Nothing any more: it went through a [`Stream`] while it was made.
    Told,
}

/// What a verb makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// What goes to standard output.
    pub(crate) content: Content,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Product {
    /// A text that is no verdict.
    pub(crate) const fn of(text: String) -> Self {
        Self::ending(text, 0)
    }

    /// A text and the exit code that goes with it.
    pub(crate) const fn ending(text: String, exit: u8) -> Self {
        Self { content: Content::Text(text), exit }
    }

    /// A file.
    pub(crate) const fn file(bytes: Vec<u8>) -> Self {
        Self { content: Content::Bytes(bytes), exit: 0 }
    }

    /// What was handed over already, and the exit code that goes with it.
    pub(crate) const fn told(exit: u8) -> Self {
        Self { content: Content::Told, exit }
    }

    /// A value as JSON, pretty.
    pub(crate) fn json(value: &impl serde::Serialize, exit: u8) -> Result<Self, Fault> {
        let mut text = serde_json::to_string_pretty(value)
            .map_err(|error| Fault::internal(format!("the result cannot be written as JSON: {error}")))?;
        text.push('\n');
        Ok(Self::ending(text, exit))
    }
}

/// Writes the product to the file, or to standard output.
pub(crate) fn write(content: &Content, file: Option<&Path>, color: ColorChoice) -> Result<(), Fault> {
    match (content, file) {
        (Content::Told, _) => Ok(()),
        (Content::Text(text), file) => Stream::open(file, color)?.write(text),
        (Content::Bytes(bytes), Some(path)) => to_file(bytes, path),
        (Content::Bytes(bytes), None) => {
            spare_terminal()?;
            let mut stream = std::io::stdout();
            told(stream.write_all(bytes).and_then(|()| stream.flush()))
        }
    }
}

/// Where a text goes that is written while it is made: the file of --output, or standard output.
#[derive(Debug)]
pub(crate) struct Stream<'p> {
    file: Option<(File, &'p Path)>,
    color: ColorChoice,
}

impl<'p> Stream<'p> {
    /// Opens it. A file is emptied, so that no older result stays behind.
    pub(crate) fn open(file: Option<&'p Path>, color: ColorChoice) -> Result<Self, Fault> {
        let open =
            |path| File::create(path).map(|file| (file, path)).map_err(|error| unwritable(&error, path));
        Ok(Self { file: file.map(open).transpose()?, color })
    }

    /// Writes more of the text.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Fault> {
        let Some((file, path)) = &mut self.file else {
            let mut stream = AutoStream::new(std::io::stdout(), choice(self.color));
            return told(stream.write_all(text.as_bytes()).and_then(|()| stream.flush()));
        };
        let mut plain = AutoStream::new(Vec::new(), choice(self.color));
        // Writing to memory does not fail.
        let _ = plain.write_all(text.as_bytes());
        file.write_all(&plain.into_inner()).map_err(|error| unwritable(&error, path))
    }
}

/// Writes bytes to a file.
pub(crate) fn to_file(bytes: &[u8], path: &Path) -> Result<(), Fault> {
    std::fs::write(path, bytes).map_err(|error| unwritable(&error, path))
}

/// A terminal is spared what is not text.
pub(crate) fn spare_terminal() -> Result<(), Fault> {
    if std::io::stdout().is_terminal() {
        return Err(Fault::usage(
            "the product is not text, and standard output is a terminal",
            "name a file with --output, or redirect",
        ));
    }
    Ok(())
}

/// The file of --output cannot be written.
pub(crate) fn unwritable(error: &std::io::Error, path: &Path) -> Fault {
    Fault::usage(format!("cannot be written: {error}"), "name a file that can be written with --output")
        .in_file(path.display())
}

/// A reader who has seen enough and went away is no error.
pub(crate) fn told(written: std::io::Result<()>) -> Result<(), Fault> {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fault::internal(format!("standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// The choice in the streams' own words.
pub(crate) const fn choice(color: ColorChoice) -> anstream::ColorChoice {
    match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
}
