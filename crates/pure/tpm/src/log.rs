//! The event log held against the quoted PCRs: only what a PCR's quoted value proves is told. Events
//! are read in the order of the log, in one pass.

mod boot;
mod explanation;
mod secure_boot;

pub use boot::BootApplication;
pub use explanation::Explanation;
pub use secure_boot::{EventProblem, NoSecureBoot, SecureBoot, Variable};

use core::fmt;

use teeproof_core::{Crypto, Record};
use teeproof_wire::eventlog::{Event, EventLog, Format};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::policy::is_excepted;
use crate::{Error, ExceptedPcr, VerifiedPcrs, checks};

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
/// The log is malformed, has no SHA-256 digests, or is of the registers of a confidential VM (CCEL). A
/// log that does not explain a PCR is no error: see [`VerifiedLog::register`].
pub fn replay<'a>(
    log: &'a [u8],
    pcrs: &VerifiedPcrs,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<VerifiedLog<'a>, Error> {
    let log = EventLog::parse(log).map_err(Error::Log)?;
    record.pass(checks::LOG_FORMAT, &format_args!("{}, {} events", log.format().as_str(), log.len()));
    if !log.format().measures_pcrs() {
        return Err(Error::LogRegisters);
    }
    if log.format().is_of_firmware() && log.algorithms().size(SHA256).is_none() {
        return Err(Error::LogBank);
    }
    let replayed = log.replay(
        SHA256,
        |index| pcrs.get(index).is_some(),
        |old: &[u8; 32], digest| crypto.sha256.digest(&[old, digest]),
    );
    let mut registers = [Explanation::NotQuoted; 24];
    for ((register, replayed), index) in registers.iter_mut().zip(&replayed).zip(0..) {
        *register = Explanation::of(&log, index, pcrs.get(index), replayed.as_ref());
    }
    let secure_boot = match registers.get(usize::from(SECURE_BOOT)) {
        Some(Explanation::Explained) => secure_boot::read(measured_into(&log, SECURE_BOOT), crypto),
        other => Err(NoSecureBoot::Register(other.copied().unwrap_or(Explanation::NotQuoted))),
    };
    let verified = VerifiedLog { log, registers, secure_boot };
    if verified.all_match() {
        record.pass(checks::LOG_REPLAY, &verified.summary());
    } else {
        record.warn(checks::LOG_REPLAY, &verified.summary());
    }
    Ok(verified)
}

/// The events of a PCR's SHA-256 bank, with the numbers of their records.
fn measured_into<'a>(log: &EventLog<'a>, register: u8) -> impl Iterator<Item = (usize, Event<'a>)> + use<'a> {
    log.numbered().filter(move |(_, event)| event.index == u32::from(register) && extends(event))
}

/// Whether an event extends the SHA-256 bank: without a digest of it, it leaves the bank alone.
fn extends(event: &Event<'_>) -> bool {
    event.extends() && event.sha256().is_some()
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

    /// Whether the log is the firmware's and explains every quoted register that it has events for,
    /// and at least one. The attestation agent's log tells of its own events alone.
    #[must_use]
    pub fn explains_all(&self) -> bool {
        self.explains_all_but(|_| false)
    }

    /// As [`VerifiedLog::explains_all`], of the PCRs that are not excepted: one of them at least is explained.
    #[must_use]
    pub fn explains_all_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        self.log.format().is_of_firmware() && self.match_but(excepted)
    }

    fn all_match(&self) -> bool {
        self.match_but(|_| false)
    }

    fn match_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        let counted = || self.registers().filter(|(index, _)| !excepted(*index)).map(|(_, pcr)| pcr);
        counted().any(|pcr| pcr == Explanation::Explained)
            && counted().all(|pcr| pcr != Explanation::Unexplained)
    }

    /// The registers by whether they are explained, in words.
    pub(crate) const fn summary(&self) -> Summary<'_, 'a> {
        self.summary_but(&[])
    }

    /// The same, where a policy excepts some PCRs.
    pub(crate) const fn summary_but<'l>(&'l self, excepted: &'l [ExceptedPcr<'l>]) -> Summary<'l, 'a> {
        Summary { log: self, excepted }
    }

    /// The log's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.log.format()
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
            extends(event) && index.is_ok_and(|index| self.register(index) == Explanation::Explained)
        })
    }

    /// The programs that were started, as register 4 proves them, or `None` where the log does not
    /// explain register 4. Programs that started later than the firmware are measured by others,
    /// if at all.
    pub fn boot_applications(&self) -> Option<impl Iterator<Item = BootApplication<'a>> + use<'a>> {
        (self.register(boot::REGISTER) == Explanation::Explained)
            .then(|| boot::applications(measured_into(&self.log, boot::REGISTER).map(|(_, event)| event)))
    }
}

/// `replayed values match: 0 1 2; differ: 5; no events for: 8 9`.
pub(crate) struct Summary<'l, 'a> {
    log: &'l VerifiedLog<'a>,
    /// What a policy excepts.
    excepted: &'l [ExceptedPcr<'l>],
}

/// The PCRs that an operating system extends outside of the firmware's log.
const EXTENDED_BY_THE_SYSTEM: core::ops::RangeInclusive<u8> = 9..=11;

impl fmt::Display for Summary<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.log.format().is_of_firmware() {
            f.write_str("the attestation agent's log, not the firmware's: ")?;
        }
        let mut separator = "";
        for (what, which) in [
            ("replayed values match:", Explanation::Explained),
            ("differ:", Explanation::Unexplained),
            ("no events for:", Explanation::NoLog),
        ] {
            write!(f, "{separator}{what}")?;
            separator = "; ";
            let mut indices = self.log.registers().filter(|(_, register)| *register == which).peekable();
            if indices.peek().is_none() {
                f.write_str(" none")?;
            }
            indices.try_for_each(|(index, _)| write!(f, " {index}"))?;
        }
        self.show_excepted(f)?;
        let differing = self.log.registers().filter(|(_, pcr)| *pcr == Explanation::Unexplained);
        let mut differing = differing.filter(|(index, _)| !is_excepted(self.excepted, *index)).peekable();
        if differing.peek().is_none() {
            return Ok(());
        }
        f.write_str(match differing.all(|(index, _)| EXTENDED_BY_THE_SYSTEM.contains(&index)) {
            true => "; IMA extends PCR 10, systemd PCR 11 and from version 255 PCR 9, outside of this log",
            false => "; this log is of another boot or machine, or was altered",
        })
    }
}

impl Summary<'_, '_> {
    /// `; excepted: 9 11, of which the log explains 9`.
    fn show_excepted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.excepted.is_empty() {
            return Ok(());
        }
        f.write_str("; excepted:")?;
        self.excepted.iter().try_for_each(|pcr| write!(f, " {}", pcr.index))?;
        let matching = |pcr: &&ExceptedPcr<'_>| self.log.register(pcr.index) == Explanation::Explained;
        let mut matching = self.excepted.iter().filter(matching).peekable();
        if matching.peek().is_some() {
            f.write_str(", of which the log explains")?;
        }
        matching.try_for_each(|pcr| write!(f, " {}", pcr.index))
    }
}
