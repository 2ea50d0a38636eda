//! The result of a lint.

use std::borrow::Cow;

use super::rule::{KeyPolicyRule, Severity};

/// What a key policy does not show.
pub const NOT_SEEN: &str = "grants and IAM policies are not seen: list them with `aws kms list-grants --key-id KEY`, and search the \
     account's IAM policies for kms:Decrypt";

/// The result of linting a key policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPolicyLint {
    /// How many statements the policy has.
    pub statements: usize,
    /// The findings in the order of the statements, and in the order of [`super::KEY_POLICY_RULES`].
    pub findings: Vec<KeyPolicyFinding>,
}

impl KeyPolicyLint {
    /// The gravest severity; none without findings.
    #[must_use]
    pub fn gravest(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyPolicyFinding {
    /// The rule.
    pub rule: &'static KeyPolicyRule,
    /// How much it lets in.
    pub severity: Severity,
    /// The place of the statement, counted from 1.
    pub statement: usize,
    /// The Sid of the statement, if it has one, or its first 256 characters and `…`: foreign text.
    pub sid: Option<String>,
    /// One sentence on what it lets in. It quotes names and values of the policy: foreign text.
    pub lets_in: String,
    /// What to write instead: the hint of the rule, or its part for what was found.
    pub hint: Cow<'static, str>,
}

impl KeyPolicyFinding {
    /// The statement's Sid, or its place: `#2`.
    #[must_use]
    pub fn statement_id(&self) -> String {
        self.sid.clone().unwrap_or_else(|| format!("#{}", self.statement))
    }
}
