//! Classes of failure, which decide what a person or a program does next.

/// The class of a failure: of every error of every crate, and of every result that is not accepted.
///
/// An application maps classes to its own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// The bytes are not what their format says.
    Malformed,
    /// The bytes are well formed, but of a version, kind or algorithm that is not supported.
    Unsupported,
    /// A signature, a certificate chain or a key does not hold.
    NotAuthentic,
    /// The evidence is authentic, but carries another nonce or an impossible time stamp, or its parts do not
    /// belong together.
    NotBound,
    /// An endorsement is missing, out of date or revoked: another one may do.
    Incomplete,
    /// The evidence does not satisfy the appraisal policy, or is of a technology that is not accepted.
    Refused,
    /// The evidence is authentic at its own time, and the policy limits its age, which is known only at the
    /// present time.
    NotShownFresh,
    /// The evidence is authentic, and no policy was given to appraise it by.
    Unappraised,
}

impl Class {
    /// Every class.
    pub const ALL: &'static [Self; 8] = &[
        Self::Malformed,
        Self::Unsupported,
        Self::NotAuthentic,
        Self::NotBound,
        Self::Incomplete,
        Self::Refused,
        Self::NotShownFresh,
        Self::Unappraised,
    ];

    /// The class in words, lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unsupported => "unsupported",
            Self::NotAuthentic => "not authentic",
            Self::NotBound => "not bound",
            Self::Incomplete => "incomplete",
            Self::Refused => "refused",
            Self::NotShownFresh => "not shown fresh",
            Self::Unappraised => "unappraised",
        }
    }

    /// The stable name for programs: [`Class::as_str`] with underscores.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::NotAuthentic => "not_authentic",
            Self::NotBound => "not_bound",
            Self::NotShownFresh => "not_shown_fresh",
            other => other.as_str(),
        }
    }
}
