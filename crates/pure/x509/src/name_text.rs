//! A certificate's name as text of bounded length, without an allocator.

use core::fmt::{self, Write};

use teeproof_wire::certificate::Name;

/// The text of a name: `C=US, O=Example, CN=Root`. Texts over 96 bytes are cut, and end in `…`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NameText {
    bytes: [u8; Self::ROOM],
    used: u8,
    cut: bool,
}

impl NameText {
    const ROOM: usize = 96;

    fn text(&self) -> &str {
        let used = self.bytes.get(..usize::from(self.used)).unwrap_or_default();
        core::str::from_utf8(used).unwrap_or_default()
    }
}

impl From<Name<'_>> for NameText {
    fn from(name: Name<'_>) -> Self {
        let mut text = Self { bytes: [0; Self::ROOM], used: 0, cut: false };
        // The only error is a text that was cut.
        let _ = write!(text, "{name}");
        text
    }
}

impl Write for NameText {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = self.bytes.get_mut(usize::from(self.used)..).unwrap_or_default();
        // Whole characters only: the bytes up to the last one that fits.
        let ends = more.char_indices().map(|(at, letter)| at.saturating_add(letter.len_utf8()));
        let fitting = ends.take_while(|end| *end <= room.len()).last().unwrap_or(0);
        for (place, byte) in room.iter_mut().zip(more.bytes().take(fitting)) {
            *place = byte;
            self.used = self.used.saturating_add(1);
        }
        if fitting == more.len() {
            return Ok(());
        }
        self.cut = true;
        Err(fmt::Error)
    }
}

impl fmt::Display for NameText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())?;
        f.write_str(if self.cut { "…" } else { "" })
    }
}

impl fmt::Debug for NameText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::{format, string::ToString};

    fn empty() -> NameText {
        NameText { bytes: [0; NameText::ROOM], used: 0, cut: false }
    }

    #[test]
    fn a_text_that_fits_is_whole() {
        let mut text = empty();
        assert!(write!(text, "CN={}x", "é".repeat(46)).is_ok());
        assert_eq!(text.to_string(), format!("CN={}x", "é".repeat(46)));
        assert!(text.write_str("").is_ok());
        assert!(text.write_str("x").is_err());
    }

    #[test]
    fn a_character_that_does_not_fit_is_left_out_whole() {
        // 95 bytes are left, which none of these letters fills.
        for letter in ["é", "€", "🦀"] {
            let mut text = empty();
            assert!(write!(text, "x{}", letter.repeat(96)).is_err());
            let fitting = 95 / letter.len();
            assert_eq!(text.to_string(), format!("x{}…", letter.repeat(fitting)));
        }
    }
}
