//! What a run knows besides its verb: the settings, and the three streams.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ColorChoice;

use crate::config::Config;
use crate::fault::Fault;
use crate::globals::{Format, Globals, Progress};
use crate::json::Json;
use crate::page::Page;
use crate::product::{Content, Product};
use crate::source::Source;
use crate::streams::{self, Stream, tell};

/// The settings after flags, environment, file and defaults, and the streams.
#[derive(Debug)]
pub(crate) struct Context {
    /// How results are written.
    pub(crate) format: Format,
    /// Say only the verdict.
    pub(crate) quiet: bool,
    /// Say more.
    pub(crate) verbose: bool,
    /// The file of defaults, for what a verb takes from it.
    pub(crate) config: Config,
    /// Where files are read.
    pub(crate) source: Source,
    /// Whether the network may be used.
    pub(crate) offline: bool,
    /// How long to wait for somebody else, where a person said so.
    pub(crate) timeout: Option<Duration>,
    output: Option<PathBuf>,
    color: ColorChoice,
    /// Whether standard error is for one document of JSON alone.
    is_document: Cell<bool>,
}

impl Context {
    /// Puts the settings together: a flag goes before its environment variable (clap has seen to
    /// that), that before the file, and the file before the default.
    pub(crate) fn new(globals: &Globals) -> Result<Self, Fault> {
        let config = globals.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let quiet = globals.quiet || (globals.verbose == 0 && config.quiet.unwrap_or(false));
        let verbose = globals.verbose.max(config.verbose.unwrap_or(0)) > 0 && !quiet;
        let progress = globals.progress.or(config.progress).unwrap_or(Progress::Auto);
        let announce = progress == Progress::Auto && !quiet && streams::stderr_is_terminal();
        let context = Self {
            format: globals.format.or(config.format).unwrap_or(Format::Human),
            quiet,
            verbose,
            source: Source::new(announce),
            offline: globals.offline,
            timeout: globals.timeout.map(|seconds| Duration::from_secs(seconds.into())),
            output: globals.output.clone().or_else(|| config.output.clone()),
            color: globals.color.or(config.color).unwrap_or(ColorChoice::Auto),
            is_document: Cell::new(false),
            config,
        };
        if verbose && !context.is_json() {
            for flag in globals.without_effect() {
                context.say(&format!("note: {flag} changes nothing in this version"));
            }
        }
        Ok(context)
    }

    /// Whether results go to a program.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Keeps standard error for one document of JSON: there is no talk besides.
    pub(crate) fn keep_for_document(&self) {
        self.is_document.set(true);
    }

    /// Talk: a line on standard error, unless nobody wants to hear it.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet && !self.is_document.get() {
            tell(&Page::of_line(line), self.color);
        }
    }

    /// Says what stands on standard error whoever wants to hear the verdict alone.
    pub(crate) fn insist(&self, page: &Page) {
        tell(page, self.color);
    }

    /// The same for programs.
    pub(crate) fn insist_json(&self, json: &Json) {
        streams::tell_json(json);
    }

    /// Tells a person who waits what is being waited for.
    pub(crate) fn announce(&self, line: &str) {
        if self.source.announces() && !self.is_document.get() {
            tell(&Page::of_line(line), self.color);
        }
    }

    /// The file that the product goes to, if one was named.
    pub(crate) fn output(&self) -> Option<&Path> {
        self.output.as_deref()
    }

    /// Where a product goes that is handed over while it is made.
    pub(crate) fn stream(&self) -> Result<Stream<'_>, Fault> {
        Stream::open(self.output.as_deref(), self.color)
    }

    /// Hands the product over; the exit code is the product's, or 1 if it cannot be written.
    pub(crate) fn deliver(&self, product: &Product) -> u8 {
        match streams::write(&product.content, self.output.as_deref(), self.color) {
            Ok(()) => product.exit,
            Err(fault) => {
                tell(&fault.to_page(), self.color);
                fault.exit
            }
        }
    }

    /// Says what went wrong. Where a product was to be written to a file, the file is written all
    /// the same, so that no older result stays behind.
    pub(crate) fn refuse(&self, fault: &Fault) -> u8 {
        let content = if self.is_json() {
            Content::Json(fault.to_json())
        } else {
            tell(&fault.to_page(), self.color);
            Content::Page(Page::new())
        };
        if let Err(second) = streams::write(&content, self.output.as_deref(), self.color) {
            tell(&second.to_page(), self.color);
        }
        fault.exit
    }
}
