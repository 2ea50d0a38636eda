//! Classes of failure, which decide what a person or a program does next.

/// The class of a failure: of every error of every crate, and of every result that is not accepted.
///
/// An application maps classes to its own codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Class {
    /// The input is malformed.
    Malformed,
    /// The input is well formed, but of an unsupported version, kind or algorithm.
    Unsupported,
    /// A signature, a certificate chain or a key is not valid.
    NotAuthentic,
    /// The evidence is authentic, but carries another nonce or an impossible time stamp, or its parts do not
    /// belong together.
    NotBound,
    /// An endorsement is missing, out of date or revoked; another one can be sufficient.
    Incomplete,
    /// The evidence does not satisfy the appraisal policy, or is of a technology that is not accepted.
    Refused,
    /// The evidence is authentic at its own time stamp, and the policy limits its age, which needs the present
    /// time.
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
