//! The readings of a part: its bytes, and what is spelled in it as hexadecimal digits or base64.
//!
//! Nobody says where such text begins, so each is read from every character on which it can begin:
//! two readings of digits, four of base64. What stands between characters where text is wrapped or
//! grouped is passed over, however much of it there is: white space, also as a string literal has it,
//! the zero bytes of UTF-16, and with digits what separates or announces bytes: the dashes of a GUID,
//! colons, commas, `0x`, `\x`, `%`. To ignore a byte costs nothing, so there is no bound to it.

use core::ops::Range;

/// One way to read a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Bytes,
    /// Hexadecimal digits of either case, the first so many of a run left out.
    Hex(u8),
    /// Base64 of either alphabet, the first so many characters of a run left out.
    Base64(u8),
}

/// Every reading. Together they read less than five bytes for each byte of a part.
pub(super) const READINGS: [Reading; 7] = [
    Reading::Bytes,
    Reading::Hex(0),
    Reading::Hex(1),
    Reading::Base64(0),
    Reading::Base64(1),
    Reading::Base64(2),
    Reading::Base64(3),
];

/// What a character adds to what was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// Not a whole byte yet.
    More,
    /// A byte, whose last bit is this one of the character, counted from the lowest.
    Byte(u8, u8),
    /// No character: what follows is another text.
    Break,
}

/// Where a reading is.
pub(super) struct Reader {
    reading: Reading,
    to_skip: u8,
    bits: u32,
    count: u8,
}

impl Reading {
    pub(super) const fn reader(self) -> Reader {
        Reader { reading: self, to_skip: self.skipped(), bits: 0, count: 0 }
    }

    const fn skipped(self) -> u8 {
        match self {
            Self::Bytes => 0,
            Self::Hex(skipped) | Self::Base64(skipped) => skipped,
        }
    }

    /// How many bits a character has.
    const fn width(self) -> u8 {
        match self {
            Self::Bytes => 8,
            Self::Hex(_) => 4,
            Self::Base64(_) => 6,
        }
    }

    fn value(self, character: u8) -> Option<u8> {
        match (self, character) {
            (Self::Bytes, byte) => Some(byte),
            (_, b'0'..=b'9') if matches!(self, Self::Hex(_)) => character.checked_sub(b'0'),
            (Self::Hex(_), b'a'..=b'f') => character.checked_sub(b'a' - 10),
            (Self::Hex(_), b'A'..=b'F') => character.checked_sub(b'A' - 10),
            (Self::Hex(_), _) => None,
            (_, b'A'..=b'Z') => character.checked_sub(b'A'),
            (_, b'a'..=b'z') => character.checked_sub(b'a' - 26),
            (_, b'0'..=b'9') => character.checked_add(52 - b'0'),
            (_, b'+' | b'-') => Some(62),
            (_, b'/' | b'_') => Some(63),
            _ => None,
        }
    }

    /// The value of the character that stands here; nothing where it only announces others.
    fn value_at(self, bytes: &[u8], at: usize) -> Option<u8> {
        let character = *bytes.get(at)?;
        if self.announces(bytes, at, character) { None } else { self.value(character) }
    }

    /// Whether a character that could be one of the text belongs to `0x`, or to a white space that a
    /// string literal spells.
    fn announces(self, bytes: &[u8], at: usize, character: u8) -> bool {
        match (self, character) {
            (Self::Hex(_), b'0') => matches!(neighbour(bytes, at, usize::checked_add), Some(b'x' | b'X')),
            (Self::Base64(_), b'n' | b'r' | b't') => neighbour(bytes, at, usize::checked_sub) == Some(b'\\'),
            _ => false,
        }
    }

    /// Whether what stands here separates characters of one text.
    fn separates(self, bytes: &[u8], at: usize, character: u8) -> bool {
        if self.is_between(character) || self.announces(bytes, at, character) {
            return true;
        }
        let after = |allowed: &[u8]| {
            neighbour(bytes, at, usize::checked_sub).is_some_and(|before| allowed.contains(&before))
        };
        match (self, character) {
            (Self::Hex(_), b'x' | b'X') => after(b"0\\"),
            (Self::Hex(_), b'n' | b'r' | b't') => after(b"\\"),
            _ => false,
        }
    }

    /// Whether a character separates others, whatever is next to it.
    fn is_between(self, character: u8) -> bool {
        let is_space = matches!(character, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b'\\' | 0);
        let of_digits = matches!(character, b'-' | b':' | b'_' | b',' | b';' | b'.' | b'%');
        is_space || matches!(self, Self::Hex(_)) && of_digits
    }
}

/// The next character in one direction, past the zero byte of UTF-16.
fn neighbour(bytes: &[u8], at: usize, step: impl Fn(usize, usize) -> Option<usize>) -> Option<u8> {
    let next = step(at, 1)?;
    match bytes.get(next) {
        Some(0) => bytes.get(step(next, 1)?).copied(),
        other => other.copied(),
    }
}

