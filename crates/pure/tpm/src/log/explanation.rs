//! What a log says of one register.

use core::fmt;

/// Whether a log explains a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Explanation {
    /// The log's events make exactly the quoted value.
    Explained,
    /// The log has events, and they do not make the quoted value: nothing of them is told.
    Unexplained,
    /// The log has no event of this register.
    NoLog,
    /// The quote did not sign the register.
    NotQuoted,
}

impl Explanation {
    pub(super) fn of(quoted: Option<&[u8; 32]>, replayed: Option<&[u8; 32]>) -> Self {
        match (quoted, replayed) {
            (None, _) => Self::NotQuoted,
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
