//! What a log says of one register.

use core::fmt;

use teeproof_wire::eventlog::EventLog;

/// Whether a log explains a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Explanation {
    /// The log's events make exactly the quoted value.
    Explained,
    /// The log has events, and they do not make the quoted value; or it has none, and the register
    /// is one of the firmware's, which logs whatever it measures. Nothing is told of it.
    Unexplained,
    /// The log has no event of this register, and need not have one: the register was not extended,
    /// or by an operating system that keeps no log.
    NoLog,
    /// The quote did not sign the register.
    NotQuoted,
}

impl Explanation {
    /// Of the register of this number, by its quoted value and what the log's events make.
    pub(super) fn of(
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

    /// In words, lower case: `explained`, `unexplained`, `without a log`, `not quoted`.
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
