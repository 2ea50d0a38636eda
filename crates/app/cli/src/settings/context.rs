//! Context of a run: the settings after flags, environment and configuration file, and the three streams.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgMatches, ColorChoice, Command};
use teeproof_core::Crypto;

use crate::input::overlap::refuse_overlap;
use crate::input::source::Source;
use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::path::Placement;
use crate::output::files::path::is_standard_stream;
use crate::output::files::transaction::PlacedFiles;
use crate::output::page::Verbosity;
use crate::output::product::{Content, Product, ProductForm};
use crate::output::streams::Messages;
use crate::output::streams::{self, Stream, write_stderr};
use crate::settings::config::Config;
use crate::settings::network::NetworkSettings;
use crate::settings::{CryptoChoice, Format, Globals, Progress};

/// The settings after flags, environment, file and defaults, and the streams.
#[derive(Debug)]
pub(crate) struct Context {
    /// The format of results.
    pub(crate) format: Format,
    /// Print only the verdict.
    pub(crate) quiet: bool,
    /// Print everything.
    pub(crate) verbose: bool,
    /// The configuration file, for the settings that only some verbs have.
    pub(crate) config: Config,
    /// The reader of files and of standard input.
    pub(crate) source: Source,
    /// Messages on standard error.
    pub(crate) messages: Messages,
    /// The network as it may be used.
    pub(crate) network: NetworkSettings,
    output: Option<PathBuf>,
    /// The same file, opened, until it is taken to be written to.
    opened: RefCell<Option<OutputFile>>,
    /// Whether a part of the product may already be on standard output.
    is_begun: Cell<bool>,
    /// The form of the product.
    form: ProductForm,
    color: ColorChoice,
}

impl Context {
    /// Combines the settings: a flag overrides its environment variable (clap does that), the variable overrides the
    /// file, and the file the default.
    pub(crate) fn new(globals: &Globals) -> Result<Self, Fault> {
        let config = globals.config.as_deref().map(Config::from_file).transpose()?.unwrap_or_default();
        let quiet = globals.quiet || (globals.verbose == 0 && config.quiet.unwrap_or(false));
        let verbose = globals.verbose.max(config.verbose.unwrap_or(0)) > 0 && !quiet;
        let progress = globals.progress.or(config.progress).unwrap_or(Progress::Auto);
        let announce = progress == Progress::Auto && !quiet && streams::stderr_is_terminal();
        let color = globals.color.or(config.color).unwrap_or(ColorChoice::Auto);
        let network = NetworkSettings {
            offline: globals.offline || config.offline.unwrap_or(false),
            cache_dir: globals.cache_dir.clone().or_else(|| config.cache_dir.clone()),
            timeout: globals.timeout.or(config.timeout).map(|seconds| Duration::from_secs(seconds.into())),
            retries: globals.retries.or(config.retries),
            endpoints: globals.endpoints.or(&config.endpoints),
        };
        Ok(Self {
            messages: Messages::new(quiet, announce, color),
            format: globals.format.or(config.format).unwrap_or(Format::Human),
            quiet,
            verbose,
            source: Source::new(announce),
            network,
            // As for inputs, - is the stream.
            output: (globals.output.clone().map(|path| path.0).or_else(|| config.output.clone()))
                .filter(|path| !is_standard_stream(path)),
            opened: RefCell::new(None),
            is_begun: Cell::new(false),
            form: ProductForm::Answer,
            color,
            config,
        })
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// The verbosity of pages.
    pub(crate) const fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }

    /// The crypto table of the flag, of the configuration file, or the default.
    pub(crate) fn crypto(&self, flag: Option<CryptoChoice>) -> Crypto<'static> {
        flag.or(self.config.crypto).unwrap_or(CryptoChoice::AwsLc).table()
    }

    /// Opens the file of --output, unless it is one of the inputs. Its content stays as it is until the product is
    /// delivered.
    pub(crate) fn open_output(
        &mut self,
        command: &Command,
        matches: &ArgMatches,
        form: ProductForm,
    ) -> Result<(), Fault> {
        self.form = form;
        let named = refuse_overlap(command, matches, self.output.as_deref())?;
        self.source.keep_apart(named);
        if let Some(path) = &self.output {
            self.opened = RefCell::new(Some(OutputFile::open(path, form.placement())?));
        }
        Ok(())
    }

    /// Opens a file in an output directory; it must not be an input or the file of --output.
    pub(crate) fn open_entry(&self, path: &Path, placement: Placement) -> Result<OutputFile, Fault> {
        if self.opened.borrow().as_ref().is_some_and(|file| file.is_at(path)) {
            let message = "the file of --output has the name of a file that is written to the directory";
            return Err(Fault::usage(message, "name another file for --output").in_file(path.display()));
        }
        self.source.refuse_input(path)?;
        OutputFile::open(path, placement)
    }

    /// The file of --output; without one, the caller writes to standard output next.
    pub(crate) fn take_output(&self) -> Option<OutputFile> {
        let file = self.opened.take();
        self.is_begun.set(file.is_none());
        file
    }

    /// The stream for a product that is written in parts.
    pub(crate) fn stream(&self) -> Stream {
        Stream::to(self.take_output(), self.color)
    }

    /// Writes the product; the exit code is that of the product, or of the failure to write it. Without a product,
    /// the file of --output is unchanged.
    pub(crate) fn deliver(&self, product: Product) -> u8 {
        let Product { content, files, exit } = product;
        let placed = if files.is_empty() {
            self.write(&content).and_then(|stream| stream.map_or(Ok(()), Stream::end))
        } else {
            self.deliver_together(&content, files)
        };
        match placed {
            Ok(()) => exit,
            Err(fault) => self.refuse(&fault),
        }
    }

    /// A product and the files that belong to it, which are in their places before standard output names them.
    fn deliver_together(&self, content: &Content, mut files: Vec<OutputFile>) -> Result<(), Fault> {
        if self.opened.borrow().is_some() {
            files.extend(self.write(content)?.and_then(Stream::into_file));
            PlacedFiles::place(files)?.keep();
        } else {
            let placed = PlacedFiles::place(files)?;
            self.write(content)?;
            placed.keep();
        }
        Ok(())
    }

    fn write(&self, content: &Content) -> Result<Option<Stream>, Fault> {
        if matches!(content, Content::Nothing) {
            return Ok(None);
        }
        let mut stream = self.stream();
        stream.write(content)?;
        Ok(Some(stream))
    }

    /// Prints an error: as a page on standard error, or as JSON on standard output; there also as JSON on standard
    /// error if the product is a file of its own kind or was begun. The file of --output is unchanged.
    pub(crate) fn refuse(&self, fault: &Fault) -> u8 {
        let is_taken = self.form != ProductForm::Answer || self.is_begun.get();
        match (self.is_json(), is_taken) {
            (true, true) => streams::write_stderr_json(&fault.to_json()),
            (true, false) => {
                let error = Content::Json(fault.to_json());
                if let Err(second) = Stream::to(None, self.color).write(&error) {
                    write_stderr(&second.to_page(), self.color);
                }
            }
            (false, _) => write_stderr(&fault.to_page(), self.color),
        }
        fault.exit
    }
}
