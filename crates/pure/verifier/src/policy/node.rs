//! One key of the file with its value, and access to the keys below it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use teeproof_core::visible;
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::problems::{Problems, Reported};
use super::rule::ABSENT;
use super::suggest::{hint, listed, quoted};

/// A value of the file and the way to it.
pub(super) struct Node<'t> {
    path: String,
    key_at: usize,
    value: &'t Spanned<DeValue<'t>>,
}

impl<'t> Node<'t> {
    pub(super) fn new(path: String, key_at: usize, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self { path, key_at, value }
    }

    pub(super) fn value(&self) -> &'t DeValue<'t> {
        self.value.get_ref()
    }

    /// The line of the key: the one that results tell.
    pub(super) fn line(&self, problems: &Problems<'_>) -> u32 {
        problems.line(self.key_at)
    }

    /// Records a problem at the value.
    pub(super) fn problem(
        &self,
        problems: &mut Problems<'_>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Reported {
        problems.add(self.value.span().start, &self.path, message, hint)
    }

    /// Records a problem at the key.
    pub(super) fn key_problem(
        &self,
        problems: &mut Problems<'_>,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Reported {
        problems.add(self.key_at, &self.path, message, hint)
    }

    /// Records that another kind of value is needed here.
    pub(super) fn wrong_type(
        &self,
        problems: &mut Problems<'_>,
        expected: &str,
        hint: Option<String>,
    ) -> Reported {
        let found = self.value().type_str();
        self.problem(problems, format!("expected {expected}, found {} {found}", article(found)), hint)
    }

    /// The table that stands here.
    pub(super) fn table(
        &self,
        problems: &mut Problems<'_>,
        expected: &str,
        hint: Option<String>,
    ) -> Result<&'t DeTable<'t>, Reported> {
        self.value().as_table().ok_or_else(|| self.wrong_type(problems, expected, hint))
    }

    /// The array that stands here.
    pub(super) fn array(
        &self,
        problems: &mut Problems<'_>,
        expected: &str,
    ) -> Result<&'t DeArray<'t>, Reported> {
        self.value().as_array().ok_or_else(|| self.wrong_type(problems, expected, None))
    }

    /// The text that stands here.
    pub(super) fn text(&self, problems: &mut Problems<'_>, expected: &str) -> Result<&'t str, Reported> {
        self.value().as_str().ok_or_else(|| self.wrong_type(problems, expected, None))
    }

    /// A text that says something: blanks and what a reader does not see do not.
    pub(super) fn worded(&self, problems: &mut Problems<'_>, expected: &str) -> Result<String, Reported> {
        let text = self.text(problems, expected)?;
        if visible(text).next().is_none() {
            let hint = format!("write {expected}; it shows in every result");
            return Err(self.problem(problems, "the text is empty", Some(hint)));
        }
        Ok(text.to_string())
    }

    /// One entry of the array that stands here.
    pub(super) fn entry(&self, index: usize, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self::new(format!("{}[{index}]", self.path), value.span().start, value)
    }

    /// Every key of a table that stands here.
    pub(super) fn children(&self, table: &'t DeTable<'t>) -> impl Iterator<Item = (&'t str, Self)> {
        table.iter().map(|(key, value)| (key.get_ref().as_ref(), self.under(key, value)))
    }

    fn under(&self, key: &Spanned<DeString<'t>>, value: &'t Spanned<DeValue<'t>>) -> Self {
        Self::new(below(&self.path, key.get_ref()), key.span().start, value)
    }

    /// The value under this key of a table that stands here.
    pub(super) fn child(&self, table: &'t DeTable<'t>, name: &str) -> Option<Self> {
        let (key, value) = table.get_key_value(name)?;
        Some(self.under(key, value))
    }

    /// The value under this key, which must be there.
    pub(super) fn need(
        &self,
        table: &'t DeTable<'t>,
        name: &str,
        problems: &mut Problems<'_>,
    ) -> Result<Self, Reported> {
        self.child(table, name)
            .ok_or_else(|| self.key_problem(problems, format!("`{name}` is missing"), None))
    }

    /// Records every other key, in the order of the file.
    pub(super) fn only(
        &self,
        table: &'t DeTable<'t>,
        known: &[&str],
        what: &str,
        problems: &mut Problems<'_>,
    ) {
        self.only_of(table, known, &[], what, problems);
    }

    /// As [`Node::only`], where some other keys have problems of their own.
    pub(super) fn only_of(
        &self,
        table: &'t DeTable<'t>,
        known: &[&str],
        others: &[&str],
        what: &str,
        problems: &mut Problems<'_>,
    ) {
        let known_key = |key: &str| known.contains(&key) || others.contains(&key);
        let unknown = table.iter().filter(|(key, _)| !known_key(key.get_ref()));
        let mut unknown: Vec<_> = unknown.collect();
        unknown.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in unknown {
            if problems.is_full() {
                problems.count();
                continue;
            }
            let name = key.get_ref();
            let message = format!("unknown {what} {}", quoted(name));
            let hint = hint(name, known.iter().copied());
            self.under(key, value).key_problem(problems, message, Some(hint));
        }
    }

    /// Records that a word has no meaning here, and which have.
    pub(super) fn no_meaning(
        &self,
        word: &str,
        what: &str,
        allowed: &[&str],
        problems: &mut Problems<'_>,
    ) -> Reported {
        let allowed = listed(allowed.iter().copied());
        let hint = (word == ABSENT).then(|| ABSENT_IS_FOR.to_string());
        self.key_problem(
            problems,
            format!("`{word}` has no meaning for {what}; allowed are: {allowed}"),
            hint,
        )
    }
}

/// Why a value that can be missing may all the same not be demanded to be absent.
const ABSENT_IS_FOR: &str = "`absent` is for values whose absence the evidence signs; whatever can be left out \
                             or cannot be verified shows nothing by being missing";

/// The path of a key: bare where TOML would let it be bare.
fn below(path: &str, key: &str) -> String {
    let bare = (1..=40).contains(&key.len())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let key = if bare { key.to_string() } else { quoted(key) };
    if path.is_empty() { key } else { format!("{path}.{key}") }
}

fn article(noun: &str) -> &'static str {
    if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}
