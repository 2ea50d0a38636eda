//! "Did you mean": the nearest of a few known words, and the escaping of text from the file.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A hint for an unknown word: the known word that is near, or else all of them.
pub(super) fn hint<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are: {}", listed(known)),
    }
}

/// `a, b, c`.
pub(super) fn listed<'k>(words: impl Iterator<Item = &'k str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

/// Foreign text, quoted: without control characters, and not longer than a line can bear.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
    let rest = if text.chars().nth(MAX_SHOWN).is_some() { "…" } else { "" };
    format!("`{shown}{rest}`")
}

/// How many characters of foreign text are shown.
const MAX_SHOWN: usize = 48;

fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // No known word is this long; so the work for each key is bounded.
    if word.chars().nth(MAX_SHOWN).is_some() {
        return None;
    }
    let word = word.to_lowercase().replace('_', "-");
    known
        .map(|known| (distance(&word, known), known))
        .filter(|(distance, known)| *distance <= tolerance(known))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many slips a word of this length may have.
fn tolerance(known: &str) -> usize {
    match known.len() {
        0..=2 => 0,
        3 => 1,
        _ => 2,
    }
}

/// How many characters have to be put in, taken out or replaced to make one word the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (done, have) in from.chars().enumerate() {
        let mut left = done.saturating_add(1);
        let mut next = Vec::from([left]);
        for (want, above) in to.chars().zip(row.windows(2)) {
            let &[diagonal, up] = above else { continue };
            let replaced = diagonal.saturating_add(usize::from(have != want));
            left = replaced.min(up.min(left).saturating_add(1));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (from, to, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("debug", "debug", 0),
            ("debgu", "debug", 2),
            ("measurment", "measurement", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), slips, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_word_is_named() {
        let known = ["debug", "policy", "platform-info"];
        let near = |word| nearest(word, known.into_iter());
        assert_eq!(near("platform_info"), Some("platform-info"));
        assert_eq!(near("Polcy"), Some("policy"));
        assert_eq!(near("debgu"), Some("debug"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(&"policy".repeat(100)), None);
    }

    #[test]
    fn foreign_text_is_tamed() {
        assert_eq!(quoted("a\u{1b}[2J"), "`a\\u{1b}[2J`");
        assert_eq!(quoted(&"x".repeat(49)), format!("`{}…`", "x".repeat(48)));
    }
}
