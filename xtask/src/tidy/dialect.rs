//! Discarded words: `xtask/words.toml` says what to write instead of each, and where it is refused already.

use crate::shell::{Outcome, root};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    word: Vec<Word>,
}

/// One word or phrase, in any case of its letters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    text: String,
    say: String,
    /// Folders and files that it may not stand in; the empty text is the whole tree.
    refused: Vec<String>,
    /// Files that need it, although they are below one of those.
    #[serde(default)]
    allowed: Vec<String>,
}

impl Dialect {
    pub(super) fn read() -> Outcome<Self> {
        let text = std::fs::read_to_string(root().join(LIST)).map_err(|e| format!("{LIST}: {e}"))?;
        toml::from_str(&text).map_err(|e| format!("{LIST}: {e}"))
    }

    /// What one file has of it that is refused there.
    pub(super) fn faults(&self, name: &str, text: &str) -> Vec<String> {
        let mut wrong = Vec::new();
        if !is_ours(name) {
            return wrong;
        }
        for word in self.word.iter().filter(|word| word.is_refused_in(name)) {
            for (number, line) in text.lines().enumerate().filter(|(_, line)| count(line, &word.text) > 0) {
                let place = format!("{name}:{}", number + 1);
                wrong.push(format!("{place}: `{}`, say: {}: {}", word.text, word.say, line.trim()));
            }
        }
        wrong
    }

    /// How often each word stands where it is not refused yet, by folder.
    pub(super) fn left(&self, files: &[(String, String)]) -> String {
        let mut table = String::new();
        for word in &self.word {
            let mut areas: BTreeMap<String, usize> = BTreeMap::new();
            for (name, text) in files.iter().filter(|(name, _)| is_ours(name) && !word.is_allowed_in(name)) {
                let found: usize = text.lines().map(|line| count(line, &word.text)).sum();
                if found > 0 {
                    *areas.entry(area(name)).or_default() += found;
                }
            }
            let total: usize = areas.values().sum();
            let areas: Vec<String> = areas.iter().map(|(area, found)| format!("{area} {found}")).collect();
            table.push_str(&format!("{:<24} {total:>5}  {}\n", word.text, areas.join(", ")));
        }
        table
    }
}

impl Word {
    fn is_refused_in(&self, name: &str) -> bool {
        self.refused.iter().any(|folder| name.starts_with(folder.as_str())) && !self.is_allowed_in(name)
    }

    fn is_allowed_in(&self, name: &str) -> bool {
        self.allowed.iter().any(|file| file == name)
    }
}

/// Texts of ours: not the list itself, not what was released, not what others wrote.
fn is_ours(name: &str) -> bool {
    let read = [".rs", ".md", ".toml", ".yml"].iter().any(|ending| name.ends_with(ending));
    read && ![LIST, "CHANGELOG.md"].contains(&name) && !name.starts_with("testdata/")
}

/// `crates/pure/wire`, `docs`, or a file at the root.
fn area(name: &str) -> String {
    let depth = if name.starts_with("crates/") { 3 } else { 1 };
    name.split('/').take(depth).collect::<Vec<_>>().join("/")
}

/// How often a phrase stands in a line as whole words.
fn count(line: &str, phrase: &str) -> usize {
    let (line, phrase) = (line.to_lowercase(), phrase.to_lowercase());
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let whole = |at: usize| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    };
    line.match_indices(&phrase).filter(|(at, _)| whole(*at)).count()
}

const LIST: &str = "xtask/words.toml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_refused_where_the_list_says_so() -> Outcome {
        let list = "[[word]]\ntext = \"old word\"\nsay = \"new\"\nrefused = [\"xtask/\"]\nallowed = [\"xtask/b.rs\"]\n";
        let dialect: Dialect = toml::from_str(list).map_err(|e| e.to_string())?;
        let text = "fine\nan Old Word, old words, bold word\n";
        let expected = "xtask/a.rs:2: `old word`, say: new: an Old Word, old words, bold word";
        assert_eq!(dialect.faults("xtask/a.rs", text), [expected]);
        assert_eq!(dialect.faults("xtask/b.rs", text), [""; 0]);
        assert_eq!(dialect.faults("docs/a.md", text), [""; 0]);
        let left = dialect.left(&[("docs/a.md".to_owned(), text.to_owned())]);
        assert_eq!(left.split_whitespace().collect::<Vec<_>>(), ["old", "word", "1", "docs", "1"]);
        Dialect::read().map(drop)
    }
}
