//! The classes of failure, which decide what a person or a program does next.

/// What kind of failure an error is. Every error of every crate has one; the command turns it
/// into its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// The bytes are not what their format says. Exit code 3.
    Malformed,
    /// The bytes are well formed, but of a version, kind or algorithm that is not supported.
    /// Exit code 3.
    Unsupported,
    /// A signature, a chain or a key does not hold. Exit code 4.
    NotAuthentic,
    /// The evidence is authentic, but not an answer to what was asked, or its parts do not belong
    /// together: a nonce, a time stamp, a name. Exit code 5.
    NotBound,
    /// An endorsement is missing, stale or revoked: another one may do. Exit code 7.
    Incomplete,
}

impl Class {
    /// The exit code of the `teeproof` command for this class.
    #[must_use]
    pub const fn exit(self) -> u8 {
        match self {
            Self::Malformed | Self::Unsupported => 3,
            Self::NotAuthentic => 4,
            Self::NotBound => 5,
            Self::Incomplete => 7,
        }
    }

    /// The class in words, lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::NotAuthentic => "not authentic",
            Self::NotBound => "not bound",
            Self::Incomplete => "incomplete",
        }
    }
}
