//! Escapes of untrusted text in output.
//!
//! The texts in evidence and the names of files are chosen by others. Terminals interpret some characters,
//! and readers do not see others: all of these are escaped.

use core::fmt::{self, Write};
use core::ops::RangeInclusive;

/// Whether a character is output unchanged: it is no control character (C0, DEL, C1), no line or paragraph
/// separator, no bidirectional control, and not invisible.
///
/// Source: Unicode 16, general categories Cc, Zl and Zp, the property Default_Ignorable_Code_Point, and the
/// invisible characters of Cf. The visible ones of Cf, such as Arabic number signs, are output unchanged.
#[must_use]
pub fn is_shown_as_it_is(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    !character.is_control() && !WRITTEN_OUT.iter().any(|range| range.contains(&character))
}

/// The visible characters of a text: no blanks of any kind, and none that [are escaped](is_shown_as_it_is).
pub fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|character| {
        is_shown_as_it_is(*character) && !character.is_whitespace() && *character != BRAILLE_BLANK
    })
}

/// A braille pattern without a dot: it is no blank by its properties, and looks like one.
const BRAILLE_BLANK: char = '\u{2800}';

/// The escaped characters other than control characters, ascending.
const WRITTEN_OUT: &[RangeInclusive<char>] = &[
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Untrusted text with escapes: each character that must not be [output unchanged](is_shown_as_it_is) becomes
/// its number, as in `\u{1b}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match is_shown_as_it_is(character) {
            true => f.write_char(character),
            false => write!(f, "{}", character.escape_unicode()),
        })
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn nothing_steers_a_terminal_or_hides() {
        assert_eq!(Escaped("a\u{1b}[2Jb").to_string(), "a\\u{1b}[2Jb");
        assert_eq!(Escaped("ü\u{202e}x\n").to_string(), "ü\\u{202e}x\\u{a}");
        for character in [
            '\0',
            '\r',
            '\u{7f}',
            '\u{80}',
            '\u{9b}',
            '\u{9f}',
            '\u{61c}',
            '\u{200e}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2066}',
            '\u{2069}',
            '\u{2028}',
            '\u{2029}',
            '\u{200b}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            assert!(!is_shown_as_it_is(character), "{character:?}");
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["", "vm-0123.bundle", "Zürich", "北京", "עברית", "naïve – “quoted” …", "a b\u{a0}c", "✔"]
        {
            assert_eq!(Escaped(text).to_string(), text);
        }
    }

    #[test]
    fn the_ranges_ascend() {
        assert!(WRITTEN_OUT.windows(2).all(|pair| pair[0].end() < pair[1].start()));
    }
}
