//! What a relying party may demand of a verified document.

use teeproof_core::{List, Pcrs, Rule, Text, Waiver};

use crate::Digest384;

/// An appraisal policy for enclaves. Every field is an expectation or a waiver with a reason;
/// there is no default.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy<'p> {
    /// Whether the enclave may be in debug mode.
    pub debug: Rule<'p, bool>,
    /// The registers.
    pub pcrs: Pcrs<'p, 48>,
    /// The SHA-384 of the image's signing certificate (DER); PCR8 is computed from it.
    pub signer: Rule<'p, Digest384>,
    /// The enclave's id.
    pub module_id: Rule<'p, Text<'p>>,
    /// The parent instance's id; PCR4 is computed from it.
    pub instance: Rule<'p, Text<'p>>,
    /// What the enclave put into `user_data`; null is absent, and empty is not null.
    pub user_data: Rule<'p, List<'p, u8>>,
    /// What the enclave put into `public_key`; null is absent, and empty is not null.
    pub public_key: Rule<'p, List<'p, u8>>,
    /// How old the document may be.
    pub max_age: MaxAge<'p>,
}

/// How old a document may be.
#[derive(Clone, Debug, PartialEq)]
pub enum MaxAge<'p> {
    /// At most so many seconds between the document's time stamp and the time of verification.
    /// A document that is verified at its own time stamp has no age and fails.
    AtMost {
        /// The seconds.
        secs: u32,
        /// The policy's line, counted from 1, where the policy came from a file.
        line: Option<u32>,
    },
    /// Any age, for the reason given, which shows in the result.
    Waived(Waiver<'p>),
}

// Of any lifetime: a policy cannot be shortened to the one of the values that replace its fields.
impl Policy<'_> {
    /// `builtin:genuine`: an enclave in production mode. It says nothing about what software runs.
    #[must_use]
    pub fn genuine() -> Self {
        const REASON: &str = "builtin:genuine says nothing about what runs";
        Self {
            debug: Rule::exactly(false),
            pcrs: Pcrs::waived(REASON),
            signer: Rule::waived(REASON),
            module_id: Rule::waived(REASON),
            instance: Rule::waived(REASON),
            user_data: Rule::waived(REASON),
            public_key: Rule::waived(REASON),
            max_age: MaxAge::Waived(Waiver::new(REASON)),
        }
    }
}
