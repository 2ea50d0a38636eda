//! What was left out when files were read, by name.

use alloc::string::String;
use core::fmt;

use crate::JsonShape;

/// Something that came with the evidence and was ignored. It stands in the attestation result as a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputWarning {
    /// A member that the description of the format does not have.
    UnknownMember {
        /// The format.
        shape: JsonShape,
        /// Where the member stands: `tpm_quote.extra`; fit to be shown.
        member: String,
    },
    /// A member that is known and that verification does not use.
    UnusedMember {
        /// The format.
        shape: JsonShape,
        /// The member.
        member: &'static str,
        /// Why it is not used.
        because: &'static str,
    },
    /// An entry of a host's certificate table that holds neither a certificate nor a revocation list.
    TableEntry,
}

impl fmt::Display for InputWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMember { shape, member } => {
                write!(f, "{}: the member {member} is not known and was ignored", shape.as_str())
            }
            Self::UnusedMember { shape, member, because } => {
                write!(f, "{}: the member `{member}` was not used: {because}", shape.as_str())
            }
            Self::TableEntry => f.write_str(
                "certificate table: an entry that holds no certificate or revocation list was ignored",
            ),
        }
    }
}

/// How many characters of a foreign name are shown.
const MAX_SHOWN: usize = 64;

/// A foreign name in quotes: without control or format characters, and no longer than a line can bear.
pub(crate) fn shown(name: &str) -> String {
    let mut text = String::from("`");
    text.extend(name.chars().take(MAX_SHOWN).flat_map(char::escape_debug));
    text.push_str(if name.chars().nth(MAX_SHOWN).is_some() { "…`" } else { "`" });
    text
}
