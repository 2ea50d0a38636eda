//! Appraisal policies: built in, typed, or from a file.

use alloc::string::{String, ToString};

use teeproof_core::Technology;

/// What a relying party demands, for each technology that it accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What results call the policy.
    pub name: String,
    /// What is demanded of SNP reports; `None` accepts none.
    pub snp: Option<teeproof_snp::Policy<'static>>,
    /// What is demanded of Nitro documents; `None` accepts none.
    pub nitro: Option<teeproof_nitro::Policy<'static>>,
}

impl Policy {
    /// `builtin:genuine`: authentic to the pinned maker's root, in production mode, with bindings
    /// that agree. It says nothing about what software runs.
    #[must_use]
    pub fn genuine() -> Self {
        Self {
            name: "builtin:genuine".to_string(),
            snp: Some(teeproof_snp::Policy::genuine()),
            nitro: Some(teeproof_nitro::Policy::genuine()),
        }
    }

    /// Whether the policy accepts evidence of this technology at all.
    #[must_use]
    pub const fn speaks_of(&self, technology: Technology) -> bool {
        match technology {
            Technology::Snp => self.snp.is_some(),
            Technology::Nitro => self.nitro.is_some(),
            _ => false,
        }
    }
}
