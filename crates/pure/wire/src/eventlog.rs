//! The crypto-agile event log of a measured boot, as firmware and kernel hand it out: what was
//! measured into which register, little-endian.
//!
//! Source: TCG PC Client Platform Firmware Profile, section 10 (event logging).

mod algorithms;
mod describe;
mod event;
mod guid;
pub mod kind;
mod signatures;
mod variable;

pub use algorithms::{Algorithms, MAX_ALGORITHMS};
pub use event::Event;
pub use guid::Guid;
pub use kind::kind_name;
pub use signatures::{Signature, SignatureLists};
pub use variable::EfiVariable;

use crate::{Error, Kind, Reader};

/// The longest log that is read. Real ones have some ten thousand bytes; Windows caps its at 1 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The most events that are read: each costs its reader a hash. Real logs have some hundred.
pub const MAX_EVENTS: usize = 16_384;

/// How the event begins that says at which locality the TPM was started.
const STARTUP_LOCALITY: &[u8; 16] = b"StartupLocality\0";

/// An event log, unverified, whose every record was read once and found well formed. It borrows
/// the bytes it was read from.
///
/// Shape: a record in the old form that names the hash algorithms (Spec ID Event03), then records
/// with a digest of each, then perhaps padding: bytes that are all 0x00 or all 0xFF, with which
/// firmware fills the table that it hands out.
#[derive(Clone, Copy, Debug)]
pub struct EventLog<'a> {
    algorithms: Algorithms,
    platform_class: u32,
    records: &'a [u8],
    /// Where the records begin in the input.
    offset: usize,
    events: usize,
    padding: usize,
    startup_locality: Option<u8>,
}

impl<'a> EventLog<'a> {
    /// Reads a log, which must fill `bytes`. One pass; nothing is hashed.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`] or [`MAX_EVENTS`]; a log that is not crypto-agile; a record that is cut off, that is
    /// of a register above 23, or whose digests are not one of each algorithm; a second
    /// `StartupLocality`, or one after the first event of register 0.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "event log";
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(Kind::TooLarge, WHAT, 0, "at most 4 MiB"));
        }
        Reader::all(bytes, 0, WHAT, |reader| {
            let (algorithms, platform_class) = algorithms::header(reader)?;
            let (offset, all) = (reader.offset(), reader.rest());
            let (mut startup, mut events) = (Startup::default(), 0_usize);
            while !is_padding(reader.rest()) {
                if events == MAX_EVENTS {
                    return Err(reader.error(Kind::TooLarge, WHAT, "at most 16384 events"));
                }
                events = events.saturating_add(1);
                let event = Event::read(reader, &algorithms)?;
                startup.see(&event)?;
            }
            let padding = reader.remaining();
            reader.take(padding, WHAT)?;
            let records = all.get(..all.len().saturating_sub(padding)).unwrap_or_default();
            let startup_locality = startup.locality;
            Ok(Self { algorithms, platform_class, records, offset, events, padding, startup_locality })
        })
    }

    /// The hash algorithms of which every event has a digest.
    #[must_use]
    pub const fn algorithms(&self) -> &Algorithms {
        &self.algorithms
    }

    /// What the header calls the platform: 0 for a client, 1 for a server. Nothing depends on it.
    #[must_use]
    pub const fn platform_class(&self) -> u32 {
        self.platform_class
    }

    /// The locality from which the TPM was started, where an event says so: the last byte of
    /// register 0 when it was empty. Without one it is 0.
    #[must_use]
    pub const fn startup_locality(&self) -> Option<u8> {
        self.startup_locality
    }

    /// How many bytes of padding follow after the last event.
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.padding
    }

    /// How many events there are after the header.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.events
    }

    /// Whether there is no event after the header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The events after the header, in their order.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        Events { rest: self.records, offset: self.offset, algorithms: self.algorithms }
    }
}

/// Whether the log has nothing more to say. In a record, the fields that come first cannot be all
/// zero, nor all ones, so that this looks at a few bytes alone until it is true.
fn is_padding(rest: &[u8]) -> bool {
    rest.iter().all(|byte| *byte == 0) || rest.iter().all(|byte| *byte == 0xff)
}

/// What a log says of the TPM's start, and whether it may still say it.
#[derive(Default)]
struct Startup {
    locality: Option<u8>,
    register_0_was_extended: bool,
}

impl Startup {
    fn see(&mut self, event: &Event<'_>) -> Result<(), Error> {
        const WHAT: &str = "event log: StartupLocality";
        let error = |kind, expected| Err(Error::new(kind, WHAT, event.offset, expected));
        if event.extends() {
            self.register_0_was_extended |= event.index == 0;
            return Ok(());
        }
        let Some(locality) = event.data.strip_prefix(STARTUP_LOCALITY) else { return Ok(()) };
        match (locality, self.locality) {
            (_, Some(_)) => error(Kind::Duplicate, "one such event"),
            _ if self.register_0_was_extended => {
                error(Kind::Value, "to come before the first event of register 0")
            }
            // Locality 4 is a core root of trust that measured before the TPM was started.
            ([locality @ (0 | 3 | 4)], None) => {
                self.locality = Some(*locality);
                Ok(())
            }
            _ => error(Kind::Value, "one byte: locality 0, 3 or 4"),
        }
    }
}

/// The events of a log that was read once already.
struct Events<'a> {
    rest: &'a [u8],
    offset: usize,
    algorithms: Algorithms,
}

impl<'a> Iterator for Events<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        if let Some((event, size)) = Event::usual(self.rest, self.offset, &self.algorithms) {
            self.rest = self.rest.get(size..)?;
            self.offset = self.offset.saturating_add(size);
            return Some(event);
        }
        let (event, rest, offset) = Reader::all(self.rest, self.offset, "event log", |reader| {
            let event = Event::read(reader, &self.algorithms)?;
            let offset = reader.offset();
            Ok((event, reader.take(reader.remaining(), "event log")?, offset))
        })
        .ok()?;
        (self.rest, self.offset) = (rest, offset);
        Some(event)
    }
}
