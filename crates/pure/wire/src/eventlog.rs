//! The event log of a measured boot, as firmware and kernel hand it out: what was measured into
//! which register, little-endian.
//!
//! Source: TCG PC Client Platform Firmware Profile, section 10 (event logging); UEFI 2.10, section
//! 38 (confidential computing).

mod acpi;
mod algorithms;
mod describe;
mod event;
mod format;
mod guid;
pub mod kind;
mod replay;
mod signatures;
mod variable;

pub use acpi::{CCEL_TABLE_BYTES, CcelTable};
pub use algorithms::{Algorithms, MAX_ALGORITHMS};
pub use describe::mr_name;
pub use event::Event;
pub use format::Format;
pub use guid::Guid;
pub use kind::kind_name;
pub use signatures::{Signature, SignatureLists};
pub use variable::EfiVariable;

use crate::{Error, ErrorKind, Reader};

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
/// with at most one digest of each, then perhaps padding: bytes that are all 0x00 or all 0xFF, with
/// which firmware fills the table that it hands out. A log of TCG 1.2 has records in the old form
/// alone. [`Format`] says which it is.
#[derive(Clone, Copy, Debug)]
pub struct EventLog<'a> {
    format: Format,
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
    /// More than [`MAX_BYTES`] or [`MAX_EVENTS`]; a log of no known [`Format`]; a record that is cut
    /// off, that is of a register above 23, or that has two digests of one algorithm or one of an
    /// algorithm that the header does not name; a second `StartupLocality`, or one after the first
    /// event of PCR 0.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        const WHAT: &str = "event log";
        if bytes.len() > MAX_BYTES {
            return Err(Error::new(ErrorKind::TooLarge, WHAT, 0, "at most 4 MiB"));
        }
        let algorithms::Header { format, algorithms, platform_class, bytes: header } =
            algorithms::header(bytes)?;
        let records = bytes.get(header..).unwrap_or_default();
        Reader::all(records, header, WHAT, |reader| {
            let (mut startup, mut events) = (Startup::default(), 0_usize);
            let most = padding(records);
            while reader.remaining() > most {
                if events == MAX_EVENTS {
                    return Err(reader.error(ErrorKind::TooLarge, WHAT, "at most 16384 events"));
                }
                events = events.saturating_add(1);
                let event = Event::read(reader, &algorithms)?;
                if format.is_of_firmware() {
                    startup.see(&event)?;
                }
            }
            let padding = reader.remaining();
            reader.take(padding, WHAT)?;
            let records = records.get(..records.len().saturating_sub(padding)).unwrap_or_default();
            let startup_locality = startup.locality;
            Ok(Self {
                format,
                algorithms,
                platform_class,
                records,
                offset: header,
                events,
                padding,
                startup_locality,
            })
        })
    }

    /// The log's format: whose registers it describes.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The hash algorithms of which events have digests.
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

    /// The events with the number of their record: the header of a log is record 0.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, Event<'a>)> + use<'a> {
        let first = usize::from(self.format != Format::Sha1);
        (first..=usize::MAX).zip(self.events())
    }

    /// The events after the header, in their order.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        Events { rest: self.records, offset: self.offset, algorithms: self.algorithms }
    }
}

/// How many bytes at the end can be padding. No record begins among them: counted once, for an event
/// without digests and data is sixteen zero bytes itself.
fn padding(records: &[u8]) -> usize {
    let run = |byte: u8| records.iter().rev().take_while(|found| **found == byte).count();
    run(0).max(run(0xff))
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
            (_, Some(_)) => error(ErrorKind::Duplicate, "one such event"),
            _ if self.register_0_was_extended => {
                error(ErrorKind::Value, "to come before the first event of register 0")
            }
            // Locality 4 is a core root of trust that measured before the TPM was started.
            ([locality @ (0 | 3 | 4)], None) => {
                self.locality = Some(*locality);
                Ok(())
            }
            _ => error(ErrorKind::Value, "one byte: locality 0, 3 or 4"),
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
