//! An event log telling its events: register, kind, digests, and in one line what the data say.

use core::fmt::{self, Display, Write};

use super::{EfiVariable, Event, EventLog, kind, kind_name};
use crate::describe::Hex;
use crate::tpm::bank_name;
use crate::{Describe, Shown, Visitor};

/// So much of a sentence is shown.
const MAX_TEXT: usize = 160;

impl Describe for EventLog<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open("Spec ID Event03");
        visitor.field(Shown::new("platformClass", &self.platform_class));
        for (id, size) in self.algorithms.iter() {
            visitor.field(Shown::new("algorithm", &bank_name(id)).note(&format_args!("{size} bytes")));
        }
        visitor.close();
        for event in self.events() {
            event.describe(visitor);
        }
        visitor.field(Shown::new("padding", &self.padding).note(&"bytes after the last event"));
    }
}

impl Describe for Event<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.open(kind_name(self.kind).unwrap_or("an event of unknown kind"));
        visitor.field(Shown::new("offset", &format_args!("{:#x}", self.offset)));
        visitor.field(Shown::new("pcrIndex", &self.index));
        visitor.field(Shown::new("eventType", &format_args!("{:#x}", self.kind)));
        for (id, digest) in self.digests() {
            visitor.field(Shown::new(bank_name(id), &Hex(digest)));
        }
        visitor.field(Shown::new("event", &format_args!("{} bytes", self.data.len())).note(&Said(*self)));
        visitor.close();
    }
}

/// What an event's data say.
struct Said<'a>(Event<'a>);

impl Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = self.0.data;
        match self.0.kind {
            kind::SEPARATOR => f.write_str(match data {
                [0, 0, 0, 0] => "the end of what firmware measures",
                [0xff, 0xff, 0xff, 0xff] => "the firmware failed",
                _ => "not a known separator",
            }),
            kind::VARIABLE_DRIVER_CONFIG
            | kind::VARIABLE_BOOT
            | kind::VARIABLE_BOOT2
            | kind::VARIABLE_AUTHORITY => match EfiVariable::split(data) {
                Ok((variable, _)) => variable.fmt(f),
                Err(_) => f.write_str("not a variable"),
            },
            _ => Text(data).fmt(f),
        }
    }
}

/// `SecureBoot of 8be4df61-…: 1 bytes`, and the bytes where they are few.
impl Display for EfiVariable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {} bytes", self.shown_name(), self.guid, self.data.len())?;
        if (1..=16).contains(&self.data.len()) { write!(f, " {}", Hex(self.data)) } else { Ok(()) }
    }
}

/// Data that are a text, in ASCII or in UTF-16; other data in hex, as far as they are shown.
struct Text<'a>(&'a [u8]);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.strip_suffix(&[0]).unwrap_or(self.0);
        let (pairs, odd) = self.0.as_chunks::<2>();
        if text.iter().all(|byte| printable(*byte)) {
            return shown(text.iter().copied(), f);
        }
        let wide = pairs.strip_suffix(&[[0, 0]]).unwrap_or(pairs);
        if odd.is_empty() && wide.iter().all(|[low, high]| printable(*low) && *high == 0) {
            return shown(wide.iter().map(|[low, _]| *low), f);
        }
        let (first, more) = self.0.split_at_checked(32).unwrap_or((self.0, &[]));
        write!(f, "{}{}", Hex(first), if more.is_empty() { "" } else { "…" })
    }
}

fn printable(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte == b' '
}

fn shown(mut text: impl Iterator<Item = u8>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for byte in text.by_ref().take(MAX_TEXT) {
        f.write_char(char::from(byte))?;
    }
    f.write_str(if text.next().is_some() { "…" } else { "" })
}
