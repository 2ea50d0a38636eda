//! What a log says of one register.

use core::fmt;

use teeproof_wire::eventlog::EventLog;

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
    pub(super) fn of_pcr(
        log: &EventLog<'_>,
        index: u8,
        quoted: Option<&[u8; 32]>,
        replayed: Option<&[u8; 32]>,
    ) -> Self {
        let firmware = super::FIRMWARE_PCRS.contains(&index) && log.format().is_of_firmware();
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
