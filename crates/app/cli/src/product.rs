//! What a verb makes: standard output is the product, standard error is talk.

use crate::fault::Fault;
use crate::json::Json;
use crate::page::Page;

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
    /// Nothing any more: it went through a [`Stream`](crate::streams::Stream) while it was made.
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
    /// A page that is no verdict.
    pub(crate) const fn of(page: Page) -> Self {
        Self::ending(page, 0)
    }

    /// A page and the exit code that goes with it.
    pub(crate) const fn ending(page: Page, exit: u8) -> Self {
        Self { content: Content::Page(page), exit }
    }

    /// A text of a kind of its own.
    pub(crate) const fn text(text: String) -> Self {
        Self { content: Content::Text(text), exit: 0 }
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
        Ok(Self { content: Content::Json(Json::of(value)?), exit })
    }

    /// JSON that another writer has written.
    pub(crate) fn json_text(text: &str) -> Self {
        Self { content: Content::Json(Json::from_text(text)), exit: 0 }
    }
}
