//! Reasons why PCR 7 does not prove the state of secure boot.

use core::fmt;

use super::Variable;
use crate::Explanation;

/// Why PCR 7 does not prove the state of secure boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoSecureBoot {
    /// The log does not explain PCR 7.
    Pcr(Explanation),
    /// An event of PCR 7 is not one that firmware measures there.
    Event {
        /// The number of its record in the log, whose header is record 0.
        number: usize,
        /// The offset of its record in the log, in bytes.
        offset: usize,
        /// What is wrong with it.
        problem: EventProblem,
    },
    /// PCR 7 has no separator event.
    NoSeparator,
    /// A variable was not measured.
    Missing(Variable),
    /// A variable is not a list of EFI_SIGNATURE_LIST.
    SignatureLists(Variable),
    /// Secure boot is enabled, and a variable that it needs is empty.
    Empty(Variable),
    /// Secure boot is enabled, and no authority event shows a verified image.
    NoAuthority,
}

/// Why an event of PCR 7 is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventProblem {
    /// Its kind has no place in PCR 7, or its data belongs to another kind.
    Kind,
    /// Its digest is not that of its data.
    Digest,
    /// A separator other than 00000000: the firmware failed.
    Separator,
    /// A configuration event or a second separator after the separator.
    AfterSeparator,
    /// Its data is not a UEFI_VARIABLE_DATA.
    Variable,
    /// It has this variable's name and another vendor GUID.
    Owner(Variable),
    /// The variable was measured already.
    Repeated(Variable),
    /// `SecureBoot` has another value than 0 or 1.
    Value,
    /// The firmware ran in debug mode.
    DebugMode,
    /// An action that has no place in PCR 7, such as disabled DMA protection.
    Action,
}

impl fmt::Display for NoSecureBoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pcr(explanation) => write!(f, "PCR 7 is {explanation}"),
            Self::Event { number, offset, problem } => {
                write!(f, "event {number} of the log (PCR 7, offset {offset:#x}): {problem}")
            }
            Self::NoSeparator => f.write_str("PCR 7 has no separator"),
            Self::Missing(variable) => write!(f, "{variable} was not measured"),
            Self::SignatureLists(variable) => {
                write!(f, "{variable}: expected signature lists, got other data")
            }
            Self::Empty(variable) => write!(f, "secure boot is enabled, but {variable} is empty"),
            Self::NoAuthority => {
                f.write_str("secure boot is enabled, and no authority event shows a verified image")
            }
        }
    }
}

impl fmt::Display for EventProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => f.write_str("an event type that does not belong in PCR 7"),
            Self::Digest => f.write_str("the digest is not that of the data"),
            Self::Separator => {
                f.write_str("expected the separator 00000000, got another: the firmware failed")
            }
            Self::AfterSeparator => f.write_str("after the separator"),
            Self::Variable => f.write_str("the data is not a UEFI_VARIABLE_DATA"),
            Self::Owner(variable) => write!(f, "named {variable}, with another vendor GUID"),
            Self::Repeated(variable) => write!(f, "{variable} is measured a second time"),
            Self::Value => f.write_str("SecureBoot: expected 0 or 1, got another value"),
            Self::DebugMode => f.write_str("the firmware ran in debug mode"),
            Self::Action => f.write_str("an action that does not belong in PCR 7"),
        }
    }
}
