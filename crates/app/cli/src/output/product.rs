//! Products of verbs: content for standard output or the file of --output, further files, exit code. Messages go to
//! standard error.

use crate::output::fault::Fault;
use crate::output::files::file::OutputFile;
use crate::output::files::path::Placement;
use crate::output::json::Json;
use crate::output::page::Page;

/// Content for standard output, or for the file of --output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Text in lines.
    Page(Page),
    /// JSON.
    Json(Json),
    /// Text of another format, with foreign text escaped as in that format: TOML, a script.
    Text(String),
    /// Binary content, which is not written to a terminal.
    Bytes(Vec<u8>),
    /// Nothing: there is no content, or it is already written. The file of --output stays as it is.
    Nothing,
}

/// The form of a product, which is known before the verb runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductForm {
    /// A page, or JSON with --format json, where an error is JSON too.
    Answer,
    /// A file of a format of its own, whatever --format says; errors are not written to it.
    File,
    /// A file that may be secret.
    Secret,
}

impl ProductForm {
    /// The placement of the file of --output.
    pub(crate) const fn placement(self) -> Placement {
        match self {
            Self::Secret => Placement::Private,
            Self::Answer | Self::File => Placement::Replace,
        }
    }

    /// The form of the product of a verb whose arguments cannot be parsed.
    pub(crate) fn of_words(verb: &str, has_certificate: bool) -> Self {
        match verb {
            "seal encrypt"
            | "seal encrypt-unverified"
            | "seal decrypt"
            | "vtpm nv read"
            | "nsm random"
            | "kms decrypt"
            | "kms generate-data-key"
            | "kms generate-data-key-pair"
            | "kms generate-random"
            | "kms derive-shared-secret" => Self::Secret,
            "collect" | "collect azure" | "collect nitro" | "collect nitro-tpm" | "nsm attest"
            | "nsm fetch" | "bundle create" | "bundle export" | "bundle redact" | "bundle refresh"
            | "cache export" | "vtpm report" | "vtpm log" | "seal key" | "eif build" | "completions"
            | "man" => Self::File,
            "vtpm ak" | "vtpm ek" if has_certificate => Self::File,
            _ => Self::Answer,
        }
    }
}

/// The product of a verb.
#[derive(Debug)]
pub(crate) struct Product {
    /// The content.
    pub(crate) content: Content,
    /// Further files, written and not yet in their places.
    pub(crate) files: Vec<OutputFile>,
    /// The exit code.
    pub(crate) exit: u8,
}

impl Product {
    const fn new(content: Content, exit: u8) -> Self {
        Self { content, files: Vec::new(), exit }
    }

    /// The same with further files, which are placed together with it.
    pub(crate) fn with_files(self, files: Vec<OutputFile>) -> Self {
        Self { files, ..self }
    }

    /// A page with exit code 0.
    pub(crate) const fn of(page: Page) -> Self {
        Self::ending(page, 0)
    }

    /// A page and its exit code.
    pub(crate) const fn ending(page: Page, exit: u8) -> Self {
        Self::new(Content::Page(page), exit)
    }

    /// Text of another format.
    pub(crate) const fn text(text: String) -> Self {
        Self::new(Content::Text(text), 0)
    }

    /// Binary content.
    pub(crate) const fn file(bytes: Vec<u8>) -> Self {
        Self::new(Content::Bytes(bytes), 0)
    }

    /// No content.
    pub(crate) const fn none() -> Self {
        Self::written(0)
    }

    /// Content that is already written, and its exit code.
    pub(crate) const fn written(exit: u8) -> Self {
        Self::new(Content::Nothing, exit)
    }

    /// A value as indented JSON.
    pub(crate) fn json(value: &impl serde::Serialize, exit: u8) -> Result<Self, Fault> {
        Ok(Self::new(Content::Json(Json::of(value)?), exit))
    }

    /// JSON that a library has written.
    pub(crate) fn json_text(text: &str) -> Self {
        Self::new(Content::Json(Json::from_text(text)), 0)
    }
}
