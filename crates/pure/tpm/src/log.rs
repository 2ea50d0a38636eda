//! The event log held against the quoted PCRs: only what a PCR's quoted value proves is told. Events
//! are read in the order of the log, in one pass.

mod boot;
mod explanation;
mod secure_boot;
mod summary;

pub use boot::BootApplication;
pub use explanation::Explanation;
pub use secure_boot::{EventProblem, NoSecureBoot, SecureBoot, Variable};
pub(crate) use summary::Summary;

use core::ops::RangeInclusive;

use teeproof_core::{Crypto, Record};
use teeproof_wire::eventlog::{Event, EventLog, Format};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::{Error, VerifiedPcrs, checks};

/// The register of secure boot's configuration.
const SECURE_BOOT: u8 = 7;

/// The PCRs that the firmware extends, each of them at every start (TCG PC Client Platform Firmware Profile,
/// section 3.3.4).
pub const FIRMWARE_PCRS: RangeInclusive<u8> = 0..=7;

/// The PCRs that software in the guest can reset, and then extend to any value (TCG PC Client Platform TPM Profile, PCR attributes).
pub const RESETTABLE_PCRS: [u8; 2] = [16, 23];

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
        record.pass(checks::LOG_REPLAY, &Summary::of_replay(&verified));
    } else {
        record.warn(checks::LOG_REPLAY, &Summary::of_replay(&verified));
    }
    Ok(verified)
}

/// Whether a PCR is as the firmware's log must leave it: explained where the firmware extends it, and otherwise
/// not unexplained.
fn is_accounted_for(index: u8, pcr: Explanation) -> bool {
    match FIRMWARE_PCRS.contains(&index) {
        true => pcr == Explanation::Explained,
        false => pcr != Explanation::Unexplained,
    }
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

    /// Whether the log is the firmware's and explains PCRs 0 to 7, all of them quoted, and every other quoted PCR
    /// that it has events for. The attestation agent's log tells of its own events alone.
    ///
    /// The firmware measures into each of PCRs 0 to 7, a separator at least (TCG PC Client Platform Firmware
    /// Profile, section 3.3.4): whoever hands in the evidence chooses the quote's selection and the log, and
    /// must not choose by them what the log is held against.
    #[must_use]
    pub fn explains_all(&self) -> bool {
        self.explains_all_but(|_| false)
    }

    /// As [`VerifiedLog::explains_all`], of the PCRs that are not excepted: one of them at least is explained that
    /// no software can reset, as it can PCRs 16 and 23.
    #[must_use]
    pub fn explains_all_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        let counted = || self.registers().filter(|(index, _)| !excepted(*index));
        self.log.format().is_of_firmware()
            && self.explains_any_but(&excepted)
            && counted().all(|(index, pcr)| is_accounted_for(index, pcr))
    }

    /// Whether a PCR is explained that is not excepted, and that no software can reset.
    pub(crate) fn explains_any_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        self.registers().any(|(index, pcr)| {
            pcr == Explanation::Explained && !RESETTABLE_PCRS.contains(&index) && !excepted(index)
        })
    }

    /// Whether every quoted PCR that the log has events for is explained, and there is one.
    fn all_match(&self) -> bool {
        self.registers.contains(&Explanation::Explained)
            && !self.registers.contains(&Explanation::Unexplained)
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
