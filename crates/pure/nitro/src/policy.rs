//! What a relying party may demand of a verified document.

use teeproof_core::{
    Absence, Check, Crypto, FieldRule, List, Pcrs, PolicyField, Rule, TakeFieldRule, Text, Waiver,
};

use crate::appraise::{age, derived, instance_of};
use crate::{Appraisal, Digest384, VerifiedDocument, checks, pcr4_of_instance, pcr8_of_signer};

crate::nitro_policy_fields! { teeproof_core::policy_table }

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

impl<'p> MaxAge<'p> {
    /// At most so many seconds.
    #[must_use]
    pub const fn at_most(secs: u32) -> Self {
        Self::AtMost { secs, line: None }
    }

    /// Any age, for this reason.
    #[must_use]
    pub fn waived(reason: impl Into<Text<'p>>) -> Self {
        Self::Waived(Waiver::new(reason))
    }
}

impl PolicyField for MaxAge<'_> {
    fn waived_because(reason: &'static str) -> Self {
        Self::Waived(Waiver::new(reason))
    }

    fn field_rules(&self, demand: FieldRule<'_>, each: &[&'static Check], take: &mut TakeFieldRule<'_>) {
        match self {
            Self::Waived(waiver) => waiver.field_rules(demand, each, take),
            Self::AtMost { secs, line } => take(demand.expects(&format_args!("at most {secs} s"), *line)),
        }
    }
}
