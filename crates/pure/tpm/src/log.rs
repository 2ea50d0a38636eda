//! Replay of an event log against quoted PCR values; only events that a quoted value proves are used.

mod boot;
mod secure_boot;
mod summary;

pub use boot::BootApplication;
pub use secure_boot::{EventProblem, NoSecureBoot, SecureBoot, Variable};
pub(crate) use summary::Summary;

use core::fmt;
use core::ops::RangeInclusive;

use teeproof_core::{Crypto, Record};
use teeproof_wire::eventlog::{Event, EventLog, Format};
use teeproof_wire::tpm::{REGISTERS, SHA256};

use crate::{Error, VerifiedPcrs, checks};

/// The PCR of secure boot's configuration.
const SECURE_BOOT: u8 = 7;

/// The PCRs that the firmware extends, each of them at every start (TCG PC Client Platform Firmware Profile,
/// section 3.3.4).
pub const FIRMWARE_PCRS: RangeInclusive<u8> = 0..=7;

/// The PCRs that software in the guest can reset, and then extend to any value (TCG PC Client Platform TPM
/// Profile, PCR attributes).
pub const RESETTABLE_PCRS: [u8; 2] = [16, 23];

/// An event log, and which of the quoted PCRs it explains.
///
/// Only [`replay`] makes it; it borrows the replayed bytes.
#[derive(Clone, Debug)]
pub struct VerifiedLog<'a> {
    log: EventLog<'a>,
    pcrs: [Explanation; 24],
    secure_boot: Result<SecureBoot<'a>, NoSecureBoot>,
}

/// Replays a log and compares each PCR with its quoted value.
///
/// Proves: the digests of an explained PCR were extended into it, these and no others, in this order.
/// Does not prove: the type of an event, and its data unless that is hashed to the digest.
///
/// One pass over the log before anything is hashed; then one hash of 64 bytes for each event of a
/// quoted PCR, and one of the data for each event of PCR 7.
///
/// # Errors
/// The log is malformed, has no SHA-256 digests, or is a CCEL (for the RTMRs of a TD). A log that does not
/// explain a PCR is not an error: see [`VerifiedLog::pcr`].
pub fn replay<'a>(
    log: &'a [u8],
    pcrs: &VerifiedPcrs,
    crypto: &Crypto,
    record: &mut dyn Record,
) -> Result<VerifiedLog<'a>, Error> {
    let log = EventLog::parse(log).map_err(Error::Log)?;
    record.pass(checks::LOG_FORMAT, &format_args!("{}, {} events", log.format().as_str(), log.len()));
    if !log.format().measures_pcrs() {
        return Err(Error::LogIsCcel);
    }
    if log.format().is_of_firmware() && log.algorithms().size(SHA256).is_none() {
        return Err(Error::LogBank);
    }
    let replayed = log.replay(
        SHA256,
        |index| pcrs.get(index).is_some(),
        |old: &[u8; 32], digest| crypto.sha256.digest(&[old, digest]),
    );
    let mut explanations = [Explanation::NotQuoted; 24];
    for ((explanation, replayed), index) in explanations.iter_mut().zip(&replayed).zip(0..) {
        *explanation = Explanation::of_pcr(&log, index, pcrs.get(index), replayed.as_ref());
    }
    let secure_boot = match explanations.get(usize::from(SECURE_BOOT)) {
        Some(Explanation::Explained) => {
            secure_boot::read_secure_boot(measured_into(&log, SECURE_BOOT), crypto)
        }
        other => Err(NoSecureBoot::Pcr(other.copied().unwrap_or(Explanation::NotQuoted))),
    };
    let verified = VerifiedLog { log, pcrs: explanations, secure_boot };
    if verified.all_match() {
        record.pass(checks::LOG_REPLAY, &Summary::of_replay(&verified));
    } else {
        record.warn(checks::LOG_REPLAY, &Summary::of_replay(&verified));
    }
    Ok(verified)
}

/// Whether a PCR is as the firmware's log requires: explained where the firmware extends it, and otherwise not
/// unexplained.
fn is_accounted_for(index: u8, pcr: Explanation) -> bool {
    match FIRMWARE_PCRS.contains(&index) {
        true => pcr == Explanation::Explained,
        false => pcr != Explanation::Unexplained,
    }
}

