//! What a verb makes: standard output is the product, standard error is talk.

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::path::Placement;
use crate::output::json::Json;
use crate::output::page::Page;

/// What goes to standard output, or to the file of --output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// For people.
    Page(Page),
    /// For programs.
    Json(Json),
    /// A text of another kind, in which foreign text is written as that kind escapes it: TOML, a script.
    Text(String),
    /// A file of ours; terminals are spared it.
    Bytes(Vec<u8>),
    /// Nothing: there is no product, or it was handed over while it was made. The file of --output stays as it is.
    Nothing,
}

/// The form of what a verb makes, which is known before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductForm {
    /// An answer, for people or for programs: with --format json, an error is one too.
    Answer,
    /// A file for another program, whatever --format says: an error has no place in it.
    File,
    /// The same of what may be secret.
    Secret,
}

impl ProductForm {
    /// How the file of --output is written.
    pub(crate) const fn placement(self) -> Placement {
        match self {
            Self::Secret => Placement::Private,
            Self::Answer | Self::File => Placement::Replace,
        }
    }

    /// The form of a verb, by its words, where its arguments cannot be parsed.
    pub(crate) fn of_words(verb: &str, has_certificate: bool) -> Self {
        match verb {
            "seal encrypt" | "seal encrypt-unverified" | "seal decrypt" | "vtpm nv read" => Self::Secret,
            "collect" | "collect azure" | "bundle create" | "bundle export" | "bundle redact"
            | "vtpm report" | "vtpm log" | "seal key" | "completions" | "man" => Self::File,
            "vtpm ak" | "vtpm ek" if has_certificate => Self::File,
            _ => Self::Answer,
        }
    }
}

/// What a verb makes.
#[derive(Debug)]
pub(crate) struct Product {
    /// What goes to standard output.
    pub(crate) content: Content,
    /// Files that belong to it, written and not yet in their places.
    pub(crate) files: Vec<OutputFile>,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Product {
    const fn new(content: Content, exit: u8) -> Self {
        Self { content, files: Vec::new(), exit }
    }

    /// The same with files that get their places together with it.
    pub(crate) fn with_files(self, files: Vec<OutputFile>) -> Self {
        Self { files, ..self }
    }

    /// A page that is no verdict.
    pub(crate) const fn of(page: Page) -> Self {
        Self::ending(page, 0)
    }

    /// A page and the exit code that goes with it.
    pub(crate) const fn ending(page: Page, exit: u8) -> Self {
        Self::new(Content::Page(page), exit)
    }

    /// A text of a kind of its own.
    pub(crate) const fn text(text: String) -> Self {
        Self::new(Content::Text(text), 0)
    }

    /// A file.
    pub(crate) const fn file(bytes: Vec<u8>) -> Self {
        Self::new(Content::Bytes(bytes), 0)
    }

    /// Nothing: the verb did what it was asked, and says no more.
    pub(crate) const fn none() -> Self {
        Self::written(0)
    }

    /// What was handed over already, and the exit code that goes with it.
    pub(crate) const fn written(exit: u8) -> Self {
        Self::new(Content::Nothing, exit)
    }

    /// A value as JSON, pretty.
    pub(crate) fn json(value: &impl serde::Serialize, exit: u8) -> Result<Self, Fault> {
        Ok(Self::new(Content::Json(Json::of(value)?), exit))
    }

    /// JSON that another writer has written.
    pub(crate) fn json_text(text: &str) -> Self {
        Self::new(Content::Json(Json::from_text(text)), 0)
    }
}
