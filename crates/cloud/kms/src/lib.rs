#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod ber;
mod envelope;
mod key_policy;
mod recipient;
mod secret;

pub use envelope::{ENCRYPTED_KEY_BYTES, Envelope, MAX_ENVELOPE};
pub use key_policy::{
    KEY_POLICY_RULES, KeyPolicyError, KeyPolicyFinding, KeyPolicyLint, KeyPolicyRule, MAX_KEY_POLICY,
    MAX_KEY_POLICY_FILE, NOT_SEEN, Severity, lint_key_policy, rules_markdown,
};
pub use recipient::{DecryptionError, RecipientKey, RecipientKeyError};
pub use secret::SecretBytes;
