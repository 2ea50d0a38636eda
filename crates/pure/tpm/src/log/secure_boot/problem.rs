//! Why nothing is known of secure boot.

use core::fmt;

use super::Variable;
use crate::Explanation;

/// Why register 7 proves nothing of secure boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSecureBoot {
    /// The log does not explain register 7.
    Register(Explanation),
    /// An event of register 7 is not one that a firmware measures there.
    Event {
        /// The number of its record in the log, whose header is record 0.
        number: usize,
        /// Where its record begins in the log.
        offset: usize,
        /// What is wrong with it.
        problem: EventProblem,
    },
    /// No separator ends what the firmware measured.
    NoSeparator,
    /// A variable was not measured.
    Missing(Variable),
    /// A variable does not hold signature lists.
    SignatureLists(Variable),
    /// Secure boot is said to be enforced, and a variable without which it cannot be is empty.
    Empty(Variable),
    /// Secure boot is said to be enforced, and nothing was allowed to start.
    NoAuthority,
}

/// What is wrong with an event of register 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventProblem {
    /// Its kind has no place in PCR 7, or its data belong to another kind.
    Kind,
    /// Its digest is not that of its data.
    Digest,
    /// A separator other than 00000000: the firmware failed.
    Separator,
    /// It configures secure boot, or separates, after the separator.
    AfterSeparator,
    /// Its data are not laid out as a variable.
    Variable,
    /// It has the name of this variable, and is another's.
    Owner(Variable),
    /// The variable was measured already.
    Repeated(Variable),
    /// `SecureBoot` is neither 0 nor 1.
    Value,
    /// The firmware ran in debug mode.
    DebugMode,
    /// An action that has no place in PCR 7, such as protection against DMA switched off.
    Action,
}

impl fmt::Display for NoSecureBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(explanation) => write!(f, "PCR 7 is {explanation}"),
            Self::Event { number, offset, problem } => {
                write!(f, "event {number} of the log (PCR 7, offset {offset:#x}): {problem}")
            }
            Self::NoSeparator => f.write_str("PCR 7 has no separator"),
            Self::Missing(variable) => write!(f, "{variable} was not measured"),
            Self::SignatureLists(variable) => write!(f, "{variable} does not hold signature lists"),
            Self::Empty(variable) => write!(f, "secure boot is enabled, and {variable} is empty"),
            Self::NoAuthority => f.write_str("secure boot is enabled, and no key allowed anything to start"),
        }
    }
}

impl fmt::Display for EventProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => f.write_str("a kind of event that has no place in PCR 7"),
            Self::Digest => f.write_str("the digest is not that of the data"),
            Self::Separator => f.write_str("a separator that says that the firmware failed"),
            Self::AfterSeparator => f.write_str("comes after the separator"),
            Self::Variable => f.write_str("the data are not laid out as a variable"),
            Self::Owner(variable) => write!(f, "is named {variable} and belongs to somebody else"),
            Self::Repeated(variable) => write!(f, "{variable} is measured a second time"),
            Self::Value => f.write_str("SecureBoot is neither 0 nor 1"),
            Self::DebugMode => f.write_str("the firmware ran in debug mode"),
            Self::Action => f.write_str("an action that has no place in PCR 7"),
        }
    }
}
