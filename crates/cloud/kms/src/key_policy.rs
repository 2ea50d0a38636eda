//! Lint of KMS key policies: who can use a key without the attestation that its policy seems to require.
//!
//! Source: the IAM user guide on policy evaluation and condition operators; the KMS developer guide on condition keys
//! for Nitro Enclaves and NitroTPM.

mod action;
mod condition;
mod document;
mod error;
mod finding;
mod indirect;
mod json;
mod lint;
mod pcr_set;
mod rule;
mod statement;
mod value;

pub use error::KeyPolicyError;
pub use finding::{KeyPolicyFinding, KeyPolicyLint, NOT_SEEN};
pub use lint::lint_key_policy;
pub use rule::{KEY_POLICY_RULES, KeyPolicyRule, Severity, rules_markdown};

/// The most bytes of a key policy: KMS takes no larger one.
pub const MAX_KEY_POLICY: usize = 32 * 1024;
/// The most bytes of a file: a policy may be a string in the output of `aws kms get-key-policy`, with escapes.
pub const MAX_KEY_POLICY_FILE: usize = 256 * 1024;
