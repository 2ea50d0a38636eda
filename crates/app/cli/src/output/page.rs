//! Text output in lines: only the page writes colours and line ends; all added text is escaped.

use std::fmt::{self, Display, Write};

use anstyle::{AnsiColor, Color, Style};
use teeproof_core::{Escaped, Outcome, is_shown_as_it_is};

/// Success.
pub(crate) const GOOD: Style = colour(AnsiColor::Green).bold();
/// Failure.
pub(crate) const BAD: Style = colour(AnsiColor::Red).bold();
/// Warning.
pub(crate) const LOUD: Style = colour(AnsiColor::Yellow).bold();
/// Hint.
pub(crate) const HINT: Style = colour(AnsiColor::Cyan);
/// Less important text.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Names and headings.
pub(crate) const NAME: Style = Style::new().bold();

/// The width of lines.
pub(crate) const WIDTH: usize = 100;

/// The verbosity of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verbosity {
    /// Only the verdict.
    Quiet,
    Normal,
    /// Every check, every claim, values in full.
    Verbose,
}

const fn colour(colour: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(colour)))
}

/// Text in lines.
///
/// Only the page itself writes line ends and colours. All added text is taken for foreign text: control characters,
/// invisible characters and line ends are [escaped](Escaped). So no text of evidence, of a file or of its name can
/// begin a line or colour one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page(String);

impl Page {
    /// An empty page.
    pub(crate) const fn new() -> Self {
        Self(String::new())
    }

    /// A page of one line.
    pub(crate) fn of_line(text: impl Display) -> Self {
        let mut page = Self::new();
        page.line(text);
        page
    }

    /// Output of the command line parser, with its colours and line ends. The arguments in it must already be escaped.
    pub(crate) fn of_parser(text: &str) -> Self {
        Self(only_ours(text))
    }

    /// Adds text.
    pub(crate) fn add(&mut self, text: impl Display) -> &mut Self {
        // Writing to memory does not fail.
        let _ = write!(Escaping(&mut self.0), "{text}");
        self
    }

    /// Adds text in a style, which the stream removes if colours are off.
    pub(crate) fn paint(&mut self, style: Style, text: impl Display) -> &mut Self {
        let _ = write!(self.0, "{style}");
        self.add(text);
        let _ = write!(self.0, "{style:#}");
        self
    }

    /// Ends the line.
    pub(crate) fn end(&mut self) -> &mut Self {
        self.0.push('\n');
        self
    }

    /// Adds text and ends the line.
    pub(crate) fn line(&mut self, text: impl Display) -> &mut Self {
        self.add(text).end()
    }

    /// Adds another page.
    pub(crate) fn append(&mut self, page: &Self) -> &mut Self {
        self.0.push_str(&page.0);
        self
    }

    /// Whether nothing was added.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text with its colours.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A writer that escapes.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write!(self.0, "{}", Escaped(text))
    }
}

/// Text with no control characters but line ends, tabs and colours (SGR): the last defence at the streams, for pages.
pub(crate) fn only_ours(text: &str) -> String {
    filtered(text, true)
}

/// The same without colours, for JSON and other text.
pub(crate) fn only_lines(text: &str) -> String {
    filtered(text, false)
}

fn filtered(text: &str, colours: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let setting = setting(rest).filter(|_| colours);
        let (piece, after) = rest.split_at(setting.unwrap_or(character.len_utf8()));
        match character {
            '\n' | '\t' => out.push(character),
            _ if setting.is_some() => out.push_str(piece),
            _ if is_shown_as_it_is(character) => out.push(character),
            _ => out.push_str(&Escaped(piece).to_string()),
        }
        rest = after;
    }
    out
}

/// The length of the setting of colour that a text begins with.
fn setting(text: &str) -> Option<usize> {
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|character: char| !character.is_ascii_digit() && character != ';')?;
    parameters.get(end..)?.starts_with('m').then(|| end.saturating_add("\u{1b}[m".len()))
}

/// The mark of an outcome, and its style.
pub(crate) const fn mark(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Pass => (GOOD, "✔"),
        Outcome::Fail => (BAD, "✘"),
        Outcome::Warn => (LOUD, "!"),
        Outcome::Skip => (DIM, "–"),
    }
}

/// Foreign text escaped as on a page, for its width.
pub(crate) fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

/// Breaks a text into lines of at most `width` characters: between words, and inside words that are too long, whose
/// pieces get lines of their own.
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

/// A long word in pieces; hex is cut at multiples of eight bytes. A URL stays whole, so that it can be copied.
fn pieces(word: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    if chars.len() <= width || word.starts_with("https://") {
        return vec![word.to_string()];
    }
    let hex = chars.iter().all(char::is_ascii_hexdigit);
    let step = if hex { width.saturating_sub(width % 16) } else { width };
    chars.chunks(step).map(|chunk| chunk.iter().collect()).collect()
}

/// `hint: ` and the hint, in lines with a margin.
pub(crate) fn hint(page: &mut Page, hint: &str, room: usize, margin: usize) {
    labelled(page, (HINT, "hint:"), hint, room, margin);
}

/// A label in a style and a text, in lines with a margin.
pub(crate) fn labelled(
    page: &mut Page,
    (style, label): (Style, &str),
    text: &str,
    room: usize,
    margin: usize,
) {
    for (index, line) in wrap(&format!("{label} {}", escaped(text)), room).iter().enumerate() {
        page.add(format_args!("{:margin$}", ""));
        match line.strip_prefix(label) {
            Some(rest) if index == 0 => page.paint(style, label).line(rest),
            _ => page.line(line),
        };
    }
}

/// Long hex shortened to its beginning and end, also among other words.
pub(crate) fn shortened(value: &str) -> String {
    let words: Vec<_> = value.split(' ').map(shortened_word).collect();
    words.join(" ")
}

fn shortened_word(word: &str) -> String {
    let long = word.len() > 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    match (word.get(..8), word.get(word.len().saturating_sub(8)..)) {
        (Some(start), Some(end)) if long => format!("{start}…{end}"),
        _ => word.to_string(),
    }
}

const MIN_WIDTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_writes_line_ends_and_colours() {
        let mut page = Page::new();
        page.paint(GOOD, "a\u{1b}[31mb").add("\u{9b}2J\nACCEPTED").end();
        let text = format!("{GOOD}a\\u{{1b}}[31mb{GOOD:#}\\u{{9b}}2J\\u{{a}}ACCEPTED\n");
        assert_eq!(page.as_str(), text);
        assert_eq!(only_ours(page.as_str()), text);
    }

    #[test]
    fn the_streams_pass_no_sequence_but_of_colours() {
        for (text, passed) in [
            ("\u{1b}[1m\u{1b}[32ma\u{1b}[0m\n", "\u{1b}[1m\u{1b}[32ma\u{1b}[0m\n"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{1b}[31", "\\u{1b}[31"),
            ("\u{1b}", "\\u{1b}"),
            ("\u{1b}]0;a\u{7}", "\\u{1b}]0;a\\u{7}"),
            ("a\rb\u{202e}ü\t", "a\\u{d}b\\u{202e}ü\t"),
        ] {
            assert_eq!(only_ours(text), passed);
            assert!(!only_lines(text).contains(['\u{1b}', '\r', '\u{202e}']));
        }
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
        let pcr = format!("i-0123456789, PCR4  {}", "0123456789".repeat(5));
        assert_eq!(shortened(&pcr), "i-0123456789, PCR4  01234567…23456789");
    }
}
