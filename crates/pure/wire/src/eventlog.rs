//! The event log of a measured boot, as firmware and kernel provide it: each event with its PCR and
//! digests, little-endian.
//!
//! Source: TCG PC Client Platform Firmware Profile, section 10 (event logging); UEFI 2.10, section
//! 38 (confidential computing).

mod acpi;
mod algorithms;
mod describe;
mod event;
mod format;
pub mod kind;
mod signatures;
mod variable;

pub use acpi::{CCEL_TABLE_BYTES, CcelTable};
pub use algorithms::{Algorithms, MAX_ALGORITHMS};
pub use describe::mr_name;
pub use event::Event;
pub use format::Format;
pub use kind::kind_name;
pub use signatures::{Signature, SignatureLists};
pub use variable::{EfiVariable, Guid};

use crate::{Error, ErrorKind, Reader};

/// The size limit of an event log in bytes. Real ones have some ten thousand; Windows limits its own to
/// 1 MiB.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The limit of events in a log; a replay costs one hash for each event and bank. Real logs have some
/// hundred.
pub const MAX_EVENTS: usize = 16_384;

/// The signature of the event that gives the locality of TPM2_Startup, EV_NO_ACTION.
const STARTUP_LOCALITY: &[u8; 16] = b"StartupLocality\0";

/// An event log whose records are all well formed; unverified. It borrows its input.
///
/// Shape: a header, which is a record of TCG 1.2 (TCG_PCClientPCREvent) whose data are the Spec ID event
/// with the hash algorithms; records of TCG_PCR_EVENT2 with at most one digest of each algorithm;
/// padding, all 0x00 or all 0xFF, up to the end of the firmware's table. A log of TCG 1.2 has
/// TCG_PCClientPCREvent records alone. [`EventLog::format`] tells them apart.
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
    /// Parses a log, which must fill `bytes`, in one pass; nothing is hashed.
    ///
    /// # Errors
    /// More than [`MAX_BYTES`] or [`MAX_EVENTS`]; another format than those of [`Format`]; a truncated
    /// record; a PCR above 23; two digests of one algorithm in a record, or a digest of an algorithm that
    /// is not in the header; a second `StartupLocality` event, or one after the first event of PCR 0.
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

    /// The format of the log, which determines whose registers its events extend.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The hash algorithms of the header.
    #[must_use]
    pub const fn algorithms(&self) -> &Algorithms {
        &self.algorithms
    }

    /// `platformClass` of the header, 4 bytes: 0 for a client, 1 for a server.
    #[must_use]
    pub const fn platform_class(&self) -> u32 {
        self.platform_class
    }

    /// The locality of TPM2_Startup (0, 3 or 4) from the `StartupLocality` event, which is the last byte of
    /// the initial value of PCR 0; `None` without such an event.
    #[must_use]
    pub const fn startup_locality(&self) -> Option<u8> {
        self.startup_locality
    }

    /// The number of padding bytes after the last event.
    #[must_use]
    pub const fn padding(&self) -> usize {
        self.padding
    }

    /// The number of events after the header.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.events
    }

    /// Whether the log has no event after the header.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The events with their record numbers: the header is record 0; a log of TCG 1.2 has no header.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, Event<'a>)> + use<'a> {
        let first = usize::from(self.format != Format::Sha1);
        (first..=usize::MAX).zip(self.events())
    }

    /// The events after the header, in the order of the log.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + use<'a> {
        Events { rest: self.records, offset: self.offset, algorithms: self.algorithms }
    }

    /// The value of each wanted PCR after all events, in one bank (TPM_ALG_ID) whose digests have `N`
    /// bytes; `None` for a PCR without events. `extend` is the hash of the old value and the digest.
    ///
    /// An event extends the banks that it has a digest of, and leaves every other bank alone.
    pub fn replay<const N: usize>(
        &self,
        bank: u16,
        wanted: impl Fn(u8) -> bool,
        extend: impl Fn(&[u8; N], &[u8; N]) -> [u8; N],
    ) -> [Option<[u8; N]>; 24] {
        let mut registers = [None; 24];
        for event in self.events().filter(Event::extends) {
            let Some(index) = u8::try_from(event.index).ok().filter(|index| wanted(*index)) else {
                continue;
            };
            let digest = event.digest(bank).and_then(|digest| digest.try_into().ok());
            let (Some(register), Some(digest)) = (registers.get_mut(usize::from(index)), digest) else {
                continue;
            };
            let old = register.get_or_insert_with(|| self.start(index));
            *old = extend(old, digest);
        }
        registers
    }

    /// The value of a PCR before its first event: zero, and in PCR 0 the locality at which the
    /// TPM was started. PCRs 17 to 22 are all ones until a dynamic launch, which alone can extend
    /// them, and which sets them to zero first.
    #[must_use]
    pub fn start<const N: usize>(&self, index: u8) -> [u8; N] {
        let mut start = [0; N];
        if let ([.., last], 0) = (start.as_mut_slice(), index) {
            *last = self.startup_locality().unwrap_or(0);
        }
        start
    }
}

/// How many bytes at the end can be padding. No record begins among them: counted once, for an event
/// without digests and data is sixteen zero bytes itself.
fn padding(records: &[u8]) -> usize {
    let run = |byte: u8| records.iter().rev().take_while(|found| **found == byte).count();
    run(0).max(run(0xff))
}

/// The startup locality, which is only allowed before the first event of PCR 0.
#[derive(Default)]
struct Startup {
    locality: Option<u8>,
    pcr_0_was_extended: bool,
}

impl Startup {
    fn see(&mut self, event: &Event<'_>) -> Result<(), Error> {
        const WHAT: &str = "event log: StartupLocality";
        let error = |kind, expected| Err(Error::new(kind, WHAT, event.offset, expected));
        if event.extends() {
            self.pcr_0_was_extended |= event.index == 0;
            return Ok(());
        }
        let Some(locality) = event.data.strip_prefix(STARTUP_LOCALITY) else { return Ok(()) };
        match (locality, self.locality) {
            (_, Some(_)) => error(ErrorKind::Duplicate, "one such event"),
            _ if self.pcr_0_was_extended => {
                error(ErrorKind::Value, "to come before the first event of PCR 0")
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

/// The events of a parsed log.
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