/// The events of a PCR's SHA-256 bank, with the numbers of their records.
fn measured_into<'a>(log: &EventLog<'a>, pcr: u8) -> impl Iterator<Item = (usize, Event<'a>)> + use<'a> {
    log.numbered().filter(move |(_, event)| event.index == u32::from(pcr) && extends(event))
}

/// Whether an event extends the SHA-256 bank; without a SHA-256 digest it does not.
fn extends(event: &Event<'_>) -> bool {
    event.extends() && event.sha256().is_some()
}

impl<'a> VerifiedLog<'a> {
    /// Whether the log explains a PCR.
    #[must_use]
    pub fn pcr(&self, index: u8) -> Explanation {
        self.pcrs.get(usize::from(index)).copied().unwrap_or(Explanation::NotQuoted)
    }

    /// PCRs 0 to 23, and whether the log explains each.
    pub fn pcrs(&self) -> impl Iterator<Item = (u8, Explanation)> + '_ {
        (0..REGISTERS).zip(self.pcrs.iter().copied())
    }

    /// Whether the log is the firmware's and explains PCRs 0 to 7, all of them quoted, and every other quoted PCR
    /// that it has events for. The attestation agent's log has only its own events.
    ///
    /// The firmware measures into each of PCRs 0 to 7, a separator at least (TCG PC Client Platform Firmware
    /// Profile, section 3.3.4): the sender of the evidence chooses the quote's selection and the log, and must
    /// not thereby choose which PCRs the log has to explain.
    #[must_use]
    pub fn explains_all(&self) -> bool {
        self.explains_all_but(|_| false)
    }

    /// As [`VerifiedLog::explains_all`], of the PCRs that are not excepted: at least one of them is explained and
    /// not resettable by software (as PCRs 16 and 23 are).
    #[must_use]
    pub fn explains_all_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        let counted = || self.pcrs().filter(|(index, _)| !excepted(*index));
        self.log.format().is_of_firmware()
            && self.explains_any_but(&excepted)
            && counted().all(|(index, pcr)| is_accounted_for(index, pcr))
    }

    /// Whether a PCR is explained that is not excepted and not resettable by software.
    pub(crate) fn explains_any_but(&self, excepted: impl Fn(u8) -> bool) -> bool {
        self.pcrs().any(|(index, pcr)| {
            pcr == Explanation::Explained && !RESETTABLE_PCRS.contains(&index) && !excepted(index)
        })
    }

    /// Whether every quoted PCR with events in the log is explained, and there is at least one.
    fn all_match(&self) -> bool {
        self.pcrs.contains(&Explanation::Explained) && !self.pcrs.contains(&Explanation::Unexplained)
    }

    /// The log's format.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.log.format()
    }

    /// The state of secure boot that PCR 7 proves, or why it proves none.
    ///
    /// # Errors
    /// The log does not explain PCR 7, or its events are not those of firmware that measures secure boot.
    pub const fn secure_boot(&self) -> Result<&SecureBoot<'a>, NoSecureBoot> {
        match &self.secure_boot {
            Ok(secure_boot) => Ok(secure_boot),
            Err(reason) => Err(*reason),
        }
    }

    /// The events of explained PCRs, in the order of the log: their digests are proved.
    pub fn events(&self) -> impl Iterator<Item = Event<'a>> + '_ {
        self.log.events().filter(|event| {
            let index = u8::try_from(event.index);
            extends(event) && index.is_ok_and(|index| self.pcr(index) == Explanation::Explained)
        })
    }

    /// The boot applications that PCR 4 proves, or `None` where the log does not explain PCR 4. Programs that
    /// the operating system starts are not measured here.
    pub fn boot_applications(&self) -> Option<impl Iterator<Item = BootApplication<'a>> + use<'a>> {
        (self.pcr(boot::PCR) == Explanation::Explained)
            .then(|| boot::applications(measured_into(&self.log, boot::PCR).map(|(_, event)| event)))
    }
}

/// Whether a log explains a PCR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Explanation {
    /// The replay of the log's events is the quoted value.
    Explained,
    /// The replay of the log's events is not the quoted value; or the log has no events, and the PCR was
    /// extended and is one of the firmware's, which logs every event. No event of the PCR is used.
    Unexplained,
    /// The log has no event of the PCR, and needs none: the PCR was not extended, or only by an operating
    /// system outside of this log.
    NoLog,
    /// The quote does not select the PCR.
    NotQuoted,
}

impl Explanation {
    /// For the PCR with this index, by its quoted value and the replayed one.
    fn of_pcr(log: &EventLog<'_>, index: u8, quoted: Option<&[u8; 32]>, replayed: Option<&[u8; 32]>) -> Self {
        let firmware = FIRMWARE_PCRS.contains(&index) && log.format().is_of_firmware();
        match (quoted, replayed) {
            (None, _) => Self::NotQuoted,
            (Some(quoted), None) if firmware && *quoted != log.start(index) => Self::Unexplained,
            (Some(_), None) => Self::NoLog,
            (Some(quoted), Some(replayed)) if quoted == replayed => Self::Explained,
            (Some(_), Some(_)) => Self::Unexplained,
        }
    }

    /// The name, lower case: `explained`, `unexplained`, `without a log`, `not quoted`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explained => "explained",
            Self::Unexplained => "unexplained",
            Self::NoLog => "without a log",
            Self::NotQuoted => "not quoted",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
