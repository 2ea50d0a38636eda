//! A certificate's name as text that can be kept without an allocator.

use core::fmt::{self, Write};

use teeproof_wire::certificate::Name;

/// The text of a name, up to 96 bytes: `C=US, O=Example, CN=Root`. What does not fit is cut off, and
/// `…` says so.
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
        // What does not fit is left out; there is no other error.
        let _ = write!(text, "{name}");
        text
    }
}

impl Write for NameText {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for letter in more.chars() {
            let from = usize::from(self.used);
            let until = from.saturating_add(letter.len_utf8());
            let (Some(room), Ok(used)) = (self.bytes.get_mut(from..until), u8::try_from(until)) else {
                self.cut = true;
                return Err(fmt::Error);
            };
            letter.encode_utf8(room);
            self.used = used;
        }
        Ok(())
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
