//! Messages on standard error.

use std::cell::Cell;

use clap::ColorChoice;

use crate::output::json::Json;
use crate::output::page::Page;
use crate::output::streams::{tell, tell_json};

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
