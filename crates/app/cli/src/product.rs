//! What a verb makes, and how it leaves: standard output is the product, standard error is talk.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anstream::AutoStream;
use clap::ColorChoice;

use crate::fault::Fault;

/// What a verb makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Product {
    /// The text for standard output.
    pub(crate) text: String,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Product {
    /// A text that is no verdict.
    pub(crate) const fn of(text: String) -> Self {
        Self { text, exit: 0 }
    }

    /// A value as JSON, pretty.
    pub(crate) fn json(value: &impl serde::Serialize, exit: u8) -> Result<Self, Fault> {
        let mut text = serde_json::to_string_pretty(value)
            .map_err(|error| Fault::internal(format!("the result cannot be written as JSON: {error}")))?;
        text.push('\n');
        Ok(Self { text, exit })
    }
}

/// Writes the product to the file, or to standard output. A reader who has seen enough and went
/// away is no error.
pub(crate) fn write(text: &str, file: Option<&Path>, color: ColorChoice) -> Result<(), Fault> {
    match file {
        Some(path) => to_file(text, path, color),
        None => to_stdout(text, color),
    }
}

fn to_file(text: &str, path: &Path, color: ColorChoice) -> Result<(), Fault> {
    let wrong = |error: std::io::Error| {
        Fault::usage(format!("cannot be written: {error}"), "name a file that can be written with --output")
            .in_file(path.display())
    };
    let mut bytes = AutoStream::new(Vec::new(), choice(color));
    bytes.write_all(text.as_bytes()).map_err(wrong)?;
    std::fs::write(path, bytes.into_inner()).map_err(wrong)
}

fn to_stdout(text: &str, color: ColorChoice) -> Result<(), Fault> {
    let mut stream = AutoStream::new(std::io::stdout(), choice(color));
    let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
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