impl Reader {
    /// Reads the character that stands here.
    pub(super) fn push(&mut self, bytes: &[u8], at: usize) -> Read {
        let Some(character) = bytes.get(at).copied() else { return Read::Break };
        if self.reading == Reading::Bytes {
            return Read::Byte(character, 0);
        }
        let Some(value) = self.reading.value_at(bytes, at) else {
            if self.reading.separates(bytes, at, character) {
                return Read::More;
            }
            *self = self.reading.reader();
            return Read::Break;
        };
        if self.to_skip > 0 {
            self.to_skip = self.to_skip.saturating_sub(1);
            return Read::More;
        }
        let bits = self.bits.wrapping_shl(u32::from(self.reading.width())) & 0xffff;
        self.bits = bits | u32::from(value);
        self.count = self.count.saturating_add(self.reading.width());
        let Some(rest) = self.count.checked_sub(8) else { return Read::More };
        self.count = rest;
        let byte = self.bits.checked_shr(u32::from(rest)).unwrap_or_default() & 0xff;
        Read::Byte(u8::try_from(byte).unwrap_or_default(), rest)
    }
}

/// The last bit of bytes that were read: in which character, and which bit of it from the lowest.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) character: usize,
    pub(super) bit: u8,
}

/// Writes bytes in the place of as many that end here, in the alphabet that stands there, and tells
/// the place. Bits of other bytes in the first and the last character stay.
pub(super) fn write(reading: Reading, bytes: &mut [u8], end: End, to: &[u8]) -> Range<usize> {
    let alphabet = Alphabet::of(reading, bytes, end.character, to.len());
    let mut bits =
        to.iter().rev().flat_map(|byte| (0..8).map(move |bit| byte.wrapping_shr(bit) & 1)).peekable();
    let (mut at, mut first) = (end.character, end.bit);
    let mut start = end.character;
    while bits.peek().is_some() {
        if let Some(mut value) = reading.value_at(bytes, at) {
            for bit in u32::from(first)..u32::from(reading.width()) {
                let Some(new) = bits.next() else { break };
                value = value & !1_u8.wrapping_shl(bit) | new.wrapping_shl(bit);
            }
            bytes.get_mut(at).into_iter().for_each(|place| *place = alphabet.character(reading, value));
            (start, first) = (at, 0);
        }
        let Some(before) = at.checked_sub(1) else { break };
        at = before;
    }
    start..end.character.saturating_add(1)
}

/// Where the characters of so many bytes begin that end with this one.
fn start(reading: Reading, bytes: &[u8], end: usize, length: usize) -> usize {
    let is_character = |at: &usize| reading.value_at(bytes, *at).is_some();
    let bits = length.saturating_mul(8).saturating_sub(1);
    let characters = bits.checked_div(usize::from(reading.width())).unwrap_or_default();
    (0..=end).rev().filter(is_character).nth(characters).unwrap_or(0)
}

/// How text is written where it stands.
struct Alphabet {
    upper: bool,
    url: bool,
}

impl Alphabet {
    /// The alphabet of the text that ends here: of digits by those that are replaced, of base64 by its
    /// own characters, or else by those around it.
    fn of(reading: Reading, bytes: &[u8], end: usize, length: usize) -> Self {
        let start = start(reading, bytes, end, length);
        let end = end.saturating_add(1);
        let window = start.saturating_sub(AROUND)..end.saturating_add(AROUND).min(bytes.len());
        let text = |range: Range<usize>| bytes.get(range).unwrap_or_default();
        match reading {
            Reading::Bytes => Self { upper: false, url: false },
            Reading::Hex(_) => {
                let replaced = text(start..end);
                let upper = replaced.iter().any(|byte| matches!(byte, b'A'..=b'F'));
                let lower = replaced.iter().any(|byte| matches!(byte, b'a'..=b'f'));
                Self { upper: upper && !lower, url: false }
            }
            Reading::Base64(_) => {
                let stops = |byte: &u8| reading.value(*byte).is_none() && !reading.is_between(*byte);
                let before = text(window.start..end).rsplit(stops).next().unwrap_or_default();
                let behind = text(end..window.end).split(stops).next().unwrap_or_default();
                let url = is_url_safe(before).or(is_url_safe(behind)).or(is_url_safe(text(window)));
                Self { upper: false, url: url.unwrap_or(false) }
            }
        }
    }

    fn character(&self, reading: Reading, value: u8) -> u8 {
        let after = |first: u8, less: u8| first.saturating_add(value.saturating_sub(less));
        match (reading, value) {
            (Reading::Bytes, byte) => byte,
            (Reading::Hex(_), 0..=9) => after(b'0', 0),
            (Reading::Hex(_), _) if self.upper => after(b'A', 10),
            (Reading::Hex(_), _) => after(b'a', 10),
            (_, 0..=25) => after(b'A', 0),
            (_, 26..=51) => after(b'a', 26),
            (_, 52..=61) => after(b'0', 52),
            (_, 62) => {
                if self.url {
                    b'-'
                } else {
                    b'+'
                }
            }
            (_, _) => {
                if self.url {
                    b'_'
                } else {
                    b'/'
                }
            }
        }
    }
}

/// Which base64 this text is, if it shows: a dash or an underscore between letters or digits is of
/// the URL-safe alphabet; a row of dashes is the frame of PEM.
fn is_url_safe(text: &[u8]) -> Option<bool> {
    if text.iter().any(|byte| matches!(byte, b'+' | b'/')) {
        return Some(false);
    }
    let mut threes = text.windows(3);
    let other = |byte: u8| byte.is_ascii_alphanumeric();
    threes.any(|three| matches!(*three, [a, b'-' | b'_', b] if other(a) && other(b))).then_some(true)
}

/// So many bytes before and behind a place are looked at to tell which base64 it is.
const AROUND: usize = 256;
