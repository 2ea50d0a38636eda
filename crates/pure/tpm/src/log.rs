//! The boot log held against the quoted registers: only what a register's quoted value proves is
//! told. Events are read in the order of the log, in one pass.

mod boot;
mod explanation;
mod secure_boot;

pub use boot::BootApplication;
pub use explanation::Explanation;
pub use secure_boot::{EventProblem, NoSecureBoot, SecureBoot, Variable};

use core::fmt;

use teeproof_core::{Crypto, Record};
use teeproof_wire::eventlog::{Event, EventLog};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::{Error, VerifiedPcrs, checks};

/// The register of secure boot's configuration.
const SECURE_BOOT: u8 = 7;

/// An event log and which of the quoted registers it explains.
///
/// It can only be made by [`replay`] and borrows the very bytes that were replayed.
#[derive(Clone, Debug)]
pub struct VerifiedLog<'a> {
    log: EventLog<'a>,
    registers: [Explanation; 24],
    secure_boot: Result<SecureBoot<'a>, NoSecureBoot>,
}

/// Replays a log and compares each register with its quoted value.
///
/// Proves: the events of every register that is explained were measured into it, these and no
/// others, in this order; their digests are genuine.
/// Does not prove: what an event calls itself, and whatever an event says beyond its digest.
///
/// One pass over the log before anything is hashed; then one hash of 64 bytes for each event of a
/// quoted register, and one of its data for each event of register 7.
///
/// # Errors
/// The log is malformed, or has no SHA-256 digests. A log that does not explain a register is no
/// error: see [`VerifiedLog::register`].
pub fn replay<'a>(
    log: &'a [u8],
    pcrs: &VerifiedPcrs,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<VerifiedLog<'a>, Error> {
    let log = EventLog::parse(log).map_err(Error::Log)?;
    record.pass(checks::LOG_FORMAT, &format_args!("crypto-agile, {} events", log.len()));
    if log.algorithms().size(SHA256).is_none() {
        return Err(Error::LogBank);
    }
    let replayed = extend(&log, pcrs, crypto);
    let mut registers = [Explanation::NotQuoted; 24];
    for ((register, replayed), index) in registers.iter_mut().zip(&replayed).zip(0..) {
        *register = Explanation::of(index, pcrs.get(index), replayed.as_ref(), &start(index, &log));
    }
    let secure_boot = match registers.get(usize::from(SECURE_BOOT)) {
        Some(Explanation::Explained) => secure_boot::read(measured_into(&log, SECURE_BOOT), crypto),
        other => Err(NoSecureBoot::Register(other.copied().unwrap_or(Explanation::NotQuoted))),
    };
    let verified = VerifiedLog { log, registers, secure_boot };
    if verified.explains_all() {
        record.pass(checks::LOG_REPLAY, &Told(&verified));
    } else {
        record.warn(checks::LOG_REPLAY, &Told(&verified));
    }
    Ok(verified)
}

/// What the events make of each quoted register; `None` where there are none.
fn extend(log: &EventLog<'_>, pcrs: &VerifiedPcrs, crypto: &Crypto) -> [Option<[u8; 32]>; 24] {
    let mut registers = [None; 24];
    for event in log.events().filter(Event::extends) {
        let Some(index) = u8::try_from(event.index).ok().filter(|index| pcrs.get(*index).is_some()) else {
            continue;
        };
        let (Some(register), Some(digest)) = (registers.get_mut(usize::from(index)), event.sha256()) else {
            continue;
        };
        let old = register.get_or_insert_with(|| start(index, log));
        *old = crypto.sha256.digest(&[old, digest]);
    }
    registers
}

/// What a register holds before its first event: zero, and in register 0 the locality at which the
/// TPM was started. Registers 17 to 22 are all ones until a dynamic launch, which alone can extend
/// them, and which sets them to zero first.
fn start(index: u8, log: &EventLog<'_>) -> [u8; 32] {
    let mut start = [0; 32];
    if let ([.., last], 0) = (&mut start, index) {
        *last = log.startup_locality().unwrap_or(0);
    }
    start
}

fn measured_into<'a>(log: &EventLog<'a>, register: u8) -> impl Iterator<Item = Event<'a>> + use<'a> {
    log.events().filter(move |event| event.extends() && event.index == u32::from(register))
}

impl<'a> VerifiedLog<'a> {
    /// Whether the log explains a register.
    #[must_use]
    pub fn register(&self, index: u8) -> Explanation {
        self.registers.get(usize::from(index)).copied().unwrap_or(Explanation::NotQuoted)
    }

    /// Every register from 0 to 23 and whether the log explains it.
    pub fn registers(&self) -> impl Iterator<Item = (u8, Explanation)> + '_ {
        (0..REGISTERS).zip(self.registers.iter().copied())
    }

    /// Whether the log explains every quoted register that it has events for, and at least one.
    #[must_use]
    pub fn explains_all(&self) -> bool {
        self.registers.contains(&Explanation::Explained)
            && !self.registers.contains(&Explanation::Unexplained)
    }

    /// What register 7 proves of secure boot, or why it proves nothing.
    ///
    /// # Errors
    /// The log does not explain register 7, or its events are not those of a firmware that
    /// measures secure boot.
    pub const fn secure_boot(&self) -> Result<&SecureBoot<'a>, NoSecureBoot> {
        match &self.secure_boot {
            Ok(secure_boot) => Ok(secure_boot),
            Err(reason) => Err(*reason),
        }
    }

    /// The events of explained registers, in the order of the log: their digests are genuine.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + '_ {
        self.log.events().filter(|event| {
            let index = u8::try_from(event.index);
            event.extends() && index.is_ok_and(|index| self.register(index) == Explanation::Explained)
        })
    }

    /// The programs that were started, as register 4 proves them, or `None` where the log does not
    /// explain register 4. Programs that started later than the firmware are measured by others,
    /// if at all.
    pub fn boot_applications(&self) -> Option<impl Iterator<Item = BootApplication<'a>> + use<'a>> {
        (self.register(boot::REGISTER) == Explanation::Explained)
            .then(|| boot::applications(measured_into(&self.log, boot::REGISTER)))
    }
}

/// `explained 0 1 2; unexplained 5; without a log 8 9`.
struct Told<'a>(&'a VerifiedLog<'a>);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (what, which) in [
            ("explained", Explanation::Explained),
            ("unexplained", Explanation::Unexplained),
            ("without a log", Explanation::NoLog),
        ] {
            write!(f, "{separator}{what}")?;
            separator = "; ";
            let mut indices = self.0.registers().filter(|(_, register)| *register == which).peekable();
            if indices.peek().is_none() {
                f.write_str(" none")?;
            }
            indices.try_for_each(|(index, _)| write!(f, " {index}"))?;
        }
        Ok(())
    }
}
