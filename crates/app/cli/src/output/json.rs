//! JSON output of all verbs.

use serde::Serialize;
use teeproof_core::is_shown_as_it_is;

/// JSON text with control characters and invisible characters escaped as `\u…`. It parses to the same value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Json(String);

impl Json {
    /// A value, indented, with a line end.
    pub(crate) fn of(value: &impl Serialize) -> Result<Self, JsonError> {
        Self::inner(value).map(|Self(text)| Self(text + "\n"))
    }

    /// A value, indented, without a line end.
    pub(crate) fn inner(value: &impl Serialize) -> Result<Self, JsonError> {
        serde_json::to_string_pretty(value).map(|text| Self::from_text(&text)).map_err(JsonError)
    }

    /// JSON that a library has written.
    ///
    /// Outside its strings, JSON has no character to escape but line ends; so each such character is in a string.
    pub(crate) fn from_text(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        for character in text.chars() {
            if character == '\n' || is_shown_as_it_is(character) {
                out.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
        Self(out)
    }

    /// The same, indented as a part of another document.
    pub(crate) fn indented(&self, spaces: usize) -> Self {
        // Line ends in strings are escaped, so that each line is one of the layout.
        let lines: Vec<_> = self.0.lines().map(|line| format!("{:spaces$}{line}", "")).collect();
        Self(lines.join("\n"))
    }

    /// Appends JSON that is written in parts.
    pub(crate) fn append(&mut self, more: &Self) -> &mut Self {
        self.0.push_str(&more.0);
        self
    }

    /// Whether it is empty.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value that cannot be written as JSON.
#[derive(Debug)]
pub(crate) struct JsonError(pub(crate) serde_json::Error);

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use teeproof_core::Escaped;

    use super::*;
    use crate::output::page::{GOOD, Page, only_ours};

    #[test]
    fn what_is_escaped_is_the_same_text() {
        let json = Json::of(&"\u{9b}\u{202e}\u{61c}\u{7f}\u{e0041}\u{1b}\n\"\\").unwrap();
        assert_eq!(json.as_str(), "\"\\u009b\\u202e\\u061c\\u007f\\udb40\\udc41\\u001b\\n\\\"\\\\\"\n");
    }

    /// Any characters, those that must be escaped among them often.
    fn foreign() -> impl Strategy<Value = String> {
        let steering =
            "\0\t\n\r\u{1b}\u{7f}\u{9b}\u{ad}\u{61c}\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}\u{e0041}\\\"";
        let steering = proptest::sample::select(steering.chars().collect::<Vec<_>>());
        let character = prop_oneof![any::<char>(), steering, proptest::char::range('a', 'z')];
        proptest::collection::vec(character, 0..40).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn json_parses_to_the_same_text_and_shows_nothing_raw(text in foreign(), name in foreign()) {
            let value = serde_json::json!({ &name: [&text] });
            let json = Json::of(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(json.as_str()).unwrap(), &value);
            prop_assert!(json.as_str().chars().all(|one| one == '\n' || is_shown_as_it_is(one)));
            prop_assert_eq!(&Json::from_text(json.as_str()), &json);
        }

        #[test]
        fn escaped_text_shows_nothing_raw_and_is_escaped_once(text in foreign()) {
            let escaped = Escaped(&text).to_string();
            prop_assert!(escaped.chars().all(is_shown_as_it_is));
            prop_assert_eq!(&Escaped(&escaped).to_string(), &escaped);
            if text.chars().all(is_shown_as_it_is) {
                prop_assert_eq!(text, escaped);
            }
        }

        #[test]
        fn a_page_has_as_many_lines_as_it_ended(texts in proptest::collection::vec(foreign(), 0..8)) {
            let mut page = Page::new();
            texts.iter().for_each(|text| _ = page.paint(GOOD, text).line(text));
            prop_assert_eq!(page.as_str().lines().count(), texts.len());
            prop_assert_eq!(only_ours(page.as_str()), page.as_str());
        }
    }
}
