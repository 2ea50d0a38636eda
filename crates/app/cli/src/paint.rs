//! Texts as people see them: colours, line breaks, and nothing that a terminal would obey.

use anstyle::{AnsiColor, Color, Style};
use teeproof::core::Outcome;

/// It holds.
pub(crate) const GOOD: Style = colour(AnsiColor::Green).bold();
/// It does not hold.
pub(crate) const BAD: Style = colour(AnsiColor::Red).bold();
/// A person should read this.
pub(crate) const LOUD: Style = colour(AnsiColor::Yellow).bold();
/// What a person can do.
pub(crate) const HINT: Style = colour(AnsiColor::Cyan);
/// Of less weight.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Names and headings.
pub(crate) const NAME: Style = Style::new().bold();

/// The width that lines keep within.
pub(crate) const WIDTH: usize = 100;

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// A text in a style. The stream takes the style away where nobody wants it.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The sign of an outcome, and its style.
pub(crate) const fn mark(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Pass => (GOOD, "✔"),
        Outcome::Fail => (BAD, "✘"),
        Outcome::Warn => (LOUD, "!"),
        Outcome::Skip => (DIM, "–"),
    }
}

/// A text out of evidence or file names, with whatever would steer a terminal or turn the
/// reading direction written out.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|char| {
            if char.is_control() || STEERING.iter().any(|range| range.contains(&char)) {
                char.escape_unicode().to_string()
            } else {
                char.to_string()
            }
        })
        .collect()
}

/// Marks of direction, and invisible ones.
const STEERING: &[std::ops::RangeInclusive<char>] =
    &['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}', '\u{feff}'..='\u{feff}'];

/// Breaks a text into lines of at most `width` characters: between words, and inside of words
/// that are too long, whose pieces stand alone.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(MIN_WIDTH);
    let mut lines: Vec<String> = Vec::new();
    let mut joins = false;
    for word in text.split_whitespace() {
        let pieces = pieces(word, width);
        let whole = pieces.len() == 1;
        for piece in pieces {
            match lines.last_mut() {
                Some(last) if joins && whole && fits(last, &piece, width) => {
                    last.push(' ');
                    last.push_str(&piece);
                }
                _ => lines.push(piece),
            }
        }
        joins = whole;
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

fn fits(line: &str, word: &str, width: usize) -> bool {
    line.chars().count().saturating_add(word.chars().count()) < width
}

/// A long word in pieces; bytes in hex are cut at multiples of eight bytes.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() <= width {
        return vec![word.to_string()];
    }
    let hex = chars.iter().all(char::is_ascii_hexdigit);
    let step = if hex { width.saturating_sub(width % 16) } else { width };
    chars.chunks(step).map(|chunk| chunk.iter().collect()).collect()
}

/// Long bytes in hex by their beginning and end.
pub(crate) fn shortened(value: &str) -> String {
    let long = value.len() > 40 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (value.get(..8), value.get(value.len().saturating_sub(8)..)) {
        (Some(start), Some(end)) if long => format!("{start}…{end}"),
        _ => value.to_string(),
    }
}

const MIN_WIDTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(printable("ü\u{202e}x\n"), "ü\\u{202e}x\\u{a}");
    }

    #[test]
    fn lines_stay_within_the_width() {
        let hex = "ab".repeat(100);
        let lines = wrap(&hex, 70);
        assert!(lines.iter().all(|line| line.len() <= 64));
        assert_eq!(lines.concat(), hex);
        assert_eq!(wrap("one two three four five six seven", 32), ["one two three four five six", "seven"]);
    }

    #[test]
    fn only_long_bytes_are_shortened() {
        assert_eq!(shortened(&"0123456789".repeat(5)), "01234567…23456789");
        assert_eq!(shortened("i-0123456789"), "i-0123456789");
    }
}
