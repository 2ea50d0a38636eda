//! The fields of an event log and of its events: register, kind, digests, and in one line what the
//! data say.

use core::fmt::{self, Display, Write};

use super::{Algorithms, EfiVariable, Event, EventLog, Format, kind, kind_name};
use crate::describe::{FieldData, HexBytes};
use crate::tpm::bank_name;
use crate::{Describe, DescribedField, FieldValue, Visitor};

/// So much of a sentence is shown.
const MAX_TEXT: usize = 160;

impl Describe for EventLog<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        visitor.field(DescribedField::new("format", &self.format.as_str()));
        visitor.field(DescribedField::new("events", &self.events));
        match self.format {
            Format::CryptoAgile | Format::ConfidentialComputing => {
                visitor.open("Spec ID Event03");
                visitor.field(DescribedField::new("platformClass", &self.platform_class));
                banks(&self.algorithms, visitor);
                visitor.close();
            }
            Format::AttestationAgent => {
                visitor.open("header without a Spec ID");
                banks(&self.algorithms, visitor);
                visitor.close();
            }
            Format::Sha1 => {}
        }
        for (number, event) in self.numbered() {
            one(&event, Some(number), self.format, visitor);
        }
        visitor.field(DescribedField::new("padding", &self.padding).note(&"bytes after the last event"));
    }
}

fn banks(algorithms: &Algorithms, visitor: &mut dyn Visitor) {
    for (id, size) in algorithms.iter() {
        visitor.field(DescribedField::new("algorithm", &bank_name(id)).note(&format_args!("{size} bytes")));
    }
}

impl Describe for Event<'_> {
    fn describe(&self, visitor: &mut dyn Visitor) {
        one(self, None, Format::CryptoAgile, visitor);
    }
}

/// One event, with the number of its record where that is known.
fn one(event: &Event<'_>, number: Option<usize>, format: Format, visitor: &mut dyn Visitor) {
    visitor.open(kind_name(event.kind).unwrap_or("an event of unknown kind"));
    if let Some(number) = number {
        visitor.field(DescribedField::new("record", &number));
    }
    visitor.field(DescribedField::new("offset", &Offset(event.offset)));
    let name = if format.measures_pcrs() { "pcrIndex" } else { "mrIndex" };
    match register_note(event, format) {
        Some(note) => visitor.field(DescribedField::new(name, &event.index).note(&note)),
        None => visitor.field(DescribedField::new(name, &event.index)),
    }
    visitor.field(DescribedField::new("eventType", &format_args!("{:#x}", event.kind)));
    for (id, digest) in event.digests() {
        visitor.field(DescribedField::new(bank_name(id), &HexBytes(digest)));
    }
    visitor.field(DescribedField::new("event", &EventData(event.data)).note(&Said(*event)));
    visitor.close();
}

/// The meaning of a PCR index, if it is not obvious.
fn register_note(event: &Event<'_>, format: Format) -> Option<&'static str> {
    if !event.extends() {
        return Some("measured into no register");
    }
    (!format.measures_pcrs()).then(|| mr_name(event.index))
}

/// The name of a measurement register of a CCEL on TDX: `RTMR0 on TDX` for index 1.
///
/// Source: UEFI 2.10, section 38.4.1 (Intel Trust Domain Extension).
#[must_use]
pub const fn mr_name(index: u32) -> &'static str {
    match index {
        0 => "MRTD on TDX",
        1 => "RTMR0 on TDX",
        2 => "RTMR1 on TDX",
        3 => "RTMR2 on TDX",
        4 => "RTMR3 on TDX",
        _ => "no register of TDX",
    }
}

/// An offset; text in hex.
struct Offset(usize);

impl Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FieldValue for Offset {
    fn data(&self) -> FieldData<'_> {
        self.0.data()
    }
}

/// The data of an event; text says how many bytes they are.
struct EventData<'a>(&'a [u8]);

impl Display for EventData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl FieldValue for EventData<'_> {
    fn data(&self) -> FieldData<'_> {
        FieldData::Bytes(self.0)
    }
}

/// The meaning of an event's data.
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
            kind::EVENT_TAG => match tagged(data) {
                Some((tag, text)) => write!(f, "tag {tag:#010x}: {}", Text(text)),
                None => Text(data).fmt(f),
            },
            kind::NO_ACTION => match data.split_first_chunk::<16>() {
                Some((b"StartupLocality\0", [locality])) => write!(f, "StartupLocality {locality}"),
                Some((signature, rest)) => match signature.strip_suffix(&[0]) {
                    Some(name) if name.iter().all(|byte| printable(*byte)) => {
                        write!(f, "{}, {} bytes", Text(name), rest.len())
                    }
                    _ => Text(data).fmt(f),
                },
                None => Text(data).fmt(f),
            },
            _ => Text(data).fmt(f),
        }
    }
}

/// The tag and the data of a TCG_PCClientTaggedEvent that fills `data`.
fn tagged(data: &[u8]) -> Option<(u32, &[u8])> {
    let (tag, rest) = data.split_first_chunk()?;
    let (size, text) = rest.split_first_chunk()?;
    let fills = usize::try_from(u32::from_le_bytes(*size)) == Ok(text.len());
    fills.then_some((u32::from_le_bytes(*tag), text))
}

/// `SecureBoot of 8be4df61-…: 1 bytes`, and the bytes where they are few.
impl Display for EfiVariable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: {} bytes", self.shown_name(), self.guid, self.data.len())?;
        if (1..=16).contains(&self.data.len()) { write!(f, " {}", HexBytes(self.data)) } else { Ok(()) }
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
        write!(f, "{}{}", HexBytes(first), if more.is_empty() { "" } else { "…" })
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
